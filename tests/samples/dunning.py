"""An invented second dunning letter over two statements, with the lump sum charged."""

from datetime import UTC, date, datetime

from billing.documents.dunning_content import DunningContent, OverdueItem
from billing.documents.dunning_pdf import render_dunning
from tests.samples.statement import HOUSE, NORDLICHT


def dunning_pdf(language: str) -> bytes:
    """Nordlicht owes 642.13 of January and 75.20 of December, and 40.00 for its lateness."""
    return render_dunning(
        DunningContent(
            number="DL-2027-000003",
            environment="LIVE",
            language=language,
            issued_at=datetime(2027, 3, 4, 5, 30, tzinfo=UTC),
            time_zone="Europe/Brussels",
            currency="EUR",
            level="SECOND",
            house=HOUSE,
            partner=NORDLICHT,
            items=[
                OverdueItem(
                    statement="ST-2027-000004",
                    due_date=date(2027, 1, 18),
                    days_late=45,
                    open_minor=7_520,
                    interest_minor=94,
                ),
                OverdueItem(
                    statement="ST-2027-000011",
                    due_date=date(2027, 2, 18),
                    days_late=14,
                    open_minor=64_213,
                    interest_minor=250,
                ),
            ],
            charged_minor=4_000,
            lump_sum_minor=4_000,
            reference="ST-2027-000011",
            pay_to="DE89370400440532013000",
            pay_to_holder=HOUSE.legal_name,
        )
    )

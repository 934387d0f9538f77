"""An invented balance confirmation at a year's end, with a deposit beside the balance."""

from datetime import UTC, date, datetime

from billing.documents.balance_content import AccountLine, BalanceContent
from billing.documents.balance_pdf import render_balance
from tests.samples.statement import HOUSE, NORDLICHT


def balance_pdf(language: str) -> bytes:
    """Nordlicht gets 11,340.85, of which 12.50 is in dispute; its deposit is 5,000.00."""
    return render_balance(
        BalanceContent(
            number="BC-2027-000007",
            environment="LIVE",
            language=language,
            issued_at=datetime(2027, 1, 5, 9, 0, tzinfo=UTC),
            as_of=datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
            time_zone="Europe/Brussels",
            currency="EUR",
            house=HOUSE,
            partner=NORDLICHT,
            balance_minor=1_134_085,
            lines=[
                AccountLine(code="1300", balance_minor=1_132_835),
                AccountLine(code="2390", balance_minor=1_250),
            ],
            held=[AccountLine(code="2400", balance_minor=500_000)],
            answer_until_date=date(2027, 1, 26),
        )
    )

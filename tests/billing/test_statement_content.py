"""The frozen content as JSON, and its figures in words."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from billing.documents.content import (
    AnnexFacts,
    BankBlock,
    Company,
    ConservationLine,
    CounterpartyLine,
    PositionFigures,
    StatementContent,
    UnreadableContent,
    content_sha256,
    from_json,
    to_json,
)
from billing.documents.languages import writer_for
from billing.documents.statement_text import shown

CONTENT = StatementContent(
    number="ST-2026-000001",
    environment="LIVE",
    issued_at=datetime(2026, 7, 8, 16, 0, 3, tzinfo=UTC),
    cut_off_at=datetime(2026, 7, 8, 16, 0, tzinfo=UTC),
    supply_starts_at=datetime(2026, 5, 31, 22, 0, tzinfo=UTC),
    supply_ends_at=datetime(2026, 6, 30, 22, 0, tzinfo=UTC),
    time_zone="Europe/Brussels",
    group="EUR monthly",
    currency="EUR",
    house=Company(legal_name="Clearing house"),
    partner=Company(legal_name="Nordlicht GmbH", country_code="DE"),
    parties=[],
    position=PositionFigures(
        receivable_minor=60, payable_minor=10, fees_minor=1, net_minor=49, direction="RECEIVES"
    ),
    counterparties=[
        CounterpartyLine(
            name="Voltaire",
            code="FR*VOL",
            is_own_network=False,
            sdrs=1,
            billed_sdrs=1,
            energy_kwh="18.4",
            sold_claim_minor=60,
            bought_claim_minor=10,
            commission_minor=-1,
            net_minor=49,
        )
    ],
    fees=[],
    bank=BankBlock(money_flow="INSTRUCTION_ONLY"),
    conservation=ConservationLine(
        received=1, rejected=0, held=0, open=0, disputed=0, withdrawn=0, cleared=1, credited=0
    ),
    positions_sha256="ab" * 32,
    annex=AnnexFacts(rows=1, size_bytes=10, sha256="cd" * 32),
    objection_until_date=date(2026, 9, 6),
)


class TestContent:
    def test_reads_back_from_its_json(self):
        values = to_json(CONTENT)

        assert from_json(values) == CONTENT
        assert values["cut_off_at"] == "2026-07-08T16:00:00Z"
        assert values["counterparties"][0]["energy_kwh"] == "18.4"

    def test_hashes_the_same_in_any_order_of_keys(self):
        values = to_json(CONTENT)
        turned = dict(reversed(values.items()))

        assert content_sha256(turned) == content_sha256(values)
        assert content_sha256(values | {"currency": "CHF"}) != content_sha256(values)

    @pytest.mark.parametrize("change", [{"version": 2}, {"currency": None}])
    def test_of_another_version_is_refused(self, change):
        with pytest.raises(UnreadableContent, match="version 1"):
            from_json(to_json(CONTENT) | change)


class TestShown:
    @pytest.mark.parametrize(
        ("starts", "ends", "title"),
        [
            ("2026-05-31T22:00Z", "2026-06-30T22:00Z", "June 2026"),
            ("2026-05-31T22:00Z", "2026-06-07T22:00Z", "1 – 7 June 2026"),
            ("2026-06-28T22:00Z", "2026-07-05T22:00Z", "29 June 2026 – 5 July 2026"),
            ("2026-09-30T22:00Z", "2026-10-31T23:00Z", "October 2026"),
            (
                "2026-06-01T10:30Z",
                "2026-06-02T22:00Z",
                "2026-06-01 12:30 – 2026-06-03 00:00",
            ),
        ],
    )
    def test_names_the_supply_period_as_a_person_would(self, starts, ends, title):
        content = msgspec.structs.replace(
            CONTENT,
            supply_starts_at=datetime.fromisoformat(starts),
            supply_ends_at=datetime.fromisoformat(ends),
        )

        assert shown(content)["period"]["title"] == title

    @pytest.mark.parametrize(
        ("minor", "currency", "text"),
        [
            (-123456, "EUR", "−1,234.56"),
            (5, "EUR", "0.05"),
            (-1200, "JPY", "−1,200"),
            (1, "KWD", "0.001"),
            (0, "EUR", "0.00"),
        ],
    )
    def test_writes_amounts_with_the_decimals_of_the_currency(self, minor, currency, text):
        assert writer_for("en").amount(minor, currency) == text

    @pytest.mark.parametrize(
        ("kwh", "text"),
        [
            ("16874.153", "16,874.153"),
            ("18.4", "18.400"),
            ("0.1234567", "0.1234567"),
            ("0", "0.000"),
        ],
    )
    def test_writes_energies_with_three_decimals_or_more(self, kwh, text):
        assert writer_for("en").energy(kwh) == text

    @pytest.mark.parametrize(
        ("flow", "direction", "words"),
        [
            ("INSTRUCTION_ONLY", "RECEIVES", "from partner to partner"),
            ("INSTRUCTION_ONLY", "PAYS", "Please do not pay on this statement alone"),
            ("PI_PARTNER", "PAYS", "Please pay the amount to the clearing house"),
            ("CCP", "RECEIVES", "paid out once"),
            ("CCP", "BALANCED", "no payment is due"),
        ],
    )
    def test_says_how_the_money_moves(self, flow, direction, words):
        content = msgspec.structs.replace(
            CONTENT,
            bank=BankBlock(money_flow=flow),
            position=msgspec.structs.replace(CONTENT.position, direction=direction),
        )

        assert words in shown(content)["bank_texts"][0]

"""One position across currencies: what is due in francs is settled in euros, to the cent.

September 2026 closes on 8 October at 18:00 in Brussels. The ECB's franc of that day stands in its
file as 0.9326 to the euro, that of the day before as 0.9309.
"""

import gzip
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission
from msgspec import convert
from msgspec.structs import replace

from billing.documents.content import FurtherLine
from billing.documents.statement_text import shown
from billing.models import (
    ClearingWindow,
    CurrencyExchange,
    ExposureReading,
    Instruction,
    Settlement,
    Transfer,
)
from billing.services import exposure, releases, sealing, statements
from billing.services.closing import NotClosable, close_window, due_windows
from billing.services.fx import import_ecb_csv
from billing.services.settling import NotReleasable
from billing.services.windows import ensure_windows
from partners.models import ParticipationContract, SettlementGroup
from partners.queries import clearing_house
from tests.billing.comparisons import join
from tests.billing.stories import Story, World, tell
from tests.makers import (
    REAL_RATES,
    AgreementMaker,
    GroupMaker,
    StaffMaker,
    fjell,
    nordlicht,
    partner_of,
    polder,
    voltaire,
)
from tests.samples.statement import statement

pytestmark = pytest.mark.django_db

SEPTEMBER = datetime(2026, 9, 20, 10, 0, tzinfo=UTC)
CUT_OFF = datetime(2026, 10, 8, 16, 5, tzinfo=UTC)
RATES = "Date,USD,CHF\n2026-10-08,1.1186,0.9326\n2026-10-07,1.1177,0.9309\n"
# Nordlicht gets 105.00 francs less 10.50, Polder 1.05 less 0.10; Voltaire pays 106.05.
FRANCS = {"Nordlicht": 9450, "Polder": 95, "Voltaire": -10605, "Clearing house": 1060}
AS_EUROS = {"Nordlicht": 10133, "Polder": 102, "Voltaire": -11371, "Clearing house": 1137}


def a_world_of(currency: str, buyer, **fields) -> World:
    group = GroupMaker(name=f"{currency} monthly", currency=currency, **fields)
    sellers = [nordlicht(), polder()]
    agreements = {
        (place, 0): AgreementMaker(
            seller=seller, buyer=buyer, group=group, commission_rate=Decimal("0.1")
        )
        for place, seller in enumerate(sellers)
    }
    ensure_windows(group, now=SEPTEMBER)
    return World(group, sellers, [buyer], agreements)


@pytest.fixture
def worlds():
    """Voltaire buys in francs, Fjell in euros; all four settle in euros."""
    return two_worlds()


def two_worlds(**fields) -> tuple[World, World]:
    francs, euros = (
        a_world_of(currency, buyer, **fields)
        for currency, buyer in (("CHF", voltaire()), ("EUR", fjell()))
    )
    people = [partner_of(party) for party in (nordlicht(), polder(), voltaire(), fjell())]
    join(people, francs.group)
    for contract in ParticipationContract.objects.all():
        contract.groups.add(euros.group)
    ParticipationContract.objects.update(settles_in="EUR")
    tell(
        francs,
        Story(Decimal("105.00"), ended_at=SEPTEMBER),
        Story(Decimal("1.05"), seller=1, ended_at=SEPTEMBER),
        received_at=SEPTEMBER,
    )
    tell(euros, Story(Decimal("50.00"), ended_at=SEPTEMBER), received_at=SEPTEMBER)
    return francs, euros


def close_both(*groups: SettlementGroup) -> dict[str, Settlement]:
    """As the clock does it, in its order."""
    return {
        window.group.currency: close_window(window, now=CUT_OFF).settlement
        for window in due_windows(now=CUT_OFF)
    }


def by_name(settlement: Settlement, field: str) -> dict[str, int]:
    rows = settlement.positions.select_related("partner")
    return {row.partner.name: getattr(row, field) for row in rows if getattr(row, field)}


def balances(currency: str) -> dict[str, int]:
    """Debits less credits of every account of a currency, zeros left out."""
    found: Counter[str] = Counter()
    rows = Transfer.objects.filter(currency=currency)
    for row in rows.select_related("debit_account__partner", "credit_account__partner"):
        for account, sign in ((row.debit_account, 1), (row.credit_account, -1)):
            found[f"{account.code} {account.partner.name}"] += sign * row.amount_minor
    return {name: minor for name, minor in found.items() if minor}


@pytest.mark.skipif(not REAL_RATES.exists(), reason="the shared data is not here")
def test_the_rates_are_those_of_the_ecb():
    header, *lines = gzip.decompress(REAL_RATES.read_bytes()).decode().splitlines()
    place = header.split(",").index("CHF")
    real = {line[:10]: line.split(",")[place] for line in lines[:40]}

    assert (real["2026-10-08"], real["2026-10-07"]) == ("0.9326", "0.9309")


def test_francs_are_settled_in_euros_at_the_rate_of_the_cut_off_day(worlds):
    import_ecb_csv(RATES.encode(), now=SEPTEMBER)

    settled = close_both()

    francs, euros = settled["CHF"], settled["EUR"]
    assert by_name(francs, "net_minor") == FRANCS
    assert by_name(francs, "exchanged_on_minor") == FRANCS
    assert not any(row.due_minor for row in francs.positions.all())
    assert not Instruction.objects.filter(settlement=francs).exists()

    rows = {row.partner.name: row for row in francs.exchanges.select_related("partner")}
    assert {name: row.to_minor for name, row in rows.items()} == AS_EUROS
    # 101.33 + 1.02 + 11.37 − 113.71 are 0.01 too many.
    assert {name: row.residue_minor for name, row in rows.items() if row.residue_minor} == {
        "Clearing house": -1
    }
    assert {(row.from_per_euro, row.to_per_euro, str(row.rate_date)) for row in rows.values()} == {
        (Decimal("0.9326"), Decimal(1), "2026-10-08")
    }

    # Fjell pays 50.00 in euros, of which Nordlicht gets 45.00 and the house 5.00.
    assert by_name(euros, "exchanged_minor") == AS_EUROS | {"Clearing house": 1136}
    assert by_name(euros, "net_minor") == {
        "Nordlicht": 10133 + 4500,
        "Polder": 102,
        "Voltaire": -11371,
        "Fjell": -5000,
        "Clearing house": 1136 + 500,
    }
    assert sum(row.amount_minor for row in euros.instructions.all()) == 11371 + 5000

    assert balances("CHF") == {"4100 Clearing house": -1060, "7900 Clearing house": 1060}
    assert balances("EUR") == {
        "1300 Nordlicht": -14633,
        "1300 Polder": -102,
        "1300 Voltaire": 11371,
        "1300 Fjell": 5000,
        "4100 Clearing house": -500,
        "7900 Clearing house": -1136,
    }
    sealing.seal(now=CUT_OFF)
    assert sealing.verify().ok


def test_a_statement_says_what_became_of_it(worlds):
    import_ecb_csv(RATES.encode(), now=SEPTEMBER)

    settled = close_both()

    partner = partner_of(voltaire())
    francs, euros = (settled[name].documents.get(partner=partner) for name in ("CHF", "EUR"))
    assert francs.content["position"]["direction"] == "BALANCED"
    assert francs.content["exchange"] == {
        "group": "EUR monthly",
        "currency": "EUR",
        "amount_minor": -11371,
        "rates": "at 0.9326 CHF for 1 EUR (ECB, 2026-10-08)",
        "per_euro": {"CHF": "0.9326"},
        "rate_date": "2026-10-08",
    }
    [exchanged] = euros.content["further"]
    assert _told_in("de", exchanged) == (
        "Aus CHF monthly, September 2026: −106,05 CHF, zu 0,9326 CHF je 1 EUR"
        " (EZB, 8. Oktober 2026)"
    )
    assert [
        {name: exchanged[name] for name in ("kind", "text", "basis_minor", "amount_minor")}
    ] == [
        {
            "kind": "EXCHANGED",
            "text": "From CHF monthly, September 2026: -106.05 CHF, at 0.9326 CHF for 1 EUR"
            " (ECB, 2026-10-08)",
            "basis_minor": None,
            "amount_minor": -11371,
        }
    ]
    for document in (francs, euros):
        assert statements.render_document(document, now=CUT_OFF)


def test_one_who_has_not_agreed_keeps_all_in_francs(worlds):
    import_ecb_csv(RATES.encode(), now=SEPTEMBER)
    ParticipationContract.objects.filter(partner=partner_of(polder())).update(settles_in="")

    settled = close_both()

    assert not CurrencyExchange.objects.exists()
    assert by_name(settled["CHF"], "due_minor") == FRANCS
    assert settled["CHF"].preview["not_exchanged"] == {
        "currency": "EUR",
        "why_not": "",
        "not_agreed": ["Polder"],
    }
    assert settled["EUR"].preview["not_exchanged"] is None


@pytest.mark.parametrize("lacking", ["netting clause", "group"])
def test_an_agreement_takes_the_clause_and_both_groups(worlds, lacking):
    import_ecb_csv(RATES.encode(), now=SEPTEMBER)
    contract = ParticipationContract.objects.get(partner=partner_of(polder()))
    if lacking == "group":
        contract.groups.remove(worlds[1].group)
    else:
        ParticipationContract.objects.filter(pk=contract.pk).update(has_netting_clause=False)

    settled = close_both()

    assert settled["CHF"].preview["not_exchanged"]["not_agreed"] == ["Polder"]


def test_without_one_group_to_go_to_it_stays_and_says_why(worlds):
    import_ecb_csv(RATES.encode(), now=SEPTEMBER)
    SettlementGroup.objects.filter(currency="EUR").update(time_zone="Europe/Zurich")

    settled = close_both()

    assert not CurrencyExchange.objects.exists()
    assert "one group in EUR" in settled["CHF"].preview["not_exchanged"]["why_not"]


def test_a_currency_that_the_ecb_does_not_quote_stays(worlds):
    import_ecb_csv(RATES.replace("CHF", "SEK").encode(), now=SEPTEMBER)

    settled = close_both()

    told = settled["CHF"].preview["not_exchanged"]["why_not"]
    assert told == "The ECB publishes no rate of CHF."


def test_without_the_rates_of_the_day_nothing_is_closed_and_another_group_is(worlds):
    import_ecb_csv(b"Date,CHF\n2026-10-07,0.9309\n", now=SEPTEMBER)
    francs, euros = due_windows(now=CUT_OFF)

    with pytest.raises(NotClosable, match="rates of 2026-10-08 are missing"):
        close_window(francs, now=CUT_OFF)
    close_window(euros, now=CUT_OFF)
    assert ClearingWindow.objects.get(pk=francs.pk).state == "OPEN"
    assert not CurrencyExchange.objects.exists()

    # A day later the file is imported; the rate stays that of the day on which the books closed.
    import_ecb_csv(RATES.encode(), now=CUT_OFF)
    next_day = CUT_OFF.replace(day=9)
    close_window(francs, now=next_day)

    assert {str(row.rate_date) for row in CurrencyExchange.objects.all()} == {"2026-10-08"}
    # The euros of September are issued already: what came too late waits for those of October.
    assert not CurrencyExchange.objects.exclude(taken_in=None).exists()
    reading = exposure.read_exposures(euros.group, now=next_day)
    assert {row.partner.name: row.parts["unpaid"] for row in reading if row.parts["unpaid"]} == {
        "Voltaire": 11371,
        "Fjell": 5000,
    }
    assert ExposureReading.objects.exists()


class TestTwoPersons:
    @pytest.fixture
    def settled(self):
        import_ecb_csv(RATES.encode(), now=SEPTEMBER)
        two_worlds(release="TWO_PERSONS")
        return close_both()

    def release(self, settlement: Settlement) -> None:
        maker, checker = StaffMaker(username="mia"), StaffMaker(username="kai")
        checker.user_permissions.add(Permission.objects.get(codename="approve_settlement"))
        approval = releases.request_release(
            settlement, reason="month-end", maker=maker, now=CUT_OFF
        )
        releases.approve_and_release(
            settlement, approval.pk, reason="looked at", checker=checker, now=CUT_OFF
        )

    def test_release_the_francs_before_the_euros_that_hold_them(self, settled):
        with pytest.raises(NotReleasable, match=r"CHF monthly .* Release that first"):
            self.release(settled["EUR"])

        self.release(settled["CHF"])
        self.release(settled["EUR"])

        assert sum(balances("EUR").values()) == 0
        assert balances("CHF") == {"4100 Clearing house": -1060, "7900 Clearing house": 1060}

    def test_cancel_the_euros_before_the_francs_that_they_hold(self, settled):
        by = StaffMaker()

        def cancel(settlement):
            releases.cancel(settlement, reason="a wrong record", by=by, now=CUT_OFF)

        with pytest.raises(NotReleasable, match=r"EUR monthly .* Cancel that first"):
            cancel(settled["CHF"])

        cancel(settled["EUR"])
        assert not CurrencyExchange.objects.exclude(taken_in=None).exists()
        cancel(settled["CHF"])

        again = {
            currency: close_window(settled[currency].window, now=CUT_OFF).settlement
            for currency in ("CHF", "EUR")
        }
        held = again["EUR"].exchanges_taken.select_related("settlement")
        assert {row.settlement_id for row in held} == {again["CHF"].pk}
        assert by_name(again["EUR"], "exchanged_minor") == AS_EUROS | {"Clearing house": 1136}


def test_a_central_counterparty_needs_no_clause():
    import_ecb_csv(RATES.encode(), now=SEPTEMBER)
    two_worlds(model="CCP")
    ParticipationContract.objects.update(has_netting_clause=False)

    settled = close_both()

    # Each is paid in euros what it was due in francs, and nothing is open in francs but both sides
    # of the same account, which set-off closes.
    came, went = by_name(settled["EUR"], "exchanged_minor"), by_name(settled["CHF"], "net_minor")
    assert came.keys() - {clearing_house().name} == went.keys() - {clearing_house().name}
    owed: Counter[str] = Counter()
    for name, minor in balances("CHF").items():
        if name.startswith(("1200", "2100")):
            owed[name[5:]] += minor
    assert not any(owed.values())


def _told_in(language: str, line: dict) -> str:
    content = replace(statement(language), further=[convert(line, FurtherLine)])
    return shown(content)["further"][0]["text"]

"""Each rule on prices through the real intake: published tariffs, agreements, stored ratings."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.models import ClearedSdr
from billing.services.clearing import clear_group
from partners.models import RoamingAgreement
from roaming.models import Evse, Finding, Sdr, SdrRating
from roaming.rules.rating.trace import replay
from roaming.services import holds, rating
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    nordlicht,
    numbered_record,
    polder,
    record,
    take,
    take_one,
)
from tests.roaming.tariff_world import per_kwh, published

pytestmark = pytest.mark.django_db
IDLE = {"idle_fee": {"grace_min": 30, "per_min": "0.10", "max_per_session": "3.00"}}
PARKED = [
    {"kind": "ENERGY", "quantity": "18.400", "amount": "9.02"},
    {"kind": "PARKING", "quantity": "0.5", "amount": "1.00"},
]


def items(energy: str, parking: str, hours: str) -> list[dict]:
    return [
        {"kind": "ENERGY", "quantity": "18.400", "amount": energy},
        {"kind": "PARKING", "quantity": hours, "amount": parking},
    ]


@dataclass(frozen=True)
class Case:
    """A published tariff, terms and a claim: which rules speak, and how the record goes on."""

    codes: set[str]
    outcome: str
    tariff: dict | None = field(default_factory=lambda: per_kwh("0.49"))
    terms: dict = field(default_factory=dict)
    claim: dict = field(default_factory=dict)


CASES = {
    "our price": Case(set(), "accepted"),
    "a cent apart": Case(set(), "accepted", claim={"total_amount": "9.03", "items": None}),
    "V501 unknown": Case({"V501"}, "held", claim={"tariff_id": "OTHER"}),
    "V501 ended": Case({"V501"}, "held", per_kwh("0.49", end_date_time="2026-11-14T09:00:00Z")),
    "V501 unusable": Case({"V501"}, "held", per_kwh("0.49", tax_included="NO")),
    "V501 no figures for it": Case(
        {"V501"},
        "held",
        {
            "id": "NLX-AC",
            "currency": "EUR",
            "elements": [
                {
                    "price_components": [{"type": "ENERGY", "price": 0.49, "step_size": 1}],
                    "restrictions": {"min_current": 16},
                }
            ],
        },
    ),
    "V501 our price counts, and there is none": Case(
        {"V501"}, "held", tariff=None, terms={"rating": "HOUSE"}
    ),
    "V502 too much": Case({"V502"}, "held", claim={"total_amount": "11.80", "items": None}),
    "V502 too little": Case({"V502"}, "held", claim={"total_amount": "8.00", "items": None}),
    "V502 within the agreement's tolerance": Case(
        set(),
        "accepted",
        terms={"price_tolerances": {"amount": "1.00", "fraction": "0"}},
        claim={"total_amount": "10.00", "items": None},
    ),
    "V502 our price counts": Case(
        {"V502"},
        "accepted",
        terms={"rating": "HOUSE"},
        claim={"total_amount": "11.80", "items": None},
    ),
    "V505 something for nothing": Case({"V502", "V505"}, "rejected", per_kwh("0")),
    "V505 nothing for something": Case(
        {"V502", "V505"}, "held", claim={"total_amount": "0", "items": None}
    ),
    "V506": Case({"V502", "V506"}, "held", claim={"total_amount": "30.00", "items": None}),
    "V507 in the grace time": Case(
        {"V502", "V507"},
        "held",
        terms={"tariff_extras": IDLE},
        claim={"total_amount": "10.02", "items": items("9.02", "1.00", "0.4")},
    ),
    "V507 above the cap": Case(
        {"V502", "V507"},
        "held",
        terms={"tariff_extras": IDLE},
        claim={
            "started_at": "2026-11-14T08:00:00Z",
            "total_amount": "14.02",
            "items": items("9.02", "5.00", "2"),
        },
    ),
    "an idle fee as agreed": Case(
        set(),
        "accepted",
        terms={"tariff_extras": IDLE},
        claim={
            "started_at": "2026-11-14T08:00:00Z",
            "total_amount": "12.02",
            "items": items("9.02", "3.00", "2"),
        },
    ),
    "V508": Case(
        {"V502", "V508"},
        "held",
        per_kwh("0.49", vat="21"),
        claim={"total_amount": "10.91", "items": None},
    ),
    "with tax where that is agreed": Case(
        set(),
        "accepted",
        per_kwh("0.49", vat="21"),
        terms={"price_basis": "INCL_TAX"},
        claim={"total_amount": "10.91", "items": None},
    ),
    "V510": Case({"V510"}, "rejected", per_kwh("0.49", currency="CHF")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_rule_on_prices(case):
    AgreementMaker(**case.terms)
    if case.tariff is not None:
        published(case.tariff)

    taken = take_one(**({"tariff_id": "NLX-AC"} | case.claim))

    assert (set(taken.codes), taken.outcome) == (case.codes, case.outcome)


def test_without_a_tariff_no_rule_on_prices_applies():
    AgreementMaker()

    taken = take_one(total_amount="30.00", items=None)

    sdr = Sdr.objects.get(id=taken.record_id)
    assert taken.outcome == "accepted"
    assert {"V501", "V502", "V505", "V507", "V508", "V510"} <= set(sdr.not_applicable)
    assert not SdrRating.objects.exists()


def test_the_tariff_of_another_seller_asks_nothing_of_this_one():
    AgreementMaker()
    published(per_kwh("0.10"), seller=polder())

    assert take_one(tariff_id="NLX-AC").outcome == "accepted"


def test_a_rating_is_kept_with_a_trace_that_replays():
    AgreementMaker()
    version = published(per_kwh("0.49", vat="21"))

    taken = take_one(tariff_id="nlx-ac", total_amount="9.10", items=None)

    kept = SdrRating.objects.get(record_id=taken.record_id)
    assert (kept.tariff_version_id, kept.rating_version, kept.reason) == (version.pk, 1, "")
    assert (kept.total_excl_tax, kept.total_incl_tax) == (Decimal("9.02"), Decimal("10.91"))
    assert (kept.difference, kept.is_within_tolerance) == (Decimal("0.08"), False)
    assert replay(kept.trace) == (Decimal("9.02"), Decimal("10.91"))
    assert kept.components["energy"] == {"excl_tax": "9.016", "incl_tax": "10.90936"}


def test_a_record_that_names_no_tariff_is_priced_by_the_only_one():
    AgreementMaker()
    published(per_kwh("0.49"))
    taken = take_one(total_amount="11.80", items=None)
    assert taken.codes == ["V502"]

    published(per_kwh("0.59", id="OTHER"))
    [another] = take(numbered_record(2, total_amount="11.80", items=None))

    assert another.codes == ["V501"]


@pytest.mark.parametrize(
    ("zone", "country", "price", "because"),
    [
        ("Europe/London", "DE", "9.02", "registry of EVSEs"),
        ("", "DE", "18.40", "assumed for DE"),
        ("", "US", "18.40", "settlement group"),
    ],
)
def test_local_times_are_those_of_the_location(zone, country, price, because):
    """From 11:00 to 12:00 in Berlin, from 10:00 in London: dear from 11:00 on."""
    AgreementMaker()
    dear = {
        "price_components": [{"type": "ENERGY", "price": 1, "step_size": 1}],
        "restrictions": {"start_time": "11:00", "end_time": "20:00"},
    }
    tariff = per_kwh("0.49")
    published(tariff | {"elements": [dear, *tariff["elements"]]})
    if zone:
        Evse.objects.create(
            cso=nordlicht(), evse_id="DE*NLX*E1001*1", time_zone=zone, starts_at=LONG_AGO
        )

    take_one(tariff_id="NLX-AC", location_country=country)

    kept = SdrRating.objects.get()
    assert kept.total_excl_tax == Decimal(price)
    assert because in kept.trace[-1]["because"]


def test_a_volume_discount_is_reached_by_last_month():
    AgreementMaker(tariff_extras={"volume_discount": [{"from_kwh": "18", "percent": "10"}]})
    published(per_kwh("0.49"))
    october = {"started_at": "2026-10-14T10:00:00Z", "ended_at": "2026-10-14T11:00:00Z"}
    [first] = take(numbered_record(1, tariff_id="NLX-AC", **october))
    [second] = take(numbered_record(2, tariff_id="NLX-AC", total_amount="8.11", items=None))

    assert (first.outcome, second.outcome) == ("accepted", "accepted")
    assert SdrRating.objects.get(record_id=second.record_id).total_excl_tax == Decimal("8.11")


def test_extras_that_cannot_be_read_hold_the_record_with_the_reason():
    AgreementMaker(tariff_extras={"happy_hour": {}})
    published(per_kwh("0.49"))

    taken = take_one(tariff_id="NLX-AC")

    assert taken.codes == ["V501"]
    assert "happy_hour" in Finding.objects.get().message


def test_a_credit_is_not_priced_again():
    AgreementMaker()
    published(per_kwh("0.49"))
    take_one(tariff_id="NLX-AC")

    [credit] = take(
        record(
            sdr_id="C-1",
            credits_sdr_id="NLX-0001",
            service_session_id=None,
            tariff_id="NLX-AC",
            energy_kwh="18.400",
            total_amount="-9.02",
            items=None,
        )
    )

    assert "V502" not in credit.codes
    assert SdrRating.objects.count() == 1


class TestRerating:
    def test_makes_a_new_version_with_its_reason(self):
        AgreementMaker()
        first = published(per_kwh("0.49"))
        taken = take_one(tariff_id="NLX-AC")
        begun = datetime(2026, 11, 1, tzinfo=UTC)
        published(per_kwh("0.45"), at=NOON, valid_from=begun, replaces=first.tariff)

        done = rating.rerate([taken.record_id], reason="back-dated decrease", now=NOON)

        assert [str(one) for one in done.changed] == [taken.record_id]
        kept = SdrRating.objects.order_by("rating_version")
        assert [(one.rating_version, one.total_excl_tax, one.reason) for one in kept] == [
            (1, Decimal("9.02"), ""),
            (2, Decimal("8.28"), "back-dated decrease"),
        ]

    def test_that_changes_nothing_leaves_nothing(self):
        AgreementMaker()
        published(per_kwh("0.49"))
        taken = take_one(tariff_id="NLX-AC")

        done = rating.rerate([taken.record_id], reason="a look", now=NOON)

        assert (len(done.same), SdrRating.objects.count()) == (1, 1)

    def test_needs_a_reason_and_a_tariff(self):
        AgreementMaker()
        taken = take_one()

        with pytest.raises(rating.NoReason):
            rating.rerate([taken.record_id], reason=" ", now=NOON)
        done = rating.rerate([taken.record_id], reason="a look", now=NOON)
        assert list(done.unrated.values()) == ["no tariff of its seller is known"]


def test_held_for_want_of_a_tariff_heals_once_it_is_published():
    agreement = AgreementMaker(rating=RoamingAgreement.Rating.HOUSE)
    taken = take_one(tariff_id="NLX-AC")
    published(per_kwh("0.49"), at=NOON, valid_from=LONG_AGO.replace(year=2026))

    told = holds.heal(actor="tests", now=NOON)

    assert (agreement.rating, told) == ("HOUSE", {"ACCEPT": 1})
    assert SdrRating.objects.get(record_id=taken.record_id).rating_version == 1


def test_our_price_is_what_is_cleared_where_that_is_agreed():
    """A record claimed at 11.80 and its credit: 9.02 and −9.02."""
    agreement = AgreementMaker(rating="HOUSE")
    published(per_kwh("0.49"))
    dear = {"tariff_id": "NLX-AC", "total_amount": "11.80", "items": None}
    take_one(**dear)
    group = agreement.group
    clear_group(group, run_key="1", now=NOON)
    credit = {"sdr_id": "C-1", "credits_sdr_id": "NLX-0001", "service_session_id": None}
    take(record(**dear | credit | {"total_amount": "-11.80"}))
    clear_group(group, run_key="2", now=NOON)

    claims = ClearedSdr.objects.order_by("id").values_list("claim_minor", flat=True)
    assert list(claims) == [902, -902]


@pytest.mark.parametrize("rating_", ["HOUSE", "CLAIM"])
def test_a_hostile_price_stops_no_batch(rating_):
    """18.4 kWh at a price of twelve digits is more than is stored of any amount."""
    AgreementMaker(rating=rating_)
    published(per_kwh("999999999999"))

    taken = take_one(tariff_id="NLX-AC")

    assert taken.outcome == "held"
    assert not SdrRating.objects.exists()

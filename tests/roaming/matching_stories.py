"""Small worlds of both sides' records, written straight into the tables, and their comparison."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from clearinghouse.uuid7 import new_uuid7, uuid7_at
from roaming.models import CounterKey, CounterRecord, Match, Sdr, SdrState
from roaming.rules.ladder import Found, Told, match_all
from roaming.services import matching
from tests import makers
from tests.makers import NOON, nordlicht, partner_of, polder, voltaire

FROM_AT, UNTIL_AT = NOON - timedelta(hours=6), NOON
AGREED = {"energy_off_kwh": "0.9", "amount_fraction": "0.02"}
_TEXTS = {
    f.name: ""
    for f in Sdr._meta.concrete_fields
    if f.get_internal_type() == "CharField" and f.name != "environment"
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one side says of a session; small choices, so that sides meet."""

    is_sdr: bool
    cso: int = 0
    session: str = ""
    authorization: str = ""
    evse: str = "DE*NLX*E1"
    place: str = ""
    pseudonym: str = "p1"
    start_s: int = 0
    lasts_s: int = 3_600
    energy_kwh: Decimal | None = Decimal(18)
    amount: Decimal | None = Decimal(9)
    currency: str = "EUR"
    tariff: str = ""
    is_timed: bool = False
    is_replaced: bool = False

    @property
    def energy(self) -> Decimal | None:
        """An SDR always states it."""
        return Decimal(18) if self.is_sdr and self.energy_kwh is None else self.energy_kwh

    @property
    def started_at(self) -> datetime:
        return NOON - timedelta(hours=3) + timedelta(seconds=self.start_s)

    @property
    def ended_at(self) -> datetime:
        return self.started_at + timedelta(seconds=self.lasts_s)


def write(*said: Said) -> tuple[list[Told], list[Told]]:
    """Write the world; what its sides tell, as the twin reads it."""
    csos = [nordlicht(), polder()]
    agreements = [
        makers.AgreementMaker(seller=csos[0], counter_records="REQUIRED"),
        makers.AgreementMaker(
            seller=csos[1], counter_records="IF_PRESENT", match_tolerances=AGREED
        ),
    ]
    told: list[Told] = []
    for one in said:
        id_ = uuid7_at(NOON)
        told.append(_told(one, id_, csos[one.cso]))
        if one.is_sdr:
            _write_sdr(one, id_, csos[one.cso], agreements[one.cso])
        else:
            _write_counter(one, id_, csos[one.cso])
    pairs = list(zip(said, told, strict=True))
    return (
        [tell for one, tell in pairs if one.is_sdr],
        [tell for one, tell in pairs if not one.is_sdr and not one.is_replaced],
    )


def _told(one: Said, id_: UUID, cso) -> Told:
    return Told(
        id=id_,
        cso=cso.pk,
        csp=voltaire().pk,
        started_at=one.started_at,
        ended_at=one.ended_at,
        energy_kwh=one.energy,
        amount=one.amount,
        currency=one.currency,
        evse_id=one.evse,
        pseudonym=one.pseudonym,
        tariff_id=one.tariff,
        item_kinds=("ENERGY", "TIME") if one.is_sdr and one.is_timed else ("ENERGY",),
        authorization_reference=one.authorization,
        service_session_id=one.session,
        location_id=one.evse if one.is_sdr else one.place or one.evse,
        in_window=FROM_AT <= one.ended_at < UNTIL_AT,
        is_required=one.cso == 0,
    )


def _write_sdr(one: Said, id_: UUID, cso, agreement) -> None:
    common = {"id": id_, "sender": partner_of(cso), "seller": cso, "buyer": voltaire()}
    fields = {
        "batch_id": new_uuid7(),
        "position": 0,
        "received_at": NOON,
        "sdr_id": str(id_),
        "service_session_id": one.session,
        "authorization_reference": one.authorization,
        "evse_id": one.evse,
        "pseudonym": one.pseudonym,
        "tariff_id": one.tariff,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "energy_kwh": one.energy,
        "claim_amount": one.amount,
        "currency": one.currency,
        "item_kinds": ["ENERGY", "TIME"] if one.is_timed else ["ENERGY"],
        "item_quantities": [None, None] if one.is_timed else [None],
        "item_unit_prices": [None, None] if one.is_timed else [None],
        "item_amounts": [0, 0] if one.is_timed else [0],
        "rules_version": 1,
    }
    Sdr.objects.create(**(_TEXTS | common | fields))
    SdrState.objects.create(
        **common,
        state="DELIVERED",
        version=1,
        agreement=agreement,
        ended_at=one.ended_at,
        delivered_at=NOON,
        changed_at=NOON,
    )


def _write_counter(one: Said, id_: UUID, cso) -> None:
    csp = voltaire()
    CounterKey.objects.create(
        record_id=id_, csp=csp, counter_id=str(id_), payload_sha256="", is_replaced=one.is_replaced
    )
    CounterRecord.objects.create(
        id=id_,
        sender=partner_of(csp),
        batch_id=new_uuid7(),
        position=0,
        csp=csp,
        cso=cso,
        counter_id=str(id_),
        service_session_id=one.session,
        authorization_reference=one.authorization,
        evse_id=one.evse,
        location_id=one.place,
        pseudonym=one.pseudonym,
        tariff_id=one.tariff,
        started_at=one.started_at,
        ended_at=one.ended_at,
        energy_kwh=one.energy,
        amount=one.amount,
        currency=one.currency,
        payload_sha256="",
        received_at=NOON,
    )


def compare_matching(*said: Said) -> None:
    """The SQL finds what the slow twin finds, the same pairs; started again it says the same."""
    sdrs, counters = write(*said)
    expected: set[Found] = set()
    for cso, tolerances in ((nordlicht(), {}), (polder(), AGREED)):
        expected |= match_all(
            [one for one in sdrs if one.cso == cso.pk],
            [one for one in counters if one.cso == cso.pk],
            tolerances,
        )
    counted = [run("one"), run("one")]

    assert stored() == expected
    assert counted == [Counter(one.outcome for one in expected)] * 2


def run(key: str) -> dict[str, int]:
    return matching.match(from_at=FROM_AT, until_at=UNTIL_AT, run_key=key, now=NOON)


def stored() -> set[Found]:
    columns = ("record_id", "counter_id", "step", "outcome", "differences", "duplicate_of_id")
    rows = Match.objects.filter(is_current=True).values_list(*columns)
    return {Found(*row[:4], tuple(row[4]), row[5]) for row in rows}

"""What a case is, and the facts that it may put into the tables beforehand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from roaming.intake.normal import pseudonym_for
from roaming.intake.structure import Submission
from roaming.models import Authorization, Credential, Evse, EvseOutage, MeterKey
from tests import makers
from tests.makers import LONG_AGO, NOON

START = datetime(2026, 11, 14, 10, 0, tzinfo=UTC)
EVSE_ID = "DE*NLX*E1001*1"


def as_json(changes: dict[str, object]) -> Submission:
    return makers.submission(makers.record(**changes))


class Case(NamedTuple):
    """One record and what one rule says of it: "" passes, else the severity.

    ``given`` fills tables; ``terms`` are the agreement's; ``read`` is the door through which it
    comes, ``sequence`` the number of its batch. A case that passes must have had its facts:
    NOT_APPLICABLE is no pass.
    """

    code: str
    severity: str
    record: dict[str, object] = {}
    given: Callable[[], object] = lambda: None
    terms: dict[str, object] = {}
    received_at: datetime = NOON
    sequence: int | None = None
    read: Callable[[dict[str, object]], Submission] = as_json


def all_of(*givens: Callable[[], object]) -> Callable[[], None]:
    def given() -> None:
        for one in givens:
            one()

    return given


def evse(cso=makers.nordlicht, evse_id: str = EVSE_ID, **fields: object):
    values = {"starts_at": LONG_AGO} | fields
    return lambda: Evse.objects.create(cso=cso(), evse_id=evse_id, **values)


def outage(**fields: object):
    values = {"starts_at": START - timedelta(hours=1)} | fields
    return lambda: EvseOutage.objects.create(cso=makers.nordlicht(), evse_id=EVSE_ID, **values)


def meter_key(public_key: str, **fields: object):
    values = {"meter_id": "M-7", "starts_at": LONG_AGO} | fields
    return lambda: MeterKey.objects.create(
        cso=makers.nordlicht(), evse_id=EVSE_ID, public_key=public_key, **values
    )


def credential(**fields: object):
    """The default record's contract on Voltaire's list."""

    def given() -> None:
        csp = makers.voltaire()
        known_as = pseudonym_for(makers.submission(makers.record()).sdr, csp.pk)
        Credential.objects.create(
            csp=csp,
            contract_hash=known_as.contract_hash,
            pseudonym=known_as.shown,
            **({"starts_at": LONG_AGO} | fields),
        )

    return given


def authorization(csp=makers.voltaire, reference: str = "A-1", **fields: object):
    values = {"is_granted": True, "authorized_at": START} | fields
    return lambda: Authorization.objects.create(
        cso=makers.nordlicht(), csp=csp(), reference=reference, **values
    )


def earlier(*records: dict[str, object], received_at: datetime = NOON):
    """Records that were taken in before, in this order."""
    return lambda: makers.take(*records, received_at=received_at)


def at(hours: float = 0, **delta: float) -> str:
    """An instant after the default record's start."""
    return (START + timedelta(hours=hours, **delta)).isoformat()


def span(hours: float, lasting_hours: float = 1) -> dict[str, object]:
    """Start and end, so many hours after the default record's start."""
    return {"started_at": at(hours), "ended_at": at(hours + lasting_hours)}

"""Many agreements by one CSV: each row a new one, a new version, the same as today, or refused.

A row is told what is wrong by column. What it leaves empty is as in the version before, or as
usual in a new one. Each row is put in force by the same service as a single draft is, and audited
by it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clearinghouse.identifiers import MalformedPartyCode, parse_party_code
from clearinghouse.periods import DEFAULT_TIME_ZONE
from partners.models import Environment, Party, RoamingAgreement, SettlementGroup
from partners.services import agreements, audit

REQUIRED = ("number", "seller", "buyer", "group", "starts_on")
# Columns of the file that are fields of the model under the same name, with how each is read.
_TEXTS = (
    "mode",
    "service_class",
    "price_basis",
    "commission_beneficiary",
    "acceptance",
    "evse_registry",
    "meter_key_registry",
    "credential_registry",
    "authorization_registry",
    "counter_records",
)
_NUMBERS = ("acceptance_days", "warn_after_days", "refuse_after_days", "tariff_notice_days")
COLUMNS = (*REQUIRED, "environment", "commission_percent", *_TEXTS, *_NUMBERS)
NEW, VERSION, SAME, REFUSED = "new", "new version", "same", "refused"
_ZONE = ZoneInfo(DEFAULT_TIME_ZONE)
_HUNDRED = Decimal(100)
_NO_LIMIT = "never"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row, or would: ``problems`` by column, ``changes`` in words."""

    outcome: str
    problems: Mapping[str, str] = field(default_factory=dict)
    changes: str = ""


class _Wrong(Exception):
    def __init__(self, problems: Mapping[str, str]):
        super().__init__(str(problems))
        self.problems = problems


def apply(
    rows: Iterable[Mapping[str, str]], *, actor: str, reason: str, now: datetime
) -> list[Result]:
    """Put each row in force, or say why not; one that is refused holds up no other."""
    return [_applied(row, actor=actor, reason=reason, now=now) for row in rows]


def line_of(agreement: RoamingAgreement) -> list[str]:
    """The row that would say what the version says; ``group``, ``seller`` and ``buyer`` at hand."""
    values: dict[str, object] = {
        "number": agreement.number,
        "seller": agreement.seller.code,
        "buyer": agreement.buyer.code,
        "group": agreement.group.name,
        "starts_on": agreement.starts_at.astimezone(_ZONE).date().isoformat(),
        "environment": agreement.environment,
        "commission_percent": f"{(agreement.commission_rate * _HUNDRED).normalize():f}",
    }
    for name in (*_TEXTS, *_NUMBERS):
        value = getattr(agreement, name)
        values[name] = _NO_LIMIT if value is None else value
    return [str(values[name]) for name in COLUMNS]


def _applied(row: Mapping[str, str], *, actor: str, reason: str, now: datetime) -> Result:
    try:
        with transaction.atomic():
            return _take(row, actor=actor, reason=reason, now=now)
    except _Wrong as wrong:
        return Result(REFUSED, wrong.problems)
    except (agreements.AgreementsOverlap, agreements.TermsCannotHold) as error:
        return Result(REFUSED, {"starts_on": str(error)})
    except IntegrityError as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        name = getattr(diagnosis, "constraint_name", None) or "a rule of the database"
        return Result(REFUSED, {"row": f"This must hold: {name.replace('_', ' ')}."})


def _take(row: Mapping[str, str], *, actor: str, reason: str, now: datetime) -> Result:
    said = _read(row)
    versions = RoamingAgreement.objects.filter(number=said["number"])
    last = versions.order_by("-version").select_related("seller", "buyer", "group").first()
    if last is None:
        draft = RoamingAgreement(version=1, **said)
        return _put(draft, NEW, "", actor=actor, reason=reason, now=now)
    _refuse_other_pair(last, said)
    changed = {
        name: value
        for name, value in said.items()
        if name != "starts_at" and getattr(last, name) != value
    }
    if not changed:
        return Result(SAME)
    _refuse_unfit(last, said)
    told = "; ".join(f"{name}: {getattr(last, name)} → {value}" for name, value in changed.items())
    draft = RoamingAgreement(
        **{one.name: getattr(last, one.name) for one in _copied()}
        | {"version": last.version + 1, "ends_at": None, "in_force_at": None}
        | said
    )
    return _put(draft, VERSION, told, actor=actor, reason=reason, now=now)


def _copied():
    return [one for one in RoamingAgreement._meta.concrete_fields if one.name != "id"]


def _put(
    draft: RoamingAgreement, outcome: str, told: str, *, actor: str, reason: str, now: datetime
) -> Result:
    try:
        draft.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        problems = {name: " ".join(texts) for name, texts in error.message_dict.items()}
        raise _Wrong({_column_of(name): text for name, text in problems.items()}) from error
    draft.save(force_insert=True)
    audit.record("agreement.drafted", draft, actor=actor, at=now, reason=reason)
    agreements.put_in_force(draft.pk, actor=actor, reason=reason, now=now)
    return Result(outcome, changes=told)


def _column_of(name: str) -> str:
    return {"commission_rate": "commission_percent", "starts_at": "starts_on"}.get(name, name)


def _refuse_other_pair(last: RoamingAgreement, said: Mapping[str, Any]) -> None:
    wrong = {
        name: f"{last} is of {getattr(last, name)}: another pair has another number."
        for name in ("seller", "buyer")
        if getattr(last, name) != said[name]
    }
    if wrong:
        raise _Wrong(wrong)


def _refuse_unfit(last: RoamingAgreement, said: Mapping[str, Any]) -> None:
    if last.in_force_at is None:
        raise _Wrong({"number": f"{last} is a draft: put it in force, or delete it, first."})
    if said["starts_at"] <= last.starts_at:
        text = f"It has to start after {last}, which starts on {last.starts_at:%Y-%m-%d}."
        raise _Wrong({"starts_on": text})


def _read(row: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the row states.

    :raises _Wrong: what is missing or cannot be read, by column
    """
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    wrong = {name: "It must not be empty." for name in REQUIRED if not cells[name]}
    environment = cells["environment"] or Environment.LIVE.value
    if environment not in Environment.values:
        raise _Wrong({"environment": "Write LIVE or TEST."})
    said: dict[str, Any] = {"number": cells["number"], "environment": environment}
    readers = {
        "seller": lambda text: _party(text, environment, ("CSO", "CSP"), cells["mode"]),
        "buyer": lambda text: _party(text, environment, ("CSP",), cells["mode"]),
        "group": lambda text: _group(text, environment),
        "starts_on": _midnight,
        "commission_percent": _fraction,
        **dict.fromkeys(_NUMBERS, _whole),
        **dict.fromkeys(_TEXTS, str.upper),
    }
    for name, read in readers.items():
        if not cells[name] or name in wrong:
            continue
        try:
            said[_FIELDS.get(name, name)] = read(cells[name])
        except ValueError as error:
            wrong[name] = str(error)
    if wrong:
        raise _Wrong(wrong)
    said["currency"] = said["group"].currency
    return said


_FIELDS = {"starts_on": "starts_at", "commission_percent": "commission_rate"}


def _party(text: str, environment: str, roles: tuple[str, ...], mode: str) -> Party:
    """A seller is the CSO of the code, unless only a CSP has it or the mode is between two CSPs."""
    try:
        country, _, party_id = parse_party_code(text).normal.partition("*")
    except MalformedPartyCode as error:
        raise ValueError(f"{error}; write e.g. DE*NLX.") from error
    found = {
        party.role: party
        for party in Party.objects.filter(
            country_code=country, party_id=party_id, environment=environment, role__in=roles
        )
    }
    wanted = ("CSP", "CSO") if mode.upper() == "CLEARED_PP" else ("CSO", "CSP")
    for role in wanted:
        if role in found:
            return found[role]
    raise ValueError(f"No {' or '.join(roles)} {text} is set up in {environment}.")


def _group(text: str, environment: str) -> SettlementGroup:
    group = SettlementGroup.objects.filter(name=text, environment=environment).first()
    if group is None:
        raise ValueError(f"No settlement group is called “{text}” in {environment}.")
    return group


def _midnight(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), _ZONE)
    except ValueError as error:
        raise ValueError("Write the day as 2027-01-31; it starts at midnight there.") from error


def _fraction(text: str) -> Decimal:
    try:
        rate = (Decimal(text.removesuffix("%").strip()) / _HUNDRED).quantize(Decimal("0.000001"))
    except InvalidOperation as error:
        raise ValueError("Write per cent with a decimal point, such as 1.5.") from error
    if not 0 <= rate <= 1:
        raise ValueError("A commission is between 0 and 100 per cent.")
    return rate


def _whole(text: str) -> int | None:
    if text.lower() == _NO_LIMIT:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise ValueError(f"Write whole days, or “{_NO_LIMIT}”.")
    return int(text)

"""The story of one match: both sides field by field, the tolerance, and what came of it."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from partners.admin.story import (
    BAD,
    GOOD,
    INFO,
    WARN,
    Badge,
    Facts,
    Note,
    Step,
    Table,
    Timeline,
    link,
)
from roaming.admin.story import decimal
from roaming.models import AgeingStep, CounterRecord, Dispute, Match, Sdr

OUTCOME_TONES = {
    "MATCHED": GOOD,
    "MATCHED_TOLERANCE": GOOD,
    "MISMATCH": BAD,
    "CSO_ONLY": WARN,
    "CSP_ONLY": WARN,
    "AMBIGUOUS": WARN,
    "DUPLICATE": INFO,
}
_NEXT = {
    "MATCHED": "Both sides say the same. Nothing to do.",
    "MATCHED_TOLERANCE": "Within what the agreement tolerates. Nothing to do.",
    "MISMATCH": "A dispute was opened on behalf of the CSP; it confirms or drops it.",
    "CSO_ONLY": "The CSP is reminded on day 3; on day 10 an authorization decides.",
    "CSP_ONLY": "The CSO is reminded on day 2, staff on day 7; closed without a claim on day 30.",
    "AMBIGUOUS": "More than one fits: compare the records and ask the CSP for a better reference.",
    "DUPLICATE": "The CSP said it twice. The first one counts.",
}
_HELD = "Beyond the tolerance, yet no mismatch: the CSP accepts or disputes the record."
_STEPS = {
    0: "none",
    1: "1, the same authorization",
    2: "2, the same session",
    3: "3, the same contract, EVSE and start",
    4: "4, the same contract and place",
}


def of(match: Match) -> list[object]:
    sdr = Sdr.objects.filter(id=match.record_id).first() if match.record_id else None
    counter = _counter(match.counter_id)
    return [
        Note(_HELD if match.is_held_for_csp else _NEXT[match.outcome], _tone(match), "What now"),
        _sides(match, sdr, counter),
        _facts(match, sdr, counter),
        *_disputes(match),
        *_ageing(match),
        *_others(match),
    ]


def _counter(counter_id: UUID | None) -> CounterRecord | None:
    return CounterRecord.objects.filter(pk=counter_id).first() if counter_id else None


def both(ours: Decimal | None, theirs: Decimal | None) -> str:
    return f"{decimal(ours)} / {decimal(theirs)}" if ours != theirs else decimal(ours)


def badge(match: Match) -> Badge:
    return Badge(match.outcome, OUTCOME_TONES[match.outcome])


def _tone(match: Match) -> str:
    return WARN if match.is_held_for_csp else OUTCOME_TONES[match.outcome]


def _sides(match: Match, sdr: Sdr | None, counter: CounterRecord | None) -> Table:
    tolerated = {
        "Energy, kWh": decimal(match.energy_tolerance_kwh),
        "Amount": decimal(match.amount_tolerance),
        "Start": f"{match.time_tolerance_s} s" if match.time_tolerance_s is not None else "—",
        "End": f"{match.time_tolerance_s} s" if match.time_tolerance_s is not None else "—",
    }
    rows: list[list[object]] = []
    for field, ours, theirs, name in _FIELDS:
        shown = [_shown(sdr, ours), _shown(counter, theirs)]
        verdict = "not compared" if "—" in shown else _verdict(match, name)
        rows.append([field, *shown, tolerated.get(field, "equal"), verdict])
    headers = ["Field", "CSO's record", "CSP's counter-record", "Tolerated", "Verdict"]
    return Table("Both sides", headers, rows)


_FIELDS = (
    ("Energy, kWh", "energy_kwh", "energy_kwh", "energy"),
    ("Amount", "claim_amount", "amount", "amount"),
    ("Currency", "currency", "currency", "currency"),
    ("Start", "started_at", "started_at", "start"),
    ("End", "ended_at", "ended_at", "end"),
    ("EVSE", "evse_id", "evse_id", "evse"),
    ("Contract (pseudonym)", "pseudonym", "pseudonym", "contract"),
    ("Tariff", "tariff_id", "tariff_id", "tariff"),
)


def _shown(record: Sdr | CounterRecord | None, name: str) -> object:
    value = getattr(record, name, None)
    if isinstance(value, Decimal):
        return decimal(value)
    return value if value not in (None, "") else "—"


def _verdict(match: Match, name: str) -> Badge:
    return Badge("differs", BAD) if name in match.differences else Badge("fits", GOOD)


def _facts(match: Match, sdr: Sdr | None, counter: CounterRecord | None) -> Facts:
    repeated = _counter(match.duplicate_of_id)
    return Facts(
        "The match",
        [
            ("Outcome", badge(match)),
            ("CSO", link(match.seller)),
            ("CSP", link(match.buyer)),
            ("SDR", link(sdr, sdr.sdr_id or "without an id") if sdr else ""),
            ("Counter-record", link(counter) if counter else ""),
            ("Says again what", link(repeated) if repeated else ""),
            ("Step of the ladder", _STEPS[match.step]),
            ("Agreement", link(match.agreement) if match.agreement else ""),
            ("Found at", match.matched_at),
            ("In force", "yes" if match.is_current else "no, a newer one took its place"),
            ("Environment", match.environment),
        ],
    )


def _disputes(match: Match) -> Iterable[Table]:
    about = Q(pk__in=[])
    if match.record_id:
        about |= Q(record_id=match.record_id)
    if match.counter_id:
        about |= Q(counter_id=match.counter_id)
    found = Dispute.objects.filter(about).order_by("-id")
    rows = [
        [link(one, one.number), one.reason, one.stage, one.opened_at, one.outcome or "open"]
        for one in found
    ]
    if rows:
        yield Table("Disputes", ["Number", "Reason", "Stage", "Opened", "Outcome"], rows)


def _ageing(match: Match) -> Iterable[Timeline]:
    subjects = [one for one in (match.record_id, match.counter_id) if one]
    steps = AgeingStep.objects.filter(
        subject_id__in=subjects, stage__startswith=match.outcome
    ).order_by("done_at", "id")
    told = [Step(step.done_at, step.note, step.stage) for step in steps]
    if told:
        yield Timeline("While the other side kept silent", told)


def _others(match: Match) -> Iterable[Table]:
    """Earlier and later matches of either record."""
    about = Q(pk__in=[])
    if match.record_id:
        about |= Q(record_id=match.record_id)
    if match.counter_id:
        about |= Q(counter_id=match.counter_id)
    others = Match.objects.filter(about).exclude(pk=match.pk).order_by("-id")[:20]
    rows = [
        [link(one, one.outcome), one.matched_at, "yes" if one.is_current else "no"]
        for one in others
    ]
    if rows:
        yield Table("Other matches of these records", ["Outcome", "Found at", "In force"], rows)

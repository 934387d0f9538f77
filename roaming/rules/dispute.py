"""Disputes: the one table of stages, the reasons, the deadlines, and what each end is worth.

A dispute ends by what the record is worth: all of its claim, nothing, or a part.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext

LONGEST = timedelta(days=90)
CONFIRM = timedelta(days=5)
REMIND_BEFORE = timedelta(days=2)
OPEN_AFTER_DELIVERY = timedelta(days=10)
OPEN_AFTER_ACCEPTANCE = timedelta(days=60)
OTHER_NEEDS_CHARACTERS = 20
ESCALATED_ABOVE = Decimal("0.03")

CSP, CSO, HOUSE, CLOCK = "CSP", "CSO", "HOUSE", "CLOCK"
_RESPONDED = ("RESPONDED_ACCEPT", "RESPONDED_REJECT", "RESPONDED_PARTIAL")
_IN_HAND = ("CONTESTED", "MEDIATION")
_RUNNING = ("OPEN", *_RESPONDED, *_IN_HAND, "DECIDED")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record is disputed, what proves it, and who is asked for the proof."""

    title: str
    evidence: str
    asked_from: str
    is_open_long: bool = False


REASONS: Mapping[str, Reason] = {
    "D01": Reason("Energy too high", "signed meter values", CSO),
    "D02": Reason("Duration or blocking time wrong", "status history of the EVSE", CSO),
    "D03": Reason("Price or tariff wrong", "the tariff version that applied", CSO),
    "D04": Reason("Contract unknown", "list of valid credentials at the time", CSP),
    "D05": Reason("Not authorized", "authorization log", "BOTH"),
    "D06": Reason("Duplicate", "the other record's id", CSP, is_open_long=True),
    "D07": Reason("No energy delivered", "meter values and session log", CSO),
    "D08": Reason("Wrong EVSE or location", "EVSE id and location data", CSO),
    "D09": Reason("VAT or currency wrong", "the tax rate or currency that applies", CSO),
    "D10": Reason("Sent too late", "when the record was sent first", CSO),
    "D11": Reason("Signature invalid", "signed data and public key", CSO, is_open_long=True),
    "D12": Reason("Fraud or cloned card", "report of police or of your own", CSP, True),
    "D13": Reason("Driver complains", "the complaint, without personal data", CSP),
    "D14": Reason("Record is missing", "your own record of the session", CSP, True),
    "D15": Reason("Other", "a text of at least 20 characters", CSP),
}

# (stage, verb) → who may, and where it leads.
TRANSITIONS: Mapping[tuple[str, str], tuple[frozenset[str], str]] = {
    ("OPEN", "confirm"): (frozenset({CSP}), "OPEN"),
    ("OPEN", "accept"): (frozenset({CSO}), "RESPONDED_ACCEPT"),
    ("OPEN", "reject"): (frozenset({CSO}), "RESPONDED_REJECT"),
    ("OPEN", "partial"): (frozenset({CSO}), "RESPONDED_PARTIAL"),
    ("OPEN", "expire"): (frozenset({CLOCK}), "EXPIRED_CSO"),
    ("OPEN", "drop"): (frozenset({CLOCK}), "WITHDRAWN"),
    # What is not disputed clears; the dispute goes on about the rest.
    ("OPEN", "split"): (frozenset({CLOCK}), "OPEN"),
    **{(stage, "agree"): (frozenset({CSP}), "AGREED") for stage in _RESPONDED},
    **{(stage, "contest"): (frozenset({CSP}), "CONTESTED") for stage in _RESPONDED},
    **{(stage, "expire"): (frozenset({CLOCK}), "EXPIRED_CSP") for stage in _RESPONDED},
    ("CONTESTED", "mediate"): (frozenset({HOUSE}), "MEDIATION"),
    ("MEDIATION", "decide"): (frozenset({HOUSE}), "DECIDED"),
    ("DECIDED", "appeal"): (frozenset({CSP, CSO}), "MEDIATION"),
    ("DECIDED", "expire"): (frozenset({CLOCK}), "CLOSED"),
    **{(stage, "expire"): (frozenset({CLOCK}), "CLOSED") for stage in _IN_HAND},
    **{
        (stage, "withdraw"): (frozenset({CSP}), "WITHDRAWN")
        for stage in _RUNNING
        if stage != "DECIDED"
    },
    **{(stage, "message"): (frozenset({CSP, CSO, HOUSE}), stage) for stage in _RUNNING},
    **{(stage, "attach"): (frozenset({CSP, CSO, HOUSE}), stage) for stage in _RUNNING},
    **{(stage, "stop_clock"): (frozenset({HOUSE}), stage) for stage in _RUNNING},
    **{(stage, "start_clock"): (frozenset({HOUSE}), stage) for stage in _RUNNING},
    # The CSO corrected the record itself: there is nothing left to dispute.
    **{(stage, "overtake"): (frozenset({CLOCK}), "CLOSED") for stage in _RUNNING},
    **{(stage, "remind"): (frozenset({CLOCK}), stage) for stage in _RUNNING},
}
# What partners do themselves; files of evidence come another way.
PARTNER_VERBS = frozenset(
    verb for (_, verb), (sides, _) in TRANSITIONS.items() if sides & {CSP, CSO} and verb != "attach"
)
ENDS = frozenset({"AGREED", "WITHDRAWN", "EXPIRED_CSO", "EXPIRED_CSP", "CLOSED"})
# How long a stage waits: for the CSO, the CSP, the house, and for an appeal.
STAGE_DAYS: Mapping[str, int] = {
    "OPEN": 7,
    **dict.fromkeys(_RESPONDED, 5),
    **dict.fromkeys(_IN_HAND, 10),
    "DECIDED": 5,
}


class DisputeRefused(Exception):
    """The verb cannot be done; ``code`` says why, the text what to do. Nothing was changed."""

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code = code


def next_stage(stage: str, verb: str, side: str) -> str:
    """Where ``verb`` of ``side`` leads from ``stage``.

    :raises DisputeRefused: the table has no such step, or it is not this side's.
    """
    step = TRANSITIONS.get((stage, verb))
    if step is None:
        raise DisputeRefused(
            "VERB_NOT_NOW",
            gettext("A dispute that is %(stage)s takes no %(verb)s.")
            % {"stage": stage, "verb": verb},
        )
    sides, following = step
    if side not in sides:
        raise DisputeRefused(
            "VERB_NOT_YOURS",
            gettext("Only %(sorted)s may %(verb)s.")
            % {"sorted": " or ".join(sorted(sides)), "verb": verb},
        )
    return following


def side_of(stage: str, verb: str, sides: Collection[str]) -> str:
    """As which of its ``sides`` (at least one) a partner does ``verb``: the one that may."""
    allowed, _ = TRANSITIONS.get((stage, verb), (frozenset(), ""))
    return min(set(sides) & allowed or set(sides))


def deadline_of(stage: str, *, now: datetime, expires_at: datetime) -> datetime | None:
    """Until when ``stage`` waits, never past the absolute end; an end waits for nobody."""
    days = STAGE_DAYS.get(stage)
    return min(now + timedelta(days=days), expires_at) if days else None


def check_opening(
    reason: str,
    text: str,
    *,
    delivered_at: datetime | None,
    accepted_at: datetime | None,
    now: datetime,
) -> None:
    """May a dispute be opened for ``reason`` at ``now``?

    :raises DisputeRefused: unknown reason, no text where one is needed, or too late.
    """
    if reason not in REASONS:
        raise DisputeRefused("REASON_UNKNOWN", gettext("Send one of the reasons D01 to D15."))
    if reason == "D15" and len(text.strip()) < OTHER_NEEDS_CHARACTERS:
        raise DisputeRefused(
            "TEXT_TOO_SHORT",
            gettext("D15 needs a text of at least %(other_needs_characters)s characters.")
            % {"other_needs_characters": OTHER_NEEDS_CHARACTERS},
        )
    if not is_in_time(reason, delivered_at=delivered_at, accepted_at=accepted_at, now=now):
        raise DisputeRefused(
            "TOO_LATE",
            gettext(
                "%(reason)s can be opened up to 10 days after delivery; D06, D11, D12 and D14 up "
                "to 60 days after acceptance."
            )
            % {"reason": reason},
        )


def is_in_time(
    reason: str, *, delivered_at: datetime | None, accepted_at: datetime | None, now: datetime
) -> bool:
    """May a record still be disputed for ``reason`` at ``now``?"""
    if delivered_at is not None and now <= delivered_at + OPEN_AFTER_DELIVERY:
        return True
    if accepted_at is None or not REASONS[reason].is_open_long:
        return False
    return now <= accepted_at + OPEN_AFTER_ACCEPTANCE


def worth_at_end(
    stage: str,
    following: str,
    *,
    claim: Decimal,
    disputed: Decimal,
    offered: Decimal | None,
    decided: Decimal | None,
) -> Decimal:
    """What the record is worth when a dispute goes from ``stage`` to the end ``following``.

    No answer of the CSO: what the CSP says. A withdrawn dispute: the claim. A decision: its
    amount. Else the CSO's last answer stands.
    """
    if following == "EXPIRED_CSO":
        return claim - disputed
    if following == "WITHDRAWN":
        return claim
    if stage == "DECIDED" and decided is not None:
        return decided
    return claim if offered is None else offered


def outcome_of(worth: Decimal, *, claim: Decimal, is_after_acceptance: bool) -> str:
    """RELEASE where all of it stands, else what must become of the record."""
    if worth == claim:
        return "RELEASE"
    if is_after_acceptance:
        return "CREDIT"
    return "WITHDRAW" if worth == 0 else "REPLACEMENT"


def is_escalated(disputed: Decimal, claimed: Decimal) -> bool:
    """Is more than 3 % of what a pair charged in a month in dispute (finance §7)?"""
    return disputed > claimed * ESCALATED_ABOVE


def waits_for(stage: str, *, is_confirmed: bool) -> str:
    """Whose turn it is: CSP, CSO, HOUSE, or "" where nobody's."""
    if stage == "OPEN":
        return CSO if is_confirmed else CSP
    return {**dict.fromkeys(_RESPONDED, CSP), **dict.fromkeys(_IN_HAND, HOUSE)}.get(stage, "")


_STAGES: Mapping[str, str] = {
    "OPEN": "Waits for the CSO",
    "RESPONDED_ACCEPT": "Accepted, waits for the CSP",
    "RESPONDED_REJECT": "Rejected, waits for the CSP",
    "RESPONDED_PARTIAL": "Part offered, waits for the CSP",
    "CONTESTED": "Contested, waits for mediation",
    "MEDIATION": "In mediation",
    "DECIDED": "Decided, open to appeal",
    "AGREED": "Agreed",
    "CLOSED": "Closed",
    "WITHDRAWN": "Withdrawn",
    "EXPIRED_CSO": "CSO did not answer",
    "EXPIRED_CSP": "CSP did not reply",
}


_FOUND_BY_MATCHING = "Found by matching, waits for the CSP"
# Every sentence there is, for the catalogs of other languages.
STAGES_IN_WORDS = (*_STAGES.values(), _FOUND_BY_MATCHING)


def stage_in_words(stage: str, *, is_confirmed: bool) -> str:
    if stage == "OPEN" and not is_confirmed:
        return _FOUND_BY_MATCHING
    return _STAGES[stage]


_NEXT_STEPS: Mapping[str, str] = {
    "OPEN": "The CSO answers: accept, reject, or offer a part. No answer means the CSP is right.",
    **dict.fromkeys(
        _RESPONDED, "The CSP agrees or contests. No reply means the CSO's answer stands."
    ),
    "CONTESTED": "The clearing house takes it up.",
    "MEDIATION": "The clearing house decides, with grounds.",
    "DECIDED": "The decision takes effect unless a side appeals, once.",
}
_AT_THE_END: Mapping[str, str] = {
    "RELEASE": "The record stands and is cleared as any other.",
    "WITHDRAW": "The record fell; nothing is charged for it.",
    "CREDIT": "The CSO sends a credit of the record, and another one if a part stands.",
    "REPLACEMENT": "A record of the agreed amount took its place.",
    "DROPPED": "The record stands; the dispute was withdrawn or never confirmed.",
}


_TO_BE_CONFIRMED = "The CSP confirms this dispute, which matching opened, or it is dropped."
_TO_BE_REPLACED = "A record of the agreed amount takes its place within a few minutes, by itself."
NEXT_STEPS_IN_WORDS = (
    *_NEXT_STEPS.values(), *_AT_THE_END.values(), _TO_BE_CONFIRMED, _TO_BE_REPLACED
)  # fmt: skip


def next_step(stage: str, outcome: str, *, is_confirmed: bool, is_replaced: bool) -> str:
    """What happens next, in words for both sides."""
    if stage == "OPEN" and not is_confirmed:
        return _TO_BE_CONFIRMED
    if outcome == "REPLACEMENT" and not is_replaced:
        return _TO_BE_REPLACED
    return _AT_THE_END.get(outcome) or _NEXT_STEPS.get(stage, "")

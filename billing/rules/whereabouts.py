"""*Where is my record?*: the steps of one record told in plain words, to both of its sides.

Facts in, story out; nothing is read here. Every step says what happened, when, and what comes
next; a record that is in no statement says why. States up to ACCEPTED are roaming's, those after
it are billing's rows (design "Life of a record").
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from billing.rules.supply_period import local_instant
from billing.rules.whereabouts_told import (
    AnswerTold,
    BookedTold,
    DisputeTold,
    FindingTold,
    RecordWhereabouts,
    SentTold,
    StatementTold,
    Step,
    WindowTold,
)

# Times in sentences are on the group's clocks; records without an agreement have none.
_DEFAULT_ZONE = "Europe/Brussels"
_AGAIN = "A corrected record may have the same id."
_AHEAD = {
    "DELIVERED": "The provider gets it once it has passed the checks.",
    "ACCEPTED": "At once, after some days or by the provider's word, as the agreement says.",
    "CLEARED": "Within an hour of its acceptance, into the earliest window still open.",
    "SETTLED": "When that window closes and its statements are issued.",
    "PAID": "With the statement's position.",
}
_INSTRUCTIONS = "Pay or expect the money as your statement and its payment instructions say."


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the tables say of one record; ``window`` is where it is or, uncleared, would go.

    ``buyer_blocked_at``: since then what its buyer bought in this group waits at clearing (V703).
    """

    sent: SentTold
    state: str
    changed_at: datetime
    delivered_at: datetime | None
    accepted_at: datetime | None
    reason: str
    was_held: bool
    findings: tuple[FindingTold, ...]
    acceptance: str
    acceptance_days: int
    window: WindowTold | None
    booked: BookedTold | None
    settled_at: datetime | None
    statement: StatementTold | None
    money_flow: str
    credits_sdr_id: str = ""
    dispute: DisputeTold | None = None
    answers: tuple[AnswerTold, ...] = ()
    buyer_blocked_at: datetime | None = None
    is_blocked_by_hand: bool = False


def tell(facts: Facts) -> RecordWhereabouts:
    """The whole story of one record; its summary is that of the furthest step it reached."""
    steps = _steps(facts)
    here = next((step for step in steps if step.status in ("STOPPED", "WAITING")), steps[-1])
    # A settled record is where it belongs: that the payment follows is its next step.
    summary = steps[-2].text if here.name == "PAID" else here.text
    return RecordWhereabouts(
        sent=facts.sent,
        state=facts.state,
        summary=summary,
        next_step=here.next_step,
        steps=steps,
        findings=list(facts.findings),
        window=facts.window,
        booked=facts.booked,
        statement=facts.statement,
        dispute=facts.dispute,
        answered_by=list(facts.answers),
    )


def _steps(facts: Facts) -> list[Step]:
    """The steps up to the one that ended the way, or all of them."""
    attempt = f", attempt {facts.sent.attempt} under its id" if facts.sent.attempt > 1 else ""
    received = Step(
        name="RECEIVED", status="DONE", at=facts.sent.received_at, text=f"It came in{attempt}."
    )
    checked = _checked(facts)
    if facts.state == "REJECTED":
        return [received, checked]
    if facts.state in ("WITHDRAWN", "SUPERSEDED"):
        return [received, checked, _taken_back(facts)]
    later = [_delivered(facts), _accepted(facts), _cleared(facts), _settled(facts), _paid(facts)]
    return _behind_the_open_step([received, checked, *later])


def _behind_the_open_step(steps: list[Step]) -> list[Step]:
    """Whatever follows a step that is not done lies ahead and asks nobody for anything."""
    told, is_open = [], False
    for step in steps:
        if is_open:
            step = Step(name=step.name, status="AHEAD", text=_AHEAD[step.name])
        told.append(step)
        is_open = is_open or step.status != "DONE"
    return told


def _checked(facts: Facts) -> Step:
    open_codes = ", ".join(sorted({found.code for found in facts.findings if found.is_open}))
    if facts.state == "REJECTED":
        return Step(
            name="CHECKED",
            status="STOPPED",
            at=facts.changed_at,
            text=f"Refused ({open_codes}): it is in no statement, and its id is free again.",
            next_step=f"{_remedies(facts)} {_AGAIN}".strip(),
        )
    if facts.state == "HELD":
        return Step(
            name="CHECKED",
            status="STOPPED",
            at=facts.changed_at,
            text=f"Held ({open_codes or 'under review'}): it is in no statement until released.",
            next_step=_remedies(facts) + _in_time(facts),
        )
    if facts.state == "RECEIVED":
        return Step(
            name="CHECKED", status="WAITING", text="Waits to be checked.", next_step="Nothing."
        )
    held = " after having been held" if facts.was_held else ""
    warned = " with remarks" if any(f.severity == "WARN" for f in facts.findings) else ""
    at = facts.sent.received_at if not facts.was_held else facts.delivered_at
    return Step(name="CHECKED", status="DONE", at=at, text=f"Passed the checks{warned}{held}.")


def _remedies(facts: Facts) -> str:
    found = [one.remedy for one in facts.findings if one.is_open and one.remedy]
    return " ".join(dict.fromkeys(found))


def _in_time(facts: Facts) -> str:
    """Until when a held record must be released to be in the next statement."""
    if facts.window is None:
        return ""
    return (
        f" Released before {_closing(facts.window)} it goes into the statement of"
        f" {facts.window.title}."
    )


def _taken_back(facts: Facts) -> Step:
    names = _answers(facts)
    if facts.state == "SUPERSEDED":
        word = f"Replaced by {names or 'a later record'}"
    elif facts.credits_sdr_id:
        word = f"Cancels {facts.credits_sdr_id}, which nobody had accepted yet"
    else:
        word = f"Cancelled by its credit {names}" if names else "Withdrawn"
    reason = f" ({facts.reason})" if facts.reason and not names else ""
    following = f"Follow {names}." if names else "Nothing is left to do for this record."
    return Step(
        name="ACCEPTED",
        status="STOPPED",
        at=facts.changed_at,
        text=f"{word}{reason}: it is in no statement.",
        next_step=following,
    )


def _answers(facts: Facts) -> str:
    return " and ".join(answer.sdr_id for answer in facts.answers)


def _delivered(facts: Facts) -> Step:
    if facts.delivered_at is None:
        text = f"Goes to {facts.sent.csp_id or 'the provider'} once it has passed the checks."
        return Step(name="DELIVERED", status="WAITING", text=text)
    text = f"Handed to {facts.sent.csp_id}."
    return Step(name="DELIVERED", status="DONE", at=facts.delivered_at, text=text)


def _accepted(facts: Facts) -> Step:
    if facts.state == "ACCEPTED":
        how = {
            "ON_VALIDATION": "At once, as the agreement says.",
            "DEEMED": "The time for objections is over.",
        }.get(facts.acceptance, f"By {facts.sent.csp_id}.")
        return Step(name="ACCEPTED", status="DONE", at=facts.accepted_at, text=how)
    if facts.state == "DISPUTED":
        return Step(
            name="ACCEPTED",
            status="STOPPED",
            at=facts.changed_at,
            text=f"Disputed by {facts.sent.csp_id}{_numbered(facts)}: it is in no statement until"
            " that is settled.",
            next_step=_next_of_dispute(facts)
            or "Answer the dispute, or correct the record by a new one.",
        )
    return _waits_for_acceptance(facts)


def _waits_for_acceptance(facts: Facts) -> Step:
    waits = Step(
        name="ACCEPTED",
        status="WAITING",
        text=f"Waits for {facts.sent.csp_id or 'the provider'} to accept it: in no statement yet.",
        next_step=f"{facts.sent.csp_id or 'The provider'} accepts or disputes it.{_in_time(facts)}",
    )
    if facts.acceptance == "DEEMED" and facts.delivered_at:
        until = facts.delivered_at + timedelta(days=facts.acceptance_days)
        day = local_instant(until, facts.window.time_zone if facts.window else _DEFAULT_ZONE)
        text = f"Is accepted on {day} unless {facts.sent.csp_id} disputes it: in no statement yet."
        return msgspec.structs.replace(waits, text=text, next_step="Nothing; it comes by itself.")
    return waits


def _numbered(facts: Facts) -> str:
    return f" ({facts.dispute.number})" if facts.dispute else ""


def _next_of_dispute(facts: Facts) -> str:
    if facts.dispute is None or not facts.dispute.next_step:
        return ""
    if facts.dispute.deadline_at is None:
        return facts.dispute.next_step
    zone = facts.window.time_zone if facts.window else _DEFAULT_ZONE
    return f"{facts.dispute.next_step} Until {local_instant(facts.dispute.deadline_at, zone)}."


def _kept_out(facts: Facts) -> Step | None:
    """Accepted, and yet not to be cleared: a dispute is open, or a credit cancels it."""
    if facts.booked is not None:
        return None
    if facts.dispute and facts.dispute.is_open:
        text = f"Kept out by dispute {facts.dispute.number}: in no statement until it is settled."
        return Step(name="CLEARED", status="STOPPED", text=text, next_step=_next_of_dispute(facts))
    credit = next((one for one in facts.answers if one.kind == "CREDIT"), None)
    if credit:
        return Step(
            name="CLEARED",
            status="STOPPED",
            text=f"Credited by {credit.sdr_id} before it was cleared: both cancel each other and"
            " are in no statement.",
            next_step="Nothing is left to do for this record.",
        )
    return None


def _cleared(facts: Facts) -> Step:
    if kept_out := _kept_out(facts):
        return kept_out
    if facts.booked is None and facts.credits_sdr_id:
        text = (
            f"Is cleared by the next hourly run where {facts.credits_sdr_id} was; else both cancel"
            " each other and are in no statement."
        )
        step = "Nothing; it comes by itself."
        return Step(name="CLEARED", status="WAITING", text=text, next_step=step)
    if facts.booked is None and facts.buyer_blocked_at:
        return _at_the_limit(facts, facts.buyer_blocked_at)
    if facts.booked is None or facts.window is None:
        into = f" into {facts.window.title}" if facts.window else ""
        return Step(
            name="CLEARED",
            status="WAITING",
            text=f"Is cleared{into} by the next hourly run: in no statement yet.",
            next_step="Nothing; it comes by itself.",
        )
    zero = "" if facts.booked.is_billed else ", at zero because the session is not billed"
    own = ", without a claim because both sides are one company" * facts.booked.is_own_network
    return Step(
        name="CLEARED",
        status="DONE",
        at=facts.booked.cleared_at,
        text=f"Cleared into {facts.window.title}{zero or own}.{_credited_since(facts)}",
    )


def _at_the_limit(facts: Facts, since: datetime) -> Step:
    """V703 is said where finance.md §6 wants it: at clearing, to both sides alike."""
    buyer = facts.sent.csp_id or "the provider"
    zone = facts.window.time_zone if facts.window else _DEFAULT_ZONE
    if facts.is_blocked_by_hand:
        # Why is a matter between the clearing house and the buyer.
        return Step(
            name="CLEARED",
            status="STOPPED",
            text=f"Held at clearing: what {buyer} buys waits by an act of the clearing house since"
            f" {local_instant(since, zone)}. It stays accepted and is in no statement yet.",
            next_step="Once the act is lifted, the next hourly run clears it."
            f" Ask the clearing house.{_in_time(facts)}",
        )
    return Step(
        name="CLEARED",
        status="STOPPED",
        text=f"Held at clearing (V703): {buyer} reached its exposure limit on"
        f" {local_instant(since, zone)}. It stays accepted and is in no statement yet.",
        next_step=f"{buyer} pays what it owes or gives more cover; the next hourly run then clears"
        f" it.{_in_time(facts)}",
    )


def _credited_since(facts: Facts) -> str:
    credit = next((one for one in facts.answers if one.kind == "CREDIT"), None)
    return f" Credited since by {credit.sdr_id}, which has a way of its own." if credit else ""


def _settled(facts: Facts) -> Step:
    if facts.statement and facts.settled_at:
        return Step(
            name="SETTLED",
            status="DONE",
            at=facts.settled_at,
            text=f"Settled in statement {facts.statement.number}.",
        )
    if facts.window is None or facts.booked is None:
        return Step(name="SETTLED", status="WAITING", text="Goes into the window's statement.")
    if facts.window.state == "OPEN":
        text = (
            f"Cleared into {facts.window.title}, which closes on {_closing(facts.window)}: it will"
            " be in that statement."
        )
        return Step(name="SETTLED", status="WAITING", text=text, next_step="Nothing until then.")
    return Step(
        name="SETTLED",
        status="WAITING",
        text=f"{facts.window.title} is closed; its statements are being issued.",
        next_step="Nothing; look again in a few minutes.",
    )


def _paid(facts: Facts) -> Step:
    if facts.money_flow == "INSTRUCTION_ONLY":
        text = "Is paid from partner to partner, netted with everything else of the window."
        return Step(name="PAID", status="WAITING", text=text, next_step=_INSTRUCTIONS)
    return Step(
        name="PAID",
        status="WAITING",
        text="Is paid out once the payments of the owing partners are final.",
        next_step="Pay the statement's position if it is yours to pay; otherwise nothing.",
    )


def _closing(window: WindowTold) -> str:
    return local_instant(window.closes_at, window.time_zone)

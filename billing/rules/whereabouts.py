"""*Where is my record?*: the steps of one record told in plain words, to both of its sides.

Facts in, story out; nothing is read here. Every step says what happened, when, and what comes
next; a record that is in no statement says why. States up to ACCEPTED are roaming's, those after
it are billing's rows (design "Life of a record").
"""

from datetime import timedelta

import msgspec
from django.utils.translation import gettext_noop

from billing.rules.supply_period import local_instant
from billing.rules.whereabouts_clearing import cleared, paid, settled
from billing.rules.whereabouts_facts import (
    BY_ITSELF,
    DEFAULT_ZONE,
    Facts,
    in_time,
    next_of_dispute,
    say,
)
from billing.rules.whereabouts_told import RecordWhereabouts, Step

_AGAIN = gettext_noop("A corrected record may have the same id.")
_AHEAD = {
    "DELIVERED": gettext_noop("The provider gets it once it has passed the checks."),
    "ACCEPTED": gettext_noop(
        "At once, after some days or by the provider's word, as the agreement says."
    ),
    "CLEARED": gettext_noop(
        "Within an hour of its acceptance, into the earliest window still open."
    ),
    "SETTLED": gettext_noop("When that window closes and its statements are issued."),
    "PAID": gettext_noop("With the statement's position."),
}
# With remarks, after having been held.
_PASSED = {
    (False, False): gettext_noop("Passed the checks."),
    (True, False): gettext_noop("Passed the checks with remarks."),
    (False, True): gettext_noop("Passed the checks after having been held."),
    (True, True): gettext_noop("Passed the checks with remarks after having been held."),
}
_TAKEN_BACK = {
    "REPLACED": gettext_noop("Replaced by %(names)s"),
    "REPLACED_LATER": gettext_noop("Replaced by a later record"),
    "CANCELS": gettext_noop("Cancels %(id)s, which nobody had accepted yet"),
    "CANCELLED": gettext_noop("Cancelled by its credit %(names)s"),
    "WITHDRAWN": gettext_noop("Withdrawn"),
}


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
    came_in = (
        say("It came in, attempt %(number)s under its id.", number=facts.sent.attempt)
        if facts.sent.attempt > 1
        else say("It came in.")
    )
    received = Step(name="RECEIVED", status="DONE", at=facts.sent.received_at, text=came_in)
    checked = _checked(facts)
    if facts.state == "REJECTED":
        return [received, checked]
    if facts.state in ("WITHDRAWN", "SUPERSEDED"):
        return [received, checked, _taken_back(facts)]
    later = [_delivered(facts), _accepted(facts), cleared(facts), settled(facts), paid(facts)]
    return _behind_the_open_step([received, checked, *later])


def _behind_the_open_step(steps: list[Step]) -> list[Step]:
    """Whatever follows a step that is not done lies ahead and asks nobody for anything."""
    told, is_open = [], False
    for step in steps:
        if is_open:
            step = Step(name=step.name, status="AHEAD", text=say(_AHEAD[step.name]))
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
            text=say(
                "Refused (%(codes)s): it is in no statement, and its id is free again.",
                codes=open_codes,
            ),
            next_step=f"{_remedies(facts)} {say(_AGAIN)}".strip(),
        )
    if facts.state == "HELD":
        return Step(
            name="CHECKED",
            status="STOPPED",
            at=facts.changed_at,
            text=say(
                "Held (%(codes)s): it is in no statement until released.",
                codes=open_codes or say("under review"),
            ),
            next_step=_remedies(facts) + in_time(facts),
        )
    if facts.state == "RECEIVED":
        text = say("Waits to be checked.")
        return Step(name="CHECKED", status="WAITING", text=text, next_step=say("Nothing."))
    is_warned = any(found.severity == "WARN" for found in facts.findings)
    at = facts.sent.received_at if not facts.was_held else facts.delivered_at
    text = say(_PASSED[is_warned, facts.was_held])
    return Step(name="CHECKED", status="DONE", at=at, text=text)


def _remedies(facts: Facts) -> str:
    found = [say(one.remedy) for one in facts.findings if one.is_open and one.remedy]
    return " ".join(dict.fromkeys(found))


def _taken_back(facts: Facts) -> Step:
    names = _answers(facts)
    told = say(_TAKEN_BACK[_how_taken_back(facts, names)], names=names, id=facts.credits_sdr_id)
    reason = f" ({facts.reason})" if facts.reason and not names else ""
    following = (
        say("Follow %(names)s.", names=names)
        if names
        else say("Nothing is left to do for this record.")
    )
    return Step(
        name="ACCEPTED",
        status="STOPPED",
        at=facts.changed_at,
        text=say("%(what)s: it is in no statement.", what=told + reason),
        next_step=following,
    )


def _how_taken_back(facts: Facts, names: str) -> str:
    if facts.state == "SUPERSEDED":
        return "REPLACED" if names else "REPLACED_LATER"
    if facts.credits_sdr_id:
        return "CANCELS"
    return "CANCELLED" if names else "WITHDRAWN"


def _answers(facts: Facts) -> str:
    return f" {say('and')} ".join(answer.sdr_id for answer in facts.answers)


def _delivered(facts: Facts) -> Step:
    if facts.delivered_at is None:
        text = say(
            "Goes to %(csp)s once it has passed the checks.",
            csp=facts.sent.csp_id or say("the provider"),
        )
        return Step(name="DELIVERED", status="WAITING", text=text)
    text = say("Handed to %(csp)s.", csp=facts.sent.csp_id)
    return Step(name="DELIVERED", status="DONE", at=facts.delivered_at, text=text)


def _accepted(facts: Facts) -> Step:
    if facts.state == "ACCEPTED":
        how = {
            "ON_VALIDATION": say("At once, as the agreement says."),
            "DEEMED": say("The time for objections is over."),
        }.get(facts.acceptance, say("By %(csp)s.", csp=facts.sent.csp_id))
        return Step(name="ACCEPTED", status="DONE", at=facts.accepted_at, text=how)
    if facts.state == "DISPUTED":
        return Step(
            name="ACCEPTED",
            status="STOPPED",
            at=facts.changed_at,
            text=say(
                "Disputed by %(csp)s: it is in no statement until that is settled.",
                csp=f"{facts.sent.csp_id}{_numbered(facts)}",
            ),
            next_step=next_of_dispute(facts)
            or say("Answer the dispute, or correct the record by a new one."),
        )
    return _waits_for_acceptance(facts)


def _waits_for_acceptance(facts: Facts) -> Step:
    csp = facts.sent.csp_id
    following = (
        say("%(csp)s accepts or disputes it.", csp=csp)
        if csp
        else say("The provider accepts or disputes it.")
    )
    waits = Step(
        name="ACCEPTED",
        status="WAITING",
        text=say(
            "Waits for %(csp)s to accept it: in no statement yet.",
            csp=csp or say("the provider"),
        ),
        next_step=following + in_time(facts),
    )
    if facts.acceptance == "DEEMED" and facts.delivered_at:
        until = facts.delivered_at + timedelta(days=facts.acceptance_days)
        day = local_instant(until, facts.window.time_zone if facts.window else DEFAULT_ZONE)
        text = say(
            "Is accepted on %(day)s unless %(csp)s disputes it: in no statement yet.",
            day=day,
            csp=csp,
        )
        return msgspec.structs.replace(waits, text=text, next_step=say(BY_ITSELF))
    return waits


def _numbered(facts: Facts) -> str:
    return f" ({facts.dispute.number})" if facts.dispute else ""

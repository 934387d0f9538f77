"""*Where is my record?*, after its acceptance: cleared, settled, paid."""

from datetime import datetime

from django.utils.translation import gettext_noop

from billing.rules.supply_period import local_instant
from billing.rules.whereabouts_facts import (
    BY_ITSELF,
    DEFAULT_ZONE,
    Facts,
    closing,
    in_time,
    next_of_dispute,
    say,
)
from billing.rules.whereabouts_told import BookedTold, Step

_INSTRUCTIONS = gettext_noop(
    "Pay or expect the money as your statement and its payment instructions say."
)


def cleared(facts: Facts) -> Step:
    if kept_out := _kept_out(facts):
        return kept_out
    if facts.booked is None and facts.credits_sdr_id:
        text = say(
            "Is cleared by the next hourly run where %(id)s was; else both cancel each other and"
            " are in no statement.",
            id=facts.credits_sdr_id,
        )
        return Step(name="CLEARED", status="WAITING", text=text, next_step=say(BY_ITSELF))
    if facts.booked is None and facts.buyer_blocked_at:
        return _at_the_limit(facts, facts.buyer_blocked_at)
    if facts.booked is None or facts.window is None:
        text = (
            say(
                "Is cleared into %(period)s by the next hourly run: in no statement yet.",
                period=facts.window.title,
            )
            if facts.window
            else say("Is cleared by the next hourly run: in no statement yet.")
        )
        return Step(name="CLEARED", status="WAITING", text=text, next_step=say(BY_ITSELF))
    return Step(
        name="CLEARED",
        status="DONE",
        at=facts.booked.cleared_at,
        text=_booked_into(facts.window.title, facts.booked) + _credited_since(facts),
    )


def _kept_out(facts: Facts) -> Step | None:
    """Accepted, and yet not to be cleared: a dispute is open, or a credit cancels it."""
    if facts.booked is not None:
        return None
    if facts.dispute and facts.dispute.is_open:
        text = say(
            "Kept out by dispute %(number)s: in no statement until it is settled.",
            number=facts.dispute.number,
        )
        return Step(name="CLEARED", status="STOPPED", text=text, next_step=next_of_dispute(facts))
    credit = next((one for one in facts.answers if one.kind == "CREDIT"), None)
    if credit:
        return Step(
            name="CLEARED",
            status="STOPPED",
            text=say(
                "Credited by %(id)s before it was cleared: both cancel each other and are in no"
                " statement.",
                id=credit.sdr_id,
            ),
            next_step=say("Nothing is left to do for this record."),
        )
    return None


def _booked_into(period: str, booked: BookedTold) -> str:
    if not booked.is_billed:
        return say(
            "Cleared into %(period)s, at zero because the session is not billed.", period=period
        )
    if booked.is_own_network:
        return say(
            "Cleared into %(period)s, without a claim because both sides are one company.",
            period=period,
        )
    return say("Cleared into %(period)s.", period=period)


def _at_the_limit(facts: Facts, since: datetime) -> Step:
    """V703 is said where finance.md §6 wants it: at clearing, to both sides alike."""
    buyer = facts.sent.csp_id or say("the provider")
    zone = facts.window.time_zone if facts.window else DEFAULT_ZONE
    if facts.is_blocked_by_hand:
        # Why is a matter between the clearing house and the buyer.
        return Step(
            name="CLEARED",
            status="STOPPED",
            text=say(
                "Held at clearing: what %(buyer)s buys waits by an act of the clearing house since"
                " %(day)s. It stays accepted and is in no statement yet.",
                buyer=buyer,
                day=local_instant(since, zone),
            ),
            next_step=say(
                "Once the act is lifted, the next hourly run clears it. Ask the clearing house."
            )
            + in_time(facts),
        )
    return Step(
        name="CLEARED",
        status="STOPPED",
        text=say(
            "Held at clearing (V703): %(buyer)s reached its exposure limit on %(day)s. It stays"
            " accepted and is in no statement yet.",
            buyer=buyer,
            day=local_instant(since, zone),
        ),
        next_step=say(
            "%(buyer)s pays what it owes or gives more cover; the next hourly run then clears it.",
            buyer=buyer,
        )
        + in_time(facts),
    )


def _credited_since(facts: Facts) -> str:
    credit = next((one for one in facts.answers if one.kind == "CREDIT"), None)
    if credit is None:
        return ""
    return " " + say("Credited since by %(id)s, which has a way of its own.", id=credit.sdr_id)


def settled(facts: Facts) -> Step:
    if facts.statement and facts.settled_at:
        return Step(
            name="SETTLED",
            status="DONE",
            at=facts.settled_at,
            text=say("Settled in statement %(number)s.", number=facts.statement.number),
        )
    if facts.window is None or facts.booked is None:
        text = say("Goes into the window's statement.")
        return Step(name="SETTLED", status="WAITING", text=text)
    if facts.window.state == "OPEN":
        text = say(
            "Cleared into %(period)s, which closes on %(day)s: it will be in that statement.",
            period=facts.window.title,
            day=closing(facts.window),
        )
        following = say("Nothing until then.")
        return Step(name="SETTLED", status="WAITING", text=text, next_step=following)
    return Step(
        name="SETTLED",
        status="WAITING",
        text=say(
            "%(period)s is closed; its statements are being issued.", period=facts.window.title
        ),
        next_step=say("Nothing; look again in a few minutes."),
    )


def paid(facts: Facts) -> Step:
    if facts.money_flow == "INSTRUCTION_ONLY":
        text = say("Is paid from partner to partner, netted with everything else of the window.")
        return Step(name="PAID", status="WAITING", text=text, next_step=say(_INSTRUCTIONS))
    return Step(
        name="PAID",
        status="WAITING",
        text=say("Is paid out once the payments of the owing partners are final."),
        next_step=say("Pay the statement's position if it is yours to pay; otherwise nothing."),
    )

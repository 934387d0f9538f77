"""What each verb of a dispute needs, and what it changes on the dispute's own row."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeGuard

from roaming.models import Dispute
from roaming.rules import dispute as rules
from roaming.rules.dispute import DisputeRefused


def check(dispute: Dispute, verb: str, *, text: str, actor: str) -> None:
    if not dispute.is_confirmed and verb in ("accept", "reject", "partial"):
        raise DisputeRefused("NOT_CONFIRMED", "The CSP has not confirmed this dispute yet.")
    if verb == "confirm" and dispute.is_confirmed:
        raise DisputeRefused("VERB_NOT_NOW", "The dispute is confirmed already.")
    if verb in ("reject", "partial", "contest", "decide", "appeal", "message") and not text.strip():
        raise DisputeRefused("TEXT_MISSING", f"{verb} needs a text: say why.")
    if verb == "appeal" and dispute.events.filter(verb="appeal").exists():
        raise DisputeRefused("APPEALED_ALREADY", "One appeal is heard; the decision stands.")
    if verb == "decide":
        earlier = dispute.events.filter(verb="decide", actor=actor)
        if earlier.exists():
            raise DisputeRefused("SAME_OFFICER", "An appeal is decided by a second officer.")
    if (verb == "stop_clock") == (dispute.clock_stopped_at is not None) and "clock" in verb:
        raise DisputeRefused("VERB_NOT_NOW", "The clock stands so already.")


def check_due(dispute: Dispute, verb: str, *, now: datetime) -> None:
    """The clock may have been overtaken by an answer since it looked."""
    if verb not in ("expire", "drop"):
        return
    is_due = dispute.deadline_at is not None and dispute.deadline_at <= now
    is_stopped = dispute.clock_stopped_at is not None
    if is_stopped or not (is_due or dispute.expires_at <= now):
        raise DisputeRefused("VERB_NOT_NOW", "The deadline has not passed.")
    if (verb == "drop") == dispute.is_confirmed:
        raise DisputeRefused("VERB_NOT_NOW", "Only what was never confirmed is dropped.")


def _confirm(dispute: Dispute, *, now: datetime, **_) -> None:
    dispute.is_confirmed = True
    dispute.deadline_at = rules.deadline_of("OPEN", now=now, expires_at=dispute.expires_at)
    dispute.reminded_at = None


def _accept(dispute: Dispute, **_) -> None:
    dispute.offered_amount = floor(dispute)


def _reject(dispute: Dispute, **_) -> None:
    dispute.offered_amount = dispute.claim_amount


def _partial(dispute: Dispute, *, amount: Decimal | None, **_) -> None:
    low, high = sorted((floor(dispute), claim(dispute)))
    if not is_money(amount) or not low < amount < high:
        raise DisputeRefused(
            "AMOUNT_WRONG", f"Offer an amount between {_short(low)} and {_short(high)}."
        )
    dispute.offered_amount = amount


def _decide(dispute: Dispute, *, amount: Decimal | None, text: str, **_) -> None:
    low, high = sorted((floor(dispute), claim(dispute)))
    if not is_money(amount) or not low <= amount <= high:
        raise DisputeRefused(
            "AMOUNT_WRONG", f"Decide an amount from {_short(low)} to {_short(high)}."
        )
    dispute.decided_amount = amount
    dispute.grounds = text


def _stop_clock(dispute: Dispute, *, now: datetime, **_) -> None:
    dispute.clock_stopped_at = now


def _start_clock(dispute: Dispute, *, now: datetime, **_) -> None:
    stood = now - (dispute.clock_stopped_at or now)
    dispute.expires_at += stood
    if dispute.deadline_at:
        dispute.deadline_at += stood
    dispute.clock_stopped_at = None


def _remind(dispute: Dispute, *, now: datetime, **_) -> None:
    dispute.reminded_at = now


EFFECTS: Mapping[str, Callable[..., None]] = {
    "confirm": _confirm,
    "accept": _accept,
    "reject": _reject,
    "partial": _partial,
    "decide": _decide,
    "stop_clock": _stop_clock,
    "start_clock": _start_clock,
    "remind": _remind,
}


def claim(dispute: Dispute) -> Decimal:
    return dispute.claim_amount or Decimal(0)


def floor(dispute: Dispute) -> Decimal:
    """What the record is worth where the CSP is right."""
    return claim(dispute) - (dispute.disputed_amount or Decimal(0))


def _short(amount: Decimal) -> str:
    """As on the pages: two decimals, more only where there are more."""
    text = f"{amount:.6f}"
    return text[:-4] + text[-4:].rstrip("0")


def is_money(amount: Decimal | None) -> TypeGuard[Decimal]:
    """A number with at most the six decimals that the column holds."""
    return amount is not None and amount.is_finite() and round(amount, 6) == amount

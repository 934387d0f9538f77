"""We are the one who asks: register at a partner's system, and say what to do where it fails."""

from dataclasses import dataclass
from datetime import datetime

from partners.models import RoamingEndpoint
from partners.services import audit
from roaming.gateways import NotReached, gateway_of
from roaming.messages.registrations import Registration

_State = RoamingEndpoint.State
# What a person does next, by the code of the protocol, else by how it failed.
_NEXT_BY_CODE = {
    2001: "It found our credentials wrong: show the partner the exchange on this connection.",
    3001: "See that the address is that of its versions, that it can be reached from here, and"
    " that the token is a fresh one: most systems take a token once.",
    3002: "Choose a version that its system lists.",
    3003: "Ask the partner for what is missing, or change what the connection requires (Quirks).",
}
_NEXT_BY_KIND = {
    "TIMED_OUT": "Its system took too long. Ask the partner whether it is up, then try again.",
    "AWAY": "Check the address and the partner's firewall; its breaker may be open, too.",
    "BROKEN": "Something that is not OCPI answered there: ask the partner for its versions URL.",
    "UNABLE": "Nothing can be registered there.",
    "REFUSED": "Its system refused: ask the partner why, or for a fresh token.",
}


class NotConnected(Exception):
    """It is not connected. The text says what came and what a person does next."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks for it, and why: for the audit trail."""

    actor: str
    reason: str


def connect(
    endpoint: RoamingEndpoint, wanted: Registration, *, who: Who, now: datetime
) -> RoamingEndpoint:
    """Register at the partner's system and return the endpoint as it stands then.

    A failure leaves the connection as it was; either way an audit event tells of it. One that is
    connected already is registered anew: its old tokens are good until the new one was shown.

    :raises NotConnected: what came, and what to do next
    """
    fresh = RoamingEndpoint.objects.select_related("owner").get(pk=endpoint.pk)
    if fresh.state == _State.SUSPENDED:
        raise NotConnected("The connection is suspended. End the suspension first.")
    if not fresh.parties.exists():
        raise NotConnected("It speaks for nobody yet. Approve its parties by Edit first.")
    try:
        gateway_of(fresh.protocol).register(fresh, wanted, now=now)
    except NotReached as failure:
        _note("connect_failed", fresh, wanted, who=who, now=now, failure=failure)
        raise NotConnected(f"{_sentence(str(failure))} {_next_step(failure)}") from failure
    fresh.refresh_from_db()
    _note("connected", fresh, wanted, who=who, now=now)
    return fresh


def _next_step(failure: NotReached) -> str:
    if failure.kind == "REFUSED":
        return _NEXT_BY_CODE.get(failure.status_code or 0, _NEXT_BY_KIND["REFUSED"])
    return _NEXT_BY_KIND[failure.kind]


def _sentence(text: str) -> str:
    """The partner's words begin and end as they like."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def _note(
    verb: str,
    endpoint: RoamingEndpoint,
    wanted: Registration,
    *,
    who: Who,
    now: datetime,
    failure: NotReached | None = None,
) -> None:
    """Never the token: the address and the version are what may be told."""
    after = {"versions_url": wanted.versions_url, "version": wanted.version}
    if failure:
        after |= {"kind": failure.kind, "why": str(failure)[:500]}
    audit.record(
        f"roamingendpoint.{verb}",
        endpoint,
        actor=who.actor,
        at=now,
        reason=who.reason,
        after=after,
    )

"""Whom a remote request is for: the CSO of a location, of a session or of a kept place."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from partners.models import Party
from partners.queries import owner_standings
from roaming.messages.authorizations import ShownCredential
from roaming.messages.sessions import RemoteAsk
from roaming.models import Location, Reservation, ServiceSession, SessionAlias
from roaming.rules.identity import AUTHORIZING
from roaming.services.session_sides import have_agreed, listing_csps

_BY_LOCATION = {"START", "RESERVE", "UNLOCK"}
_WITH_DRIVER = {"START", "RESERVE"}


class RemoteRefused(Exception):
    """The request is not passed on; ``code`` is stable."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Target:
    """The CSO to ask, and what the request is about where we know it."""

    cso: Party
    session: ServiceSession | None = None
    reservation: Reservation | None = None


def route(asked: RemoteAsk, *, csp: Party, cso: Party | None, now: datetime) -> Target:
    """Find whom to ask; ``cso`` is whom the asker names, None: nobody.

    :raises RemoteRefused: UNKNOWN_LOCATION, UNKNOWN_SESSION, UNKNOWN_RESERVATION, AMBIGUOUS,
        NO_AGREEMENT, CREDENTIAL_NOT_YOURS.
    """
    if asked.kind in _WITH_DRIVER:
        _check_driver(asked.driver, csp)
    if asked.kind == "CANCEL_RESERVATION":
        target = _of_reservation(asked.reservation_id, csp, cso)
    elif asked.kind in _BY_LOCATION:
        target = Target(_of_location(asked, csp, cso, now))
    else:
        session = session_of(asked.session_id, csp=csp, cso=cso)
        target = Target(session.cso, session)
    if not have_agreed(target.cso, csp, now=now):
        raise RemoteRefused("NO_AGREEMENT", f"{csp.code} and {target.cso.code} have no agreement.")
    if asked.kind in _WITH_DRIVER:
        _refuse_who_does_not_serve((csp, target.cso), now=now)
    return target


def session_of(session_id: str, *, csp: Party, cso: Party | None = None) -> ServiceSession:
    """The CSP's session by its CSO's id, by its own reference or by ours.

    :raises RemoteRefused: UNKNOWN_SESSION, AMBIGUOUS.
    """
    aliases = SessionAlias.objects.filter(alias__iexact=session_id)
    meant = Q(pk__in=aliases.values("session"))
    with suppress(ValueError):
        meant |= Q(pk=UUID(session_id))
    found = ServiceSession.objects.filter(meant, csp=csp).select_related("cso", "csp")
    if cso is not None:
        found = found.filter(cso=cso)
    sessions = list(found[:2])
    if not sessions:
        raise RemoteRefused("UNKNOWN_SESSION", f"{csp.code} has no session {session_id}.")
    if len(sessions) > 1:
        raise RemoteRefused(
            "AMBIGUOUS", f"Several operators have a session {session_id}; name the operator."
        )
    return sessions[0]


def _of_location(asked: RemoteAsk, csp: Party, cso: Party | None, now: datetime) -> Party:
    """The operator of the location; one that the asker names need not have told us of it."""
    if cso is not None:
        return cso
    places = Location.objects.filter(
        location_id__iexact=asked.location_id,
        environment=csp.environment,
        removed_at__isnull=True,
    )
    if asked.evse_uid:
        exact = places.filter(evses__evse_uid__iexact=asked.evse_uid)
        places = exact if exact.exists() else places
    owners = {place.cso for place in places.select_related("cso")}
    if len(owners) > 1:
        owners = {one for one in owners if have_agreed(one, csp, now=now)} or owners
    if not owners:
        raise RemoteRefused("UNKNOWN_LOCATION", f"No location {asked.location_id} is known here.")
    if len(owners) > 1:
        raise RemoteRefused(
            "AMBIGUOUS",
            f"Several operators have a location {asked.location_id}; name the operator.",
        )
    return owners.pop()


def _of_reservation(reservation_id: str, csp: Party, cso: Party | None) -> Target:
    found = Reservation.objects.filter(csp=csp, reservation_id=reservation_id)
    kept = found.select_related("cso").first()
    if kept is None or (cso is not None and kept.cso != cso):
        raise RemoteRefused("UNKNOWN_RESERVATION", f"{csp.code} keeps no place {reservation_id}.")
    return Target(kept.cso, reservation=kept)


def _refuse_who_does_not_serve(sides: tuple[Party, Party], *, now: datetime) -> None:
    """What begins a session is refused as an authorization is; what runs may be stopped."""
    standings = owner_standings(sides, now=now)
    for side in sides:
        if standings.get(side.pk, "") not in AUTHORIZING:
            raise RemoteRefused("NO_AGREEMENT", f"{side.code} is not served here now.")


def _check_driver(driver: ShownCredential | None, csp: Party) -> None:
    """A CSP sends its own drivers: what only others list as their drivers' is not its."""
    if driver is None:
        raise RemoteRefused("CREDENTIAL_NOT_YOURS", "Say for which of your drivers this is.")
    every = Party.objects.filter(role=Party.Role.CSP, environment=csp.environment)
    listing = listing_csps(driver, every)
    if listing and csp.pk not in listing:
        raise RemoteRefused("CREDENTIAL_NOT_YOURS", "Another provider lists this credential.")

"""Sessions as trees of a version, and as we keep them: whole, but for the driver.

A tree is stored as it came. It is told in another version by translation; a session of our own API
is told in 2.2.1 first.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from partners.models import Party
from roaming.messages.authorizations import CredentialKindWord, ShownCredential
from roaming.messages.sessions import SessionFacts, SessionStateWord
from roaming.models import Location, ServiceSession
from roaming.protocols.ocpi import objects
from roaming.protocols.ocpi.identity import format_of, version_of
from roaming.protocols.ocpi.locations import location_tree, ordered
from roaming.protocols.ocpi.objects import Tree
from roaming.protocols.ocpi.trees import times
from roaming.protocols.ocpi.trees.known import Known
from roaming.services.session_facts import facts_of_many

# In which version sessions meet: the others are translated to and from it.
COMMON = "2.2.1"
_NOT_TOLD = "#NA"
_OF_DRIVER = ("cdr_token", "auth_id")
_STATE_OF: dict[str, SessionStateWord] = {
    "PENDING": "PENDING",
    "RESERVATION": "RESERVED",
    "ACTIVE": "ACTIVE",
    "COMPLETED": "COMPLETED",
    "INVALID": "INVALID",
}
_WORD_OF = {state: word for word, state in _STATE_OF.items()}
_KIND_OF: dict[str, CredentialKindWord] = {
    "RFID": "RFID",
    "APP_USER": "APP",
    "AD_HOC_USER": "AD_HOC",
    "EMAID": "CERTIFICATE",
}
_TYPE_OF: dict[str, str] = {kind: word for word, kind in _KIND_OF.items() if word != "EMAID"}


def session_facts(tree: Tree, version: str, *, cso: Party) -> SessionFacts:
    """A session without fatal faults in our words; the driver apart from the rest.

    :raises Untranslatable: its place cannot be told, as with a 2.1.1 session at two connectors
    """
    known = Known(owner=cso.code, token_of=_token_of_contract)
    flat = tree if version == COMMON else objects.translate("Session", tree, version, COMMON, known)
    flat = flat if isinstance(flat, dict) else flat.tree
    token = flat.get("cdr_token") or {}
    cost = flat.get("total_cost") or {}
    owner = (token.get("country_code"), token.get("party_id"))
    return SessionFacts(
        session_id=tree["id"],
        state=_STATE_OF[flat["status"]],
        csp_code="*".join(owner).upper() if all(owner) else "",  # type: ignore[arg-type]
        driver=shown(token) if token else None,
        driver_document={name: tree[name] for name in _OF_DRIVER if tree.get(name) is not None},
        authorization_method=str(flat.get("auth_method") or "")[:30],
        authorization_reference=flat.get("authorization_reference") or "",
        location_id=flat["location_id"],
        evse_uid=flat["evse_uid"],
        connector_id=flat["connector_id"],
        started_at=_instant(flat.get("start_date_time")),
        ended_at=_instant(flat.get("end_date_time")),
        energy_kwh=Decimal(flat["kwh"]),
        currency=flat["currency"],
        total_excl_tax=_figure(cost.get("excl_vat")),
        total_incl_tax=_figure(cost.get("incl_vat")),
        updated_at=_instant(flat["last_updated"]),
        document={name: value for name, value in tree.items() if name not in _OF_DRIVER},
        document_format=format_of(version),
    )


def shown(token: Tree) -> ShownCredential:
    """What a Token or CdrToken shows of a driver."""
    return ShownCredential(
        kind=_KIND_OF.get(token.get("type") or "", "OTHER"),
        uid=token.get("uid") or "",
        contract_id=token.get("contract_id") or token.get("auth_id") or "",
    )


def type_of(kind: str) -> str:
    """OCPI's word for a kind of credential, in 2.2.1."""
    return _TYPE_OF.get(kind, "OTHER")


def session_tree(session: ServiceSession, facts: SessionFacts, version: str) -> Tree:
    """A stored session as ``version`` tells it.

    :raises Untranslatable: that version has no words for it
    """
    source = version_of(facts.document_format)
    tree = _as_stored(session, facts, source) if source else _native(session, facts)
    source = source or COMMON
    if source == version:
        return tree
    known = Known(
        owner=session.cso.code,
        token_of=lambda auth_id: _token(session, facts, auth_id),
        location_of=lambda location_id: _location(session, location_id),
    )
    return objects.translate("Session", tree, source, version, known).tree


def session_trees(sessions: Sequence[ServiceSession], version: str) -> Iterable[Tree]:
    """Those that ``version`` has words for."""
    for session, facts in zip(sessions, facts_of_many(sessions), strict=True):
        try:
            yield session_tree(session, facts, version)
        except objects.Untranslatable:
            continue


def patched(stored: Tree, patch: Tree) -> Tree:
    """A patch merged in: its periods are more periods, nothing is taken away (2.2.1 §9.2.2.3)."""
    merged = stored | {name: value for name, value in patch.items() if value is not None}
    more = patch.get("charging_periods")
    if more is not None:
        merged["charging_periods"] = [*(stored.get("charging_periods") or ()), *more]
    return merged


def _as_stored(session: ServiceSession, facts: SessionFacts, source: str) -> Tree:
    driver = facts.driver_document
    if not driver:
        token = _token(session, facts, _NOT_TOLD)
        driver = {"auth_id": token["contract_id"]} if source == "2.1.1" else {"cdr_token": token}
    return facts.document | driver


def _native(session: ServiceSession, facts: SessionFacts) -> Tree:
    """A session of our own API; what it need not say and OCPI wants is said to be missing."""
    cost = {"excl_vat": facts.total_excl_tax, "incl_vat": facts.total_incl_tax}
    tree: dict[str, Any] = {
        "country_code": session.cso.country_code,
        "party_id": session.cso.party_id,
        "id": facts.session_id,
        "start_date_time": times.written(facts.started_at or facts.updated_at),
        "end_date_time": times.written(facts.ended_at) if facts.ended_at else None,
        "kwh": facts.energy_kwh if facts.energy_kwh is not None else Decimal(0),
        "cdr_token": _token(session, facts, _NOT_TOLD),
        "auth_method": facts.authorization_method or "AUTH_REQUEST",
        "authorization_reference": facts.authorization_reference or None,
        "location_id": facts.location_id or _NOT_TOLD,
        "evse_uid": facts.evse_uid or _NOT_TOLD,
        "connector_id": facts.connector_id or _NOT_TOLD,
        "currency": facts.currency or "EUR",
        "total_cost": {name: value for name, value in cost.items() if value is not None}
        if facts.total_excl_tax is not None
        else None,
        "status": _WORD_OF[facts.state],
        "last_updated": times.written(facts.updated_at),
    }
    return {name: value for name, value in tree.items() if value is not None}


def _token(session: ServiceSession, facts: SessionFacts, auth_id: str) -> Tree:
    """A CdrToken of the driver; of an erased one nothing but whose driver it was."""
    csp, driver = session.csp, facts.driver
    return {
        "country_code": csp.country_code if csp else session.cso.country_code,
        "party_id": csp.party_id if csp else _NOT_TOLD,
        "uid": (driver.uid if driver else "") or auth_id,
        "type": type_of(driver.kind if driver else ""),
        "contract_id": (driver.contract_id if driver else "") or auth_id,
    }


def _token_of_contract(auth_id: str) -> Tree:
    """Whose contract it is, our registry knows; a 2.1.1 session tells no more than its id."""
    return {"uid": auth_id, "type": "OTHER", "contract_id": auth_id}


def _location(session: ServiceSession, location_id: str) -> Tree | None:
    place = Location.objects.filter(cso=session.cso_id, location_id__iexact=location_id).first()
    if place is None:
        return None
    evses = ordered(place.evses.all())
    try:
        return location_tree(place, evses, COMMON, now=session.updated_at)
    except objects.Untranslatable:
        return None


def _instant(text: str | None) -> Any:
    return times.instant(text) if text else None


def _figure(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)

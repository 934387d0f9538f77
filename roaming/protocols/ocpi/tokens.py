"""OCPI's Token and LocationReferences, and our words for them.

What came in a version goes out in it as it came. In another version a type that it lacks becomes
OTHER (2.1.1: everything but RFID; before 2.3.0: EMAID), and fields that it lacks are left out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from partners.models import Party
from roaming.messages.authorizations import (
    CredentialKindWord,
    PublishedCredential,
    ShownCredential,
    WhereCharged,
)
from roaming.protocols.ocpi.identity import format_of, version_of
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.times import instant, written

USUAL_TYPE = "RFID"
_KIND_OF_TYPE: dict[str, CredentialKindWord] = {
    "RFID": "RFID",
    "APP_USER": "APP",
    "AD_HOC_USER": "AD_HOC",
    "EMAID": "CERTIFICATE",
}
_TYPE_OF_KIND = {
    "RFID": "RFID",
    "APP": "APP_USER",
    "AD_HOC": "AD_HOC_USER",
    "CERTIFICATE": "EMAID",
}
_TYPES = {
    "2.1.1": {"RFID", "OTHER"},
    "2.2.1": {"RFID", "APP_USER", "AD_HOC_USER", "OTHER"},
}
_ONLY_SINCE_2_2 = (
    "country_code",
    "party_id",
    "contract_id",
    "group_id",
    "default_profile_type",
    "energy_contract",
)

# A word that nobody knows may be of any length; the whole of it is sealed.
_LONGEST_KIND = 40
# As our locations' own; answers are not checked by their schema.
_LONGEST_PLACE = 100


def kind_of(type_word: str) -> CredentialKindWord:
    """Our word for a TokenType; what is not known counts as OTHER."""
    return _KIND_OF_TYPE.get(type_word.upper(), "OTHER")


def type_of(kind: str, version: str, *, told: str = "") -> str:
    """The TokenType in ``version``; ``told`` is how its CSP called it."""
    word = told or _TYPE_OF_KIND.get(kind, "OTHER")
    known = _TYPES.get(version)
    return word if known is None or word in known else "OTHER"


def published_of(tree: Tree, version: str, *, now: datetime) -> PublishedCredential:
    """A checked Token as its CSP publishes it; the whole of it is sealed."""
    stated = tree.get("auth_id") if version == "2.1.1" else tree.get("contract_id")
    return PublishedCredential(
        shown=ShownCredential(
            kind=kind_of(tree["type"]), uid=tree["uid"], contract_id=str(stated or "")
        ),
        wire_kind=tree["type"][:_LONGEST_KIND],
        is_valid=tree["valid"],
        offline_policy=tree["whitelist"],
        group_id=str(tree.get("group_id") or ""),
        updated_at=instant(tree["last_updated"]) or now,
        personal=tree,
        document_format=format_of(version),
    )


def token_of(credential: PublishedCredential, *, csp: Party, version: str) -> Tree | None:
    """The Token in ``version``; ``None`` where its uid is not known (hashed, or erased)."""
    shown = credential.shown
    if not shown.uid:
        return None
    came_in = version_of(credential.document_format)
    if came_in:
        tree = dict(credential.personal)
    else:
        tree = _native(credential, csp)
        came_in = "2.2.1"
    tree = _between(tree, came_in, version, csp)
    tree["type"] = type_of(shown.kind, version, told=str(tree["type"]))
    tree["valid"], tree["whitelist"] = credential.is_valid, credential.offline_policy
    if instant(str(tree.get("last_updated", ""))) != credential.updated_at:
        tree["last_updated"] = written(credential.updated_at)
    return tree


def token_made_up(
    shown: ShownCredential, *, csp: Party, version: str, contract_id: str, now: datetime
) -> Tree:
    """A Token of what a CSP allowed and told nothing more about: the envelope demands one."""
    credential = PublishedCredential(
        shown=ShownCredential(
            kind=shown.kind, uid=shown.uid, contract_id=contract_id or shown.contract_id
        ),
        is_valid=True,
        offline_policy="NEVER",
        updated_at=now,
    )
    tree = token_of(credential, csp=csp, version=version)
    return tree or {}


def where_of(tree: Tree | None) -> WhereCharged | None:
    """LocationReferences in our words."""
    if not tree or not isinstance(tree.get("location_id", ""), str):
        return None
    return WhereCharged(
        location_id=tree.get("location_id", "")[:_LONGEST_PLACE],
        evse_uids=_texts(tree.get("evse_uids")),
        connector_ids=_texts(tree.get("connector_ids")),
    )


def references_of(where: WhereCharged | None, version: str) -> Tree | None:
    """LocationReferences in ``version``; connectors are of 2.1.1 alone."""
    if where is None or not where.location_id:
        return None
    tree: Tree = {"location_id": where.location_id}
    if where.evse_uids:
        tree["evse_uids"] = list(where.evse_uids)
    if where.connector_ids and version == "2.1.1":
        tree["connector_ids"] = list(where.connector_ids)
    return tree


def _between(tree: Tree, came_in: str, version: str, csp: Party) -> Tree:
    if came_in != "2.1.1" and version == "2.1.1":
        stated = tree.get("contract_id") or tree["uid"]
        kept = {name: value for name, value in tree.items() if name not in _ONLY_SINCE_2_2}
        return {**kept, "auth_id": stated}
    if came_in == "2.1.1" and version != "2.1.1":
        kept = {name: value for name, value in tree.items() if name != "auth_id"}
        return {
            "country_code": csp.country_code,
            "party_id": csp.party_id,
            **kept,
            "contract_id": tree.get("auth_id") or tree["uid"],
        }
    return tree


def _native(credential: PublishedCredential, csp: Party) -> Tree:
    shown, personal = credential.shown, credential.personal
    tree: Tree = {
        "country_code": csp.country_code,
        "party_id": csp.party_id,
        "uid": shown.uid,
        "type": type_of(shown.kind, "2.3.0"),
        "contract_id": shown.contract_id or shown.uid,
        "issuer": str(personal.get("issuer") or csp.name)[:64],
    }
    for name in ("visual_number", "language"):
        if told := personal.get(name):
            tree[name] = str(told)
    if credential.group_id:
        tree["group_id"] = credential.group_id
    return tree


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, Sequence) and value else ()

"""Voltaire's credentials: cards, apps and contract certificates, as their CSP publishes them."""

from datetime import datetime
from typing import Any

from roaming.messages.authorizations import PublishedCredential, ShownCredential
from tests import makers
from tests.makers import NOON

CARD = "04A1B2C3D4E5F6"
CONTRACT = makers.numbered_contract(1)
EMAID = "FR-VOL-C12345678-4"


def shown(**changes: Any) -> ShownCredential:
    fields: dict[str, Any] = {"kind": "RFID", "uid": CARD} | changes
    return ShownCredential(**fields)


def card(*, updated_at: datetime = NOON, **changes: Any) -> PublishedCredential:
    """A valid card of a contract; fields of what is shown may be changed too."""
    about = {name: changes.pop(name) for name in list(changes) if name in _SHOWN}
    fields: dict[str, Any] = {
        "shown": shown(**({"contract_id": CONTRACT} | about)),
        "wire_kind": "RFID",
        "is_valid": True,
        "offline_policy": "ALWAYS",
        "group_id": "",
        "updated_at": updated_at,
        "personal": {"visual_number": "DF000-2001-8999", "issuer": "Voltaire"},
    }
    return PublishedCredential(**(fields | changes))


_SHOWN = frozenset(ShownCredential.__struct_fields__)

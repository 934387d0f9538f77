"""The directory as a partner reads it: who is whose partner, and what goes through us."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from partners.models import Party, RoamingAgreement, RoamingEndpoint
from partners.rules.modes import CLEARED_HERE

# Only a pair that goes directly, in all or in control, needs to know where the other one is.
_DIRECT_WAYS = ("DIRECT", "MIXED")


class DirectoryAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the other side's system is."""

    protocol: str
    version: str
    url: str


class DirectoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One agreement of yours in force."""

    id: UUID
    own_party: str
    own_role: str
    other_party: str
    other_role: str
    other_name: str
    relation: Literal["SELLS_TO", "BUYS_FROM"]
    mode: str
    is_cleared_here: bool
    service_class: str
    currency: str
    agreement: str
    starts_at: datetime
    ends_at: datetime | None
    presence: str
    addresses: list[DirectoryAddress]


class DirectoryPage(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of their making. ``next`` is null on the last page."""

    results: list[DirectoryEntry]
    next: str | None


def entries_of(
    agreements: Iterable[RoamingAgreement], reads: Collection[UUID]
) -> list[DirectoryEntry]:
    """``reads``: the reader's parties; where both sides are its own, the seller's side is told."""
    return [_entry(one, is_seller=one.seller_id in reads) for one in agreements]


def _entry(one: RoamingAgreement, *, is_seller: bool) -> DirectoryEntry:
    own, other = (one.seller, one.buyer) if is_seller else (one.buyer, one.seller)
    presence = getattr(other, "presence", None)
    return DirectoryEntry(
        id=one.pk,
        own_party=own.code,
        own_role=own.role,
        other_party=other.code,
        other_role=other.role,
        other_name=other.name,
        relation="SELLS_TO" if is_seller else "BUYS_FROM",
        mode=one.mode,
        is_cleared_here=one.mode in CLEARED_HERE,
        service_class=one.service_class,
        currency=one.currency,
        agreement=str(one),
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        presence=presence.state if presence is not None else "",
        addresses=_addresses(other) if one.mode in _DIRECT_WAYS else [],
    )


def _addresses(party: Party) -> list[DirectoryAddress]:
    """Of the systems that are in use; where a protocol tells its versions, there."""
    return [
        DirectoryAddress(
            protocol=one.protocol,
            version=one.protocol_version,
            url=one.versions_url or one.url,
        )
        for one in sorted(party.endpoints.all(), key=lambda one: one.pk)
        if one.state != RoamingEndpoint.State.SUSPENDED and (one.versions_url or one.url)
    ]

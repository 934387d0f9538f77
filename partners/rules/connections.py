"""Whom a connection may speak for: its owner's parties, and those whose owner gave it a mandate."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Served:
    """A party that a connection is to serve: whose it is now, and whom its owner let act for it."""

    code: str
    environment: str
    owner_id: UUID | None
    agent_ids: Collection[UUID]


def why_not(party: Served, *, environment: str, owner_id: UUID) -> str:
    """The reason why a connection of ``owner_id`` may not serve the party; "" where it may."""
    if party.environment != environment:
        return f"{party.code} is {party.environment}, the connection is {environment}"
    if party.owner_id != owner_id and owner_id not in party.agent_ids:
        return f"{party.code} belongs to another partner, which gave no mandate"
    return ""

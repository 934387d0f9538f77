"""What a row of each registry may say, and which of ours it is about.

A row names its party by code; without one it is about the party that the whole delivery is for.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

import msgspec
from django.db.models import Model

from partners.models import Party
from roaming.models import Authorization, Credential, Evse, EvseOutage, MeterKey
from roaming.rules.record import Code, Id, Instant, Long

Kind: TypeAlias = Literal["evses", "evse-outages", "meter-keys", "credentials", "authorizations"]
_LISTS = frozenset({"connector_types"})
EvseIdText = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]


class EvseRow(msgspec.Struct, frozen=True, kw_only=True):
    """An EVSE of ``cso_id`` in [starts_at, ends_at)."""

    evse_id: EvseIdText
    starts_at: Instant
    ends_at: Instant | None = None
    cso_id: Code = ""
    location_id: Id = ""
    country_code: Annotated[str, msgspec.Meta(max_length=2)] = ""
    time_zone: Annotated[str, msgspec.Meta(max_length=60)] = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    current_type: Literal["", "AC", "DC"] = ""
    connector_types: list[Annotated[str, msgspec.Meta(max_length=40)]] = []
    max_power_kw: Decimal | None = None


class EvseOutageRow(msgspec.Struct, frozen=True, kw_only=True):
    """The EVSE was out of order in [starts_at, ends_at)."""

    evse_id: EvseIdText
    starts_at: Instant
    ends_at: Instant | None = None
    cso_id: Code = ""


class MeterKeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """The public key of the EVSE's meter in [starts_at, ends_at)."""

    evse_id: EvseIdText
    meter_id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    public_key: Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
    starts_at: Instant
    ends_at: Instant | None = None
    cso_id: Code = ""


class CredentialRow(msgspec.Struct, frozen=True, kw_only=True):
    """A contract that ``csp_id`` vouches for. Its id is read, hashed and forgotten."""

    contract_id: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    starts_at: Instant
    ends_at: Instant | None = None
    blocked_at: Instant | None = None
    csp_id: Code = ""


class AuthorizationRow(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of ``csp_id`` to one request to charge at ``cso_id``."""

    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    cso_id: Code
    is_granted: bool
    authorized_at: Instant
    csp_id: Code = ""
    contract_id: Long = ""
    evse_id: Annotated[str, msgspec.Meta(max_length=60)] = ""
    service_session_id: Id = ""
    valid_until_at: Instant | None = None


Row: TypeAlias = EvseRow | EvseOutageRow | MeterKeyRow | CredentialRow | AuthorizationRow


@dataclass(frozen=True, slots=True)
class Registry:
    """One kind of registry: who keeps it, and what makes two rows one entry.

    ``same`` are the columns that make rows versions of one another; with ``starts_at`` they name
    an entry. An authorization has no period, so its ``same`` names it alone.
    """

    row: type[Row]
    model: type[Model]
    role: str
    same: tuple[str, ...]
    has_period: bool = True

    @property
    def party_column(self) -> str:
        return "cso_id" if self.role == Party.Role.CSO else "csp_id"

    @property
    def sides(self) -> tuple[str, ...]:
        """The parties that an entry names."""
        return (self.party_column.removesuffix("_id"),) if self.has_period else ("cso", "csp")

    @property
    def key(self) -> tuple[str, ...]:
        return (*self.same, "starts_at") if self.has_period else self.same


REGISTRIES: dict[str, Registry] = {
    "evses": Registry(EvseRow, Evse, Party.Role.CSO, ("cso_id", "evse_id")),
    "evse-outages": Registry(EvseOutageRow, EvseOutage, Party.Role.CSO, ("cso_id", "evse_id")),
    "meter-keys": Registry(MeterKeyRow, MeterKey, Party.Role.CSO, ("cso_id", "evse_id")),
    "credentials": Registry(CredentialRow, Credential, Party.Role.CSP, ("csp_id", "contract_hash")),
    "authorizations": Registry(
        AuthorizationRow,
        Authorization,
        Party.Role.CSP,
        ("csp_id", "cso_id", "reference"),
        has_period=False,
    ),
}


def rows_of_csv(text: str) -> Iterator[dict[str, object]]:
    """Rows by column name; an empty cell is not stated, a list has ``|`` between its parts."""
    yield from map(as_row, csv.DictReader(io.StringIO(text)))


def as_row(cells: Mapping[str, object]) -> dict[str, object]:
    """One row's cells as what they state."""
    return {
        name: cell.strip().split("|") if name in _LISTS else cell.strip()
        for name, cell in cells.items()
        if isinstance(name, str) and isinstance(cell, str) and cell.strip()
    }

"""A TOML profile: how one sender's CSV becomes records, and what its agreements say.

The profile is data: another month of the same format needs no code. See ``docs/profiles.md``.
"""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from roaming.rules.record import InboundSdr, ItemKind

PROFILES = Path(__file__).parent / "profiles"
PartyCode = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}\*[A-Z0-9]{3}$")]
Days = Annotated[int, msgspec.Meta(ge=0, le=32767)]


class UnusableProfile(ValueError):
    """The profile cannot be found, read, or contradicts itself; the text says where."""


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A misspelled key in a profile is an error, not a silence."""


class FileShape(Strict, frozen=True):
    """How the file is written. ``time_zone`` is that of the times in it."""

    time_zone: str
    encoding: str = "utf-8-sig"
    delimiter: str = ","


class Side(Strict, frozen=True):
    party: PartyCode
    name: str


class TextColumn(Strict, frozen=True):
    """A text from one column, by a map of values, or from several by a template."""

    column: str = ""
    template: str = ""
    map: dict[str, str] = {}


class NumberColumn(Strict, frozen=True):
    column: str
    divide_by: Annotated[int, msgspec.Meta(ge=1)] = 1


class TimeColumns(Strict, frozen=True):
    """An instant from columns joined by a blank, or from another time plus seconds."""

    columns: list[str] = []
    formats: list[str] = []
    after: Literal["", "started_at"] = ""
    plus_seconds_column: str = ""


class ItemColumn(Strict, frozen=True):
    kind: ItemKind
    column: str
    quantity: Literal["", "energy_kwh"] = ""


class Billed(Strict, frozen=True):
    """Which rows ask for money. The others are cleared at zero."""

    column: str
    when: Literal["stated", "positive"]


class Counterparty(Strict, frozen=True):
    """The home-CSP of rows whose ``column`` has ``value``; without a column: of every row."""

    party: PartyCode
    name: str
    column: str = ""
    value: str = ""


class Group(Strict, frozen=True):
    name: str
    cycle: Literal["MONTHLY", "WEEKLY"] = "MONTHLY"
    time_zone: str = "Europe/Brussels"


class Override(Strict, frozen=True):
    code: Annotated[str, msgspec.Meta(pattern=r"^V\d{3}$")]
    severity: Literal["REJECT", "HOLD", "WARN"]
    reason: Annotated[str, msgspec.Meta(min_length=10, max_length=200)]


class AgreementTerms(Strict, frozen=True):
    """What the profile declares of the agreement with each counterparty."""

    starts_on: date
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]
    group: Group
    commission_rate: Decimal = Decimal(0)
    commission_beneficiary: Literal["CLEARING_HOUSE", "BUYER"] = "CLEARING_HOUSE"
    acceptance: Literal["ON_VALIDATION", "DEEMED", "EXPLICIT"] = "ON_VALIDATION"
    acceptance_days: Days = 10
    price_basis: Literal["EXCL_TAX", "INCL_TAX"] = "EXCL_TAX"
    evse_registry: Literal["REQUIRED", "IF_PRESENT", "NONE"] = "IF_PRESENT"
    meter_key_registry: Literal["REQUIRED", "IF_PRESENT", "NONE"] = "IF_PRESENT"
    credential_registry: Literal["REQUIRED", "IF_PRESENT", "NONE"] = "IF_PRESENT"
    authorization_registry: Literal["REQUIRED", "IF_PRESENT", "NONE"] = "IF_PRESENT"
    warn_after_days: Days | Literal["never"] = 7
    refuse_after_days: Days | Literal["never"] = 90
    overrides: list[Override] = []


class Profile(Strict, frozen=True):
    title: str
    file: FileShape
    seller: Side
    texts: dict[str, str | TextColumn]
    times: dict[str, TimeColumns]
    numbers: dict[str, NumberColumn]
    agreement: AgreementTerms
    constants: dict[str, str] = {}
    items: list[ItemColumn] = []
    billed: Billed | None = None
    counterparties: list[Counterparty] = []

    def columns(self) -> set[str]:
        """Every column that the profile reads; a file without one of them is not its file."""
        texts = {t if isinstance(t, str) else t.column for t in self.texts.values()}
        texts |= {column for t in self.times.values() for column in t.columns}
        texts |= {t.plus_seconds_column for t in self.times.values()}
        texts |= {n.column for n in self.numbers.values()}
        texts |= {i.column for i in self.items}
        texts |= {c.column for c in self.counterparties}
        texts |= {self.billed.column} if self.billed else set()
        return texts - {""}


def profile_names() -> list[str]:
    """The profiles that come with the house."""
    return sorted(path.stem for path in PROFILES.glob("*.toml"))


def load_profile(name_or_path: str) -> Profile:
    """A profile by its name in the house, or by the path of a TOML file.

    :raises UnusableProfile: not found, not TOML, or a key or value is not what it should be.
    """
    path = PROFILES / f"{name_or_path}.toml"
    if not path.is_file():
        path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(profile_names())
        raise UnusableProfile(f"no profile {name_or_path!r}; known are {known}, or give a path")
    return parse_profile(path.read_bytes(), name=path.name)


def parse_profile(text: bytes, *, name: str) -> Profile:
    """:raises UnusableProfile: with the place that is wrong."""
    try:
        profile = msgspec.toml.decode(text, type=Profile)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnusableProfile(f"profile {name}: {error}") from error
    fields = {field.name for field in msgspec.structs.fields(InboundSdr)}
    named = {*profile.texts, *profile.times, *profile.numbers, *profile.constants}
    if unknown := sorted(named - fields):
        raise UnusableProfile(f"profile {name}: a record has no field {', '.join(unknown)}")
    return profile

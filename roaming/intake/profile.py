"""A TOML profile: how one sender's CSV becomes records, and what its agreements say.

The profile is data: another month of the same format needs no code. See ``docs/profiles.md``.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from string import Formatter
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from clearinghouse.money import is_currency
from roaming.rules.catalog import RULES
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
        texts |= {column for template in self.templates() for column in columns_of(template)}
        texts |= {column for t in self.times.values() for column in t.columns}
        texts |= {t.plus_seconds_column for t in self.times.values()}
        texts |= {n.column for n in self.numbers.values()}
        texts |= {i.column for i in self.items}
        texts |= {c.column for c in self.counterparties}
        texts |= {self.billed.column} if self.billed else set()
        return texts - {""}

    def templates(self) -> list[str]:
        return [t.template for t in self.texts.values() if not isinstance(t, str) and t.template]


def columns_of(template: str) -> list[str]:
    """The columns that a template names.

    :raises ValueError: it is not closed, or asks for more than columns as they stand.
    """
    columns = []
    for _, column, form, conversion in Formatter().parse(template):
        if column is None:
            continue
        if not column or form or conversion or set(column) & set(".[]"):
            raise ValueError(f"template {template!r} may name columns in braces and nothing else")
        columns.append(column)
    return columns


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
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnusableProfile(f"profile {name}: {error}") from error
    fields = {field.name for field in msgspec.structs.fields(InboundSdr)}
    named = {*profile.texts, *profile.times, *profile.numbers, *profile.constants}
    if unknown := sorted(named - fields):
        raise UnusableProfile(f"profile {name}: a record has no field {', '.join(unknown)}")
    if wrong := next(_what_cannot_work(profile), None):
        raise UnusableProfile(f"profile {name}: {wrong}")
    return profile


def _what_cannot_work(profile: Profile) -> Iterator[str]:
    """What types cannot say, found here once and not in every row."""
    yield from _wrong_shape(profile)
    yield from _wrong_terms(profile.agreement)
    for template in profile.templates():
        try:
            columns_of(template)
        except ValueError as error:
            yield f"template {template!r}: {error}"
    for layout in (layout for times in profile.times.values() for layout in times.formats):
        if not _is_layout(layout):
            yield f"{layout!r} is no format of a time"


def _wrong_shape(profile: Profile) -> Iterator[str]:
    shape = profile.file
    for zone in (shape.time_zone, profile.agreement.group.time_zone):
        if not _is_zone(zone):
            yield f"{zone!r} is no time zone; send e.g. Europe/Zurich"
    if not _is_encoding(shape.encoding):
        yield f"{shape.encoding!r} is no encoding of text"
    if len(shape.delimiter) != 1 or shape.delimiter in '"\r\n':
        yield f"delimiter {shape.delimiter!r} is not one character"


def _wrong_terms(terms: AgreementTerms) -> Iterator[str]:
    if not is_currency(terms.currency):
        yield f"{terms.currency!r} is no ISO 4217 currency"
    if not (terms.commission_rate.is_finite() and 0 <= terms.commission_rate <= 1):
        yield f"commission_rate {terms.commission_rate} is not between 0 and 1"
    adjustable = {rule.code for rule in RULES if not rule.is_fixed}
    for override in terms.overrides:
        if override.code not in adjustable:
            yield f"{override.code} is fixed or unknown: no agreement can weigh it otherwise"


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _is_encoding(name: str) -> bool:
    try:
        return isinstance("".encode(name), bytes)
    except (LookupError, ValueError):
        return False


def _is_layout(layout: str) -> bool:
    now = datetime(2026, 11, 14, 12)  # noqa: DTZ001 a pattern for the format alone
    try:
        datetime.strptime(now.strftime(layout), layout)  # noqa: DTZ007 the same
    except ValueError:
        return False
    return True

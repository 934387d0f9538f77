"""Read fields of a JSON object; what is wrong is told with its path. Floats are refused."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import NoReturn

from roaming.rules.rating.figures import LARGEST
from roaming.rules.rating.refusals import Refused


class Fields:
    """One JSON object at ``path``. A field that is null counts as absent.

    Numbers come as ``int`` or ``Decimal`` (parse with ``parse_float=Decimal``): a float has lost
    its decimals already.
    """

    def __init__(
        self, value: object, *, path: str, refusal: type[Refused], unreadable: str
    ) -> None:
        self._path = path
        self._refusal = refusal
        self._unreadable = unreadable
        if not isinstance(value, Mapping):
            self.refuse(unreadable, "this is not a JSON object", "")
        self._fields = {key: one for key, one in value.items() if one is not None}

    def refuse(self, code: str, text: str, name: str) -> NoReturn:
        where = ".".join(part for part in (self._path, name) if part)
        raise self._refusal(code, text, where)

    def names(self) -> set[str]:
        """The fields that are there and not null."""
        return set(self._fields)

    def has(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str) -> str:
        """The text of a field; empty if it is absent."""
        value = self._fields.get(name, "")
        if not isinstance(value, str):
            self.refuse(self._unreadable, f"{value!r} is not a text", name)
        return value

    def number(self, name: str) -> Decimal | None:
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self.refuse(self._unreadable, f"{value!r} is not a decimal number", name)
        number = Decimal(value)
        if not number.is_finite() or abs(number) > LARGEST:
            code = "NUMBER_OUT_OF_RANGE"
            self.refuse(
                code if self._unreadable == "TARIFF_UNREADABLE" else self._unreadable,
                f"{value} is not finite or too large",
                name,
            )
        return number

    def whole(self, name: str) -> int | None:
        number = self.number(name)
        if number is None:
            return None
        if number != number.to_integral_value():
            self.refuse(self._unreadable, f"{number} is not a whole number", name)
        return int(number)

    def instant(self, name: str) -> datetime | None:
        """An RFC 3339 instant in UTC; without an offset it is UTC, as OCPI says."""
        text = self.text(name)
        if not text:
            return None
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            self.refuse(self._unreadable, f"{text!r} is not an RFC 3339 instant", name)
        if instant.tzinfo is None:
            return instant.replace(tzinfo=UTC)
        try:
            return instant.astimezone(UTC)
        except OverflowError:
            self.refuse(self._unreadable, f"{text!r} is beyond the calendar", name)

    def children(self, name: str) -> list["Fields"]:
        """The objects of a list; empty if it is absent."""
        value = self._fields.get(name, [])
        if not isinstance(value, list):
            self.refuse(self._unreadable, "this is not a list", name)
        return [self._child(one, f"{name}[{index}]") for index, one in enumerate(value)]

    def child(self, name: str) -> "Fields | None":
        return self._child(self._fields[name], name) if self.has(name) else None

    def texts(self, name: str) -> list[str]:
        value = self._fields.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.refuse(self._unreadable, "this is not a list of texts", name)
        return value

    def raw(self, name: str) -> object:
        return self._fields.get(name)

    def _child(self, value: object, name: str) -> "Fields":
        path = f"{self._path}.{name}" if self._path else name
        return Fields(value, path=path, refusal=self._refusal, unreadable=self._unreadable)

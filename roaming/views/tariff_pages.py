"""What the portal's pages of tariffs show, in the words of the side that looks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils.translation import gettext, gettext_noop

from roaming.models import Tariff, TariffNotice
from roaming.rules.rating.ocpi_tariff import read_tariff
from roaming.rules.rating.stored import exact_json
from roaming.services.tariff_effect import prices_told
from roaming.services.tariff_reading import TariffDetail, TariffRow, TariffVersionRow

MOST_NOTICES = 200
LONGEST_REASON = 500
_COMPONENTS = {
    "ENERGY": gettext_noop("Energy"),
    "TIME": gettext_noop("Charging time"),
    "PARKING_TIME": gettext_noop("Parking time"),
    "FLAT": gettext_noop("Start of a session"),
}


class AnswerForm(forms.Form):
    """Why, where one likes."""

    reason = forms.CharField(
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea({"rows": 2}),
        validators=[ProhibitNullCharactersValidator()],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbAsked:
    """How an answer is offered: its button and what it does."""

    button: str
    sentence: str
    done: str


VERBS: Mapping[str, VerbAsked] = {
    "consent": VerbAsked(
        button=gettext_noop("Consent"),
        sentence=gettext_noop(
            "The new price counts from the day on which it is meant to hold, for sessions"
            " that began since then too. This cannot be undone."
        ),
        done=gettext_noop("You have consented; the operator is told."),
    ),
    "refuse": VerbAsked(
        button=gettext_noop("Refuse"),
        sentence=gettext_noop(
            "The old price counts until the notice has run. You may still consent before."
        ),
        done=gettext_noop("You have refused; the operator is told."),
    ),
}


class Line(NamedTuple):
    """A tariff in the list. ``yours``: the notices that wait for the viewer's answer."""

    row: TariffRow
    seller_name: str
    is_seller: bool
    yours: list[UUID]
    others: int


class Price(NamedTuple):
    """One unit price of an element; elements count from 1."""

    element: int
    component: str
    price: Decimal
    unit: str
    vat_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class VersionTold:
    """A version with its prices; none where the engine cannot read it."""

    row: TariffVersionRow
    prices: list[Price]

    @property
    def has_rules(self) -> bool:
        """Several elements with conditions: of those that fit the first counts."""
        return any(price.element > 1 for price in self.prices)


class Offered(NamedTuple):
    """An answer that the viewer may give now, with its empty form."""

    verb: str
    asked: VerbAsked
    form: forms.Form


def lines_of(
    tariffs: Sequence[Tariff],
    rows: Sequence[TariffRow],
    *,
    owned: set[UUID],
    asked: set[TariffNotice],
) -> list[Line]:
    """``asked``: what waits for the viewer's own answer."""
    own_ids = {notice.pk for notice in asked}
    lines = []
    for tariff, row in zip(tariffs, rows, strict=True):
        yours = [one.notice_id for one in row.waiting if one.notice_id in own_ids]
        others = len(row.waiting) - len(yours)
        is_seller = tariff.seller_id in owned
        lines.append(Line(row, tariff.seller.name, is_seller, yours, others))
    return lines


def versions_of(told: TariffDetail) -> list[VersionTold]:
    return [
        VersionTold(row, [] if row.unusable_reason else _prices_of(row, told.currency))
        for row in told.versions
    ]


def notice_of(notice: TariffNotice, *, owned: set[UUID], now: datetime) -> dict[str, object]:
    """Everything of one notice's page but what this request did."""
    effect: dict[str, Any] = notice.effect
    is_buyer = notice.buyer_id in owned
    waits = notice.state != TariffNotice.State.COUNTS and now < notice.notice_ends_at
    return {
        "notice": notice,
        "version": notice.version,
        "tariff": notice.version.tariff,
        "waits": waits,
        "counts_now": notice.counts_from_at <= now,
        "is_your_turn": waits and is_buyer and notice.state == TariffNotice.State.WAITING,
        "changes": _changes(effect),
        "effect": _figures(effect) if "records" in effect else None,
        "offered": _offered(notice) if waits and is_buyer else [],
    }


def _prices_of(row: TariffVersionRow, currency: str) -> list[Price]:
    return _prices(prices_told(read_tariff(exact_json(bytes(row.tariff)), currency=currency)))


def _prices(told: Iterable[dict[str, Any]]) -> list[Price]:
    return [
        Price(
            one["element"] + 1,
            gettext(_COMPONENTS.get(one["component"], one["component"])),
            Decimal(one["price"]),
            one["unit"],
            None if one["vat_percent"] is None else Decimal(one["vat_percent"]),
        )
        for one in told
    ]


def _changes(effect: dict[str, Any]) -> list[tuple[Price | None, Price | None]]:
    """Old and new price side by side, element by element; None where one side has none."""
    sides = [
        {(one.element, one.component): one for one in _prices(effect.get(key, ()))}
        for key in ("old_prices", "new_prices")
    ]
    old, new = sides
    return [(old.get(key), new.get(key)) for key in dict.fromkeys([*new, *old])]


def _figures(effect: dict[str, Any]) -> dict[str, Any]:
    """Amounts as decimals, for the page to write them as everywhere."""
    names = ("old_amount", "new_amount", "average_difference", "difference_percent")
    return effect | {name: Decimal(effect[name]) for name in names if effect.get(name)}


def _offered(notice: TariffNotice) -> list[Offered]:
    verbs = ["consent"]
    if notice.state == TariffNotice.State.WAITING:
        verbs.append("refuse")
    return [Offered(verb, VERBS[verb], AnswerForm(auto_id=f"{verb}_%s")) for verb in verbs]

"""Our price of one record under one tariff, and what the rules are told about it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from clearinghouse.money import from_minor_units
from roaming.rules import registry_price
from roaming.rules.facts import PriceFact
from roaming.rules.findings import Terms
from roaming.rules.own_price import allowed_difference
from roaming.rules.rating.compiled import Compiled
from roaming.rules.rating.extras import NO_EXTRAS, Extras, idle_minutes
from roaming.rules.rating.figures import plain_text_of
from roaming.rules.rating.price import Priced, price
from roaming.rules.rating.tariff import Kind, Tariff
from roaming.rules.rating.trace import Line, bucket_sums, trace
from roaming.rules.rating.usage import Usage
from roaming.rules.record import InboundSdr

_V502 = next(rule for rule in registry_price.RULES if rule.code == "V502")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rated:
    """A price with what is stored of it; ``amount`` is the total on the agreement's price basis.

    ``difference`` = claim − amount, where there is a claim in the same currency.
    """

    currency: str
    total_excl_tax: Decimal
    total_incl_tax: Decimal
    amount: Decimal
    difference: Decimal | None
    is_within_tolerance: bool | None
    components: dict[str, dict[str, str]]
    trace: list[Line]


class OwnPrice(NamedTuple):
    """A rating with the tariff version it used."""

    version_id: UUID
    rated: Rated


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and on what terms a record is priced; ``zone_because`` says who tells the zone."""

    zone: ZoneInfo
    zone_because: str
    terms: Terms
    extras: Extras = NO_EXTRAS


def rate(
    sdr: InboundSdr, usage: Usage, compiled: Compiled, setting: Setting
) -> tuple[Rated, PriceFact]:
    """Price a record and tell the rules.

    :raises RecordUnusable: the price depends on a power or current that nothing tells.
    """
    priced = price(usage, compiled, setting.extras)
    excl, incl = (
        from_minor_units(minor, currency=priced.currency)
        for minor in (priced.excl_minor, priced.incl_minor)
    )
    amount = incl if setting.terms.price_basis == "INCL_TAX" else excl
    fact = _fact(sdr, usage, compiled, setting, amount=amount)
    difference = None
    if sdr.total_amount is not None and sdr.currency == priced.currency:
        difference = sdr.total_amount - amount
    rated = Rated(
        currency=priced.currency,
        total_excl_tax=excl,
        total_incl_tax=incl,
        amount=amount,
        difference=difference,
        is_within_tolerance=_is_within(difference, fact, amount),
        components={
            name: {"excl_tax": plain_text_of(sums[0]), "incl_tax": plain_text_of(sums[1])}
            for name, sums in bucket_sums(priced).items()
        },
        trace=_told(priced, compiled, setting),
    )
    return rated, fact


def no_price(reason: str, terms: Terms) -> PriceFact:
    """There should be a price and there is none."""
    return PriceFact(
        tariff_is_valid=False, unrated_reason=reason, is_binding=terms.rating == "HOUSE"
    )


def _is_within(difference: Decimal | None, fact: PriceFact, amount: Decimal) -> bool | None:
    if difference is None:
        return None
    return abs(difference) <= allowed_difference(fact, amount, _V502.limits)


def _fact(
    sdr: InboundSdr, usage: Usage, compiled: Compiled, setting: Setting, *, amount: Decimal
) -> PriceFact:
    tariff, terms, fee = compiled.tariff, setting.terms, setting.extras.idle_fee
    blocking = _blocking_fee(sdr, tariff) if fee else None
    amount_tolerance, percent = _tolerances(terms)
    energy = sdr.energy_kwh
    return PriceFact(
        tariff_is_valid=True,
        tariff_currency=tariff.currency,
        amount=amount if tariff.currency == sdr.currency else None,
        is_binding=terms.rating == "HOUSE",
        tolerance_amount=amount_tolerance,
        tolerance_percent=percent,
        is_free=_is_free(tariff) and fee is None,
        vat_rate=_vat_rate(tariff),
        blocking_fee=blocking,
        blocking_fee_cap=None if fee is None or fee.most_micro is None else _of(fee.most_micro),
        blocking_in_grace=bool(blocking and fee and not idle_minutes(usage, fee, setting.zone)),
        price_per_kwh=amount / energy if energy and amount > 0 else None,
    )


def _tolerances(terms: Terms) -> tuple[Decimal | None, Decimal | None]:
    told = terms.price_tolerances
    amount = Decimal(told["amount"]) if "amount" in told else None
    return amount, Decimal(told["fraction"]) * 100 if "fraction" in told else None


def _blocking_fee(sdr: InboundSdr, tariff: Tariff) -> Decimal | None:
    """What the record asks for parking, where the tariff itself has no price for it."""
    priced = any(
        component.kind is Kind.PARKING_TIME and component.price_micro
        for element in tariff.elements
        for component in element.components
    )
    if priced:
        return None
    return sum((item.amount for item in sdr.items if item.kind == "PARKING"), Decimal(0))


def _is_free(tariff: Tariff) -> bool:
    least = tariff.min_price
    return not (least and least.excl_micro) and not any(
        component.price_micro for element in tariff.elements for component in element.components
    )


def _vat_rate(tariff: Tariff) -> Decimal | None:
    """The one rate of the tariff's components; ``None``: none is told, or several are."""
    rates = {one.vat_micro for element in tariff.elements for one in element.components}
    rate = rates.pop() if len(rates) == 1 else None
    return None if rate is None else _of(rate)


def _of(micro: int) -> Decimal:
    return Decimal(micro).scaleb(-6)


def _told(priced: Priced, compiled: Compiled, setting: Setting) -> list[Line]:
    """The trace, with the zone where the clock counts and periods that were shared out."""
    lines = trace(priced)
    fee = setting.extras.idle_fee
    if compiled.always is None or (fee is not None and fee.exempt_from_minute is not None):
        lines.append(_remark("TIME_ZONE", f"{setting.zone.key}, {setting.zone_because}"))
    if priced.straddling:
        text = f"the price changed inside {priced.straddling} period(s): shared out by the clock"
        lines.append(_remark("SHARED", text))
    return lines


def _remark(name: str, because: str) -> Line:
    """A line that adds nothing."""
    names: dict[str, Any] = dict.fromkeys(
        ("bucket", "element", "quantity", "unit", "price", "vat_percent")
    )
    return {
        "component": name,
        **names,
        "excl_vat": "0.00",
        "incl_vat": "0.00",
        "because": because,
    }

"""Our own price of each record of a chunk: tariffs, zones and extras read for all at once.

Without a tariff of the seller and without an agreement on our price nothing is asked, and the rules
on prices stay NOT_APPLICABLE. A credit is not priced: it repeats a claim that was checked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from partners.models import TaxRate
from roaming.intake.facts import Sides
from roaming.intake.former_tariffs import Formers, Place, former_tariffs
from roaming.intake.registries import Asked, Registries
from roaming.intake.volumes import month_before, volumes_of
from roaming.queries_tariffs import Tariffs, Version, tariffs_named
from roaming.rules.facts import PriceFact, VatFact
from roaming.rules.findings import Terms
from roaming.rules.rating.agreed_extras import AgreedExtras, ExtrasUnreadable, read_extras
from roaming.rules.rating.figures import micro_rounded
from roaming.rules.rating.refusals import RecordUnusable
from roaming.rules.rating.usage import microseconds
from roaming.rules.sdr_price import OwnPrice, Setting, no_price, rate
from roaming.rules.sdr_usage import usage_of
from roaming.rules.tariff_change import is_increase
from roaming.rules.time_zones import zone_of
from roaming.rules.vat_rates import CountryRate, vat_told


@dataclass(slots=True)
class Prices:
    """What a chunk is priced by."""

    tariffs: Tariffs = field(default_factory=Tariffs)
    extras: dict[str, AgreedExtras | str] = field(default_factory=dict)
    volumes: Mapping[tuple[UUID, UUID, str], Decimal] = field(default_factory=dict)
    vat_rates: Mapping[str, Sequence[CountryRate]] = field(default_factory=dict)
    formers: Formers = field(default_factory=dict)

    def of(
        self, asked: Asked, registries: Registries, *, version: Version | None = None
    ) -> tuple[OwnPrice | None, PriceFact | None]:
        """The price of a record and what the rules are told; ``version``: by this one, whatever
        counts.
        """
        sdr, terms = asked.sdr, asked.terms
        if sdr.credits_sdr_id or not (self._is_due(asked) or version):
            return None, None
        version = version or self._version(asked)
        if version is None:
            return None, no_price(self._why_none(asked), terms)
        if terms.currency != version.currency:
            return None, PriceFact(tariff_is_valid=True, tariff_currency=version.currency)
        try:
            setting = self._setting(asked, registries)
            usage = usage_of(sdr, outages=_outages(asked, registries))
            rated, fact = rate(sdr, usage, version.compiled(setting.zone), setting)
        except (RecordUnusable, ExtrasUnreadable) as refused:
            return None, no_price(f"tariff {version.tariff_id!r} cannot price it: {refused}", terms)
        return OwnPrice(version.id, rated), fact

    def vat_of(self, asked: Asked, registries: Registries) -> VatFact | None:
        """The VAT that its tariff tells beside that of the country on the local day of its end."""
        sdr = asked.sdr
        version = self._version(asked)
        if version is None or sdr.credits_sdr_id or sdr.ended_at is None:
            return None
        country, zone, _because = _place(asked, registries)
        return vat_told(
            version.read,
            self.vat_rates,
            country=country.upper(),
            day=sdr.ended_at.astimezone(zone).date(),
            known_before=asked.known_before,
        )

    def _is_due(self, asked: Asked) -> bool:
        known = self.tariffs.has_any(asked.seller_id, known_before=asked.known_before)
        return known or asked.terms.rating == "HOUSE"

    def _version(self, asked: Asked) -> Version | None:
        """As the record names it; if it names none, the only one of its seller in its currency."""
        found = [
            version
            for name in self._names(asked)
            if (version := self._in_force(asked, name) or self._of_new_tariff(asked))
            and version.read.is_valid_at(asked.started_at)
        ]
        if asked.sdr.tariff_id:
            return found[0] if found else None
        fitting = [version for version in found if version.currency == asked.terms.currency]
        return fitting[0] if len(fitting) == 1 else None

    def _names(self, asked: Asked) -> list[str]:
        name = asked.sdr.tariff_id
        return [name] if name else self.tariffs.names_of(asked.seller_id)

    def _in_force(self, asked: Asked, name: str) -> Version | None:
        return self.tariffs.in_force(
            asked.seller_id,
            name,
            asked.buyer_id,
            asked.started_at,
            known_before=asked.known_before,
            known_at=asked.known_at,
        )

    def _of_new_tariff(self, asked: Asked) -> Version | None:
        """A tariff whose notice runs counts at once where it dodges none.

        That is a station that no other tariff priced for the buyer, or one that it makes no
        dearer. Elsewhere the former tariff counts.
        """
        waiting = _waiting(asked, self.tariffs)
        if waiting is None:
            return None
        name = self.formers.get((waiting.id, _place_of(asked)))
        if name is None:
            return waiting
        former = self._in_force(asked, name)
        return former if former is None or _rises(asked, former, waiting) else waiting

    def _why_none(self, asked: Asked) -> str:
        """In words, for the rule."""
        name = asked.sdr.tariff_id
        if not name:
            return "it names no tariff, and not exactly one of its seller fits; name it"
        refused = [one for one in self.tariffs.named(asked.seller_id, name) if one.unusable_reason]
        if refused:
            return f"tariff {name!r} cannot be used: {refused[-1].unusable_reason}"
        return f"tariff {name!r} is unknown or was not valid at session start"

    def _setting(self, asked: Asked, registries: Registries) -> Setting:
        sdr, terms = asked.sdr, asked.terms
        evse = registries.evse(asked)
        _country, zone, because = _place(asked, registries)
        agreed = self.extras.get(terms.agreement_id)
        if isinstance(agreed, str):
            raise ExtrasUnreadable(agreed)
        if agreed is None:
            return Setting(zone=zone, zone_because=because, terms=terms)
        month = month_before(asked.started_at, terms.time_zone)
        volume = self.volumes.get((asked.seller_id, asked.buyer_id, month), Decimal(0))
        extras = agreed.of_session(
            last_month_micro=micro_rounded(volume),
            current_type=sdr.current_type or (evse.current_type if evse else ""),
            max_power_kw=sdr.max_power_kw or (evse.max_power_kw if evse else None),
        )
        return Setting(zone=zone, zone_because=because, terms=terms, extras=extras)


def load_prices(
    asked: Sequence[Asked], *, environment: str, tariffs: Tariffs | None = None
) -> Prices:
    """What can price any of ``asked``: four queries; more for volumes and new tariffs."""
    if tariffs is None:
        tariffs = tariffs_named(_names(asked), environment=environment)
    if not tariffs and all(one.terms.rating != "HOUSE" for one in asked):
        return Prices()
    terms = {one.terms.agreement_id: one.terms for one in asked}
    extras = {key: read for key, one in terms.items() if (read := _extras(one)) is not None}
    waiting = [(version, _place_of(one)) for one in asked if (version := _waiting(one, tariffs))]
    formers = former_tariffs(waiting)
    if missing := _missing(formers, tariffs):
        tariffs = tariffs_named(missing, environment=environment, known=tariffs)
    return Prices(
        tariffs, extras, _volumes(asked, extras), _vat_rates() if tariffs else {}, formers
    )


def _names(asked: Iterable[Asked]) -> dict[UUID, set[str]]:
    """The tariffs that records name, by seller; "" where one names none."""
    found: dict[UUID, set[str]] = {}
    for one in asked:
        found.setdefault(one.seller_id, set()).add(one.sdr.tariff_id)
    return found


def _missing(formers: Formers, tariffs: Tariffs) -> dict[UUID, set[str]]:
    """Tariffs that priced stations before, and that no record of the chunk names."""
    found: dict[UUID, set[str]] = {}
    for (_, (seller_id, _buyer_id, _evse_id)), name in formers.items():
        if not tariffs.named(seller_id, name):
            found.setdefault(seller_id, set()).add(name)
    return found


def with_prices(sides: Sides, asked: Asked | None, prices: Prices, registries: Registries) -> Sides:
    """The sides of a record with its price, if there is one."""
    if asked is None or not (prices.tariffs or asked.terms.rating == "HOUSE"):
        return sides
    own, fact = prices.of(asked, registries)
    if fact is None:
        return sides
    facts = replace(sides.facts, price=fact, vat=prices.vat_of(asked, registries))
    return replace(sides, rated=own, facts=facts)


def _waiting(asked: Asked, tariffs: Tariffs) -> Version | None:
    """The version that a record names while its buyer's notice runs; the station must be told."""
    if not asked.sdr.tariff_id or not asked.evse_id:
        return None
    versions = tariffs.before_notice(
        asked.seller_id,
        asked.sdr.tariff_id,
        asked.buyer_id,
        asked.started_at,
        known_before=asked.known_before,
        known_at=asked.known_at,
    )
    found: Version | None = None
    for version in versions:
        # A later one replaces it at once only where no session costs more.
        if found is None or not _rises(asked, found, version):
            found = version
    return found


def _rises(asked: Asked, old: Version, new: Version) -> bool:
    return is_increase(old.read, new.read, incl_tax=asked.terms.price_basis == "INCL_TAX")


def _place_of(asked: Asked) -> Place:
    return asked.seller_id, asked.buyer_id, asked.evse_id


def _place(asked: Asked, registries: Registries) -> tuple[str, ZoneInfo, str]:
    """Country and zone of the location, and in words who tells the zone."""
    evse = registries.evse(asked)
    country = asked.sdr.location_country or (evse.country_code if evse else "")
    zone, because = zone_of(evse.time_zone if evse else "", country, asked.terms.time_zone)
    return country, zone, because


def _vat_rates() -> Mapping[str, Sequence[CountryRate]]:
    """A few hundred rows at most, so all of them."""
    found: dict[str, list[CountryRate]] = {}
    for row in TaxRate.objects.all():
        rate = CountryRate(row.id, row.kind, row.rate, row.from_date, row.until_date)
        found.setdefault(row.country_code, []).append(rate)
    return found


def _extras(terms: Terms) -> AgreedExtras | str | None:
    """As read; a text says why they cannot be."""
    if not terms.tariff_extras:
        return None
    try:
        return read_extras(terms.tariff_extras)
    except ExtrasUnreadable as error:
        return str(error)


def _volumes(
    asked: Iterable[Asked], extras: Mapping[str, AgreedExtras | str]
) -> Mapping[tuple[UUID, UUID, str], Decimal]:
    wanted = set()
    for one in asked:
        agreed = extras.get(one.terms.agreement_id)
        if isinstance(agreed, AgreedExtras) and agreed.tiers:
            zone = one.terms.time_zone
            month = month_before(one.started_at, zone)
            wanted.add((one.seller_id, one.buyer_id, month, zone))
    return volumes_of(wanted)


def _outages(asked: Asked, registries: Registries) -> list[tuple[int, int]]:
    ends_at = asked.sdr.ended_at or asked.started_at
    return [
        (microseconds(row.starts_at), microseconds(row.ends_at or ends_at))
        for row in registries.outages.get(asked.evse_id, ())
        if row.cso_id == asked.seller_id
        and row.starts_at < ends_at
        and (row.ends_at is None or row.ends_at > asked.started_at)
        and (asked.known_before is None or row.id < asked.known_before)
    ]

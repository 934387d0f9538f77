"""Terms of an agreement or an offer as a person reads them, in the words of both sides."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext, gettext_lazy, ngettext

from partners.models import AgreementOffer, RoamingAgreement
from partners.queries_offers import paying_version, pays_the_house

Mode = RoamingAgreement.Mode
Acceptance = RoamingAgreement.Acceptance
Basis = RoamingAgreement.PriceBasis
Service = RoamingAgreement.ServiceClass

MODES = {
    Mode.CLEARED_PO: gettext_lazy("Records go through the clearing house and are settled by it"),
    Mode.CLEARED_PP: gettext_lazy(
        "A provider resells what its operators did; settled by the clearing house"
    ),
    Mode.MIXED: gettext_lazy("Sessions are controlled directly; records are settled here"),
    Mode.DIRECT: gettext_lazy("All of it directly between the two; nothing is settled here"),
}
SERVICES = {
    Service.CHARGING: gettext_lazy("Charging"),
    Service.PARKING: gettext_lazy("Parking"),
    Service.RESERVATION: gettext_lazy("Reservation"),
}
BASES = {
    Basis.EXCL_TAX: gettext_lazy("Prices without VAT"),
    Basis.INCL_TAX: gettext_lazy("Prices with VAT"),
}
ACCEPTANCES = {
    Acceptance.ON_VALIDATION: gettext_lazy("As soon as the record is valid"),
    Acceptance.DEEMED: gettext_lazy("After some days without a dispute"),
    Acceptance.EXPLICIT: gettext_lazy("Only when the buyer says yes"),
}
STATES = {
    "OFFERED": gettext_lazy("Waits for an answer"),
    "ACCEPTED": gettext_lazy("Accepted"),
    "DECLINED": gettext_lazy("Declined"),
    "COUNTERED": gettext_lazy("Answered by a counter-offer"),
    "WITHDRAWN": gettext_lazy("Withdrawn"),
    "EXPIRED": gettext_lazy("Ran out"),
}
# What the keys of ``rules.offers.wrong_terms`` say.
WRONG = {
    "past": gettext_lazy("Choose a day to come: nobody agrees about the past."),
    "before_version": gettext_lazy("It has to start after the version that it follows."),
    "within_version": gettext_lazy("The version before it holds until then: start when it ends."),
    "empty_period": gettext_lazy("The last day is before the first one."),
    "no_fraction": gettext_lazy("Write a percentage between 0 and 100."),
    "house_commission": gettext_lazy(
        "The clearing house has a commission by the version before; leave it at 0, and ask the"
        " clearing house for another one."
    ),
    "too_many_days": gettext_lazy("Write at most 366 days."),
    "no_days": gettext_lazy("Say after how many days."),
    "wrong_sides": gettext_lazy("This way does not join the roles of the two parties."),
}


class Term(NamedTuple):
    """``before``: what it says in the version that it would follow, where that is another thing."""

    label: str
    text: str
    before: str = ""


def terms_of(row: RoamingAgreement | AgreementOffer) -> list[Term]:
    """All of a version; of an offer beside what holds before it."""
    lines = list(_lines(row))
    base = row.base if isinstance(row, AgreementOffer) else None
    if base is None:
        return [Term(label, text) for label, text in lines]
    before = dict(_lines(base))
    return [
        Term(label, text, "" if before.get(label, "") == text else before.get(label, ""))
        for label, text in lines
    ]


def _lines(row: RoamingAgreement | AgreementOffer) -> Iterator[tuple[str, str]]:
    yield gettext("Service"), str(SERVICES[Service(row.service_class)])
    yield gettext("Way"), str(MODES[Mode(row.mode)])
    yield gettext("Settled in"), f"{row.group.name}, {row.currency}"
    yield gettext("Prices"), str(BASES[Basis(row.price_basis)])
    yield gettext("Price reduction"), _reduction(row)
    yield gettext("A record is accepted"), _acceptance(row)
    yield gettext("Late records"), _late(row)
    yield gettext("Price increases"), _notice(row.tariff_notice_days)
    yield gettext("From"), day_of(row.starts_at)
    yield gettext("Until"), last_day(row.ends_at) if row.ends_at else gettext("open")


def _reduction(row: RoamingAgreement | AgreementOffer) -> str:
    if isinstance(row, AgreementOffer):
        version, rate = _paying(row), row.reduction
    else:
        version, rate = row if pays_the_house(row) else None, row.commission_rate
    if version is not None:
        return gettext("none; the clearing house keeps %(percent)s %% of the claim") % {
            "percent": percent(version.commission_rate)
        }
    if not rate:
        return gettext("none")
    return gettext("the buyer pays %(percent)s %% less than the claim") % {"percent": percent(rate)}


def _paying(offer: AgreementOffer) -> RoamingAgreement | None:
    """An accepted offer tells of what was signed; the pair may have agreed anew since."""
    if offer.agreement is not None:
        return offer.agreement if pays_the_house(offer.agreement) else None
    if offer.taker_id is None:
        return None
    sides = (offer.maker_id, offer.taker_id)[:: 1 if offer.maker_sells else -1]
    return paying_version(*sides)


def percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}"


def _acceptance(row: RoamingAgreement | AgreementOffer) -> str:
    if row.acceptance != Acceptance.DEEMED:
        return str(ACCEPTANCES[Acceptance(row.acceptance)])
    return ngettext(
        "After %(days)s day without a dispute",
        "After %(days)s days without a dispute",
        row.acceptance_days,
    ) % {"days": row.acceptance_days}


def _late(row: RoamingAgreement | AgreementOffer) -> str:
    told = []
    if row.warn_after_days is not None:
        told.append(
            ngettext("noted after %(days)s day", "noted after %(days)s days", row.warn_after_days)
            % {"days": row.warn_after_days}
        )
    if row.refuse_after_days is not None:
        told.append(
            ngettext(
                "refused after %(days)s day", "refused after %(days)s days", row.refuse_after_days
            )
            % {"days": row.refuse_after_days}
        )
    return ", ".join(told) or gettext("taken however late they come")


def _notice(days: int) -> str:
    if not days:
        return gettext("not needed: a new price counts at once")
    return ngettext(
        "told %(days)s day ahead, else they wait for the buyer's consent",
        "told %(days)s days ahead, else they wait for the buyer's consent",
        days,
    ) % {"days": days}


def day_of(instant: datetime) -> str:
    return _day_or_instant(localtime(instant), localtime(instant))


def last_day(ends_at: datetime) -> str:
    """The last whole day before an end at midnight; else the instant."""
    local = localtime(ends_at)
    return _day_or_instant(local, local - timedelta(days=1))


def _day_or_instant(local: datetime, day: datetime) -> str:
    is_midnight = (local.hour, local.minute) == (0, 0)
    return date_format(day, "DATE_FORMAT") if is_midnight else date_format(local, "DATETIME_FORMAT")

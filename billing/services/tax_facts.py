"""Reads the dated facts and rows that VAT decisions are founded on, for all partners at once."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import cast
from uuid import UUID

from django.db.models import Max

from billing.models import DomesticReverseCharge, Settlement, TaxRateUse, TaxTreatment
from billing.rules.vat.facts import (
    DealerProof,
    DomesticRow,
    Establishment,
    Exemption,
    Kind,
    KindRow,
    RateRow,
    TaxParty,
    TaxRules,
    Treatment,
    VatId,
)
from partners.models import Partner, TaxRate, TaxRegistration, TaxStatus


def tax_rules() -> TaxRules:
    """All rows of rules, whenever they hold; the decision asks by tax date."""
    return TaxRules(
        rates=tuple(
            RateRow(
                country=row.country_code,
                kind=cast(Kind, row.kind),
                rate=row.rate,
                source=row.source,
                from_date=row.from_date,
                until_date=row.until_date,
            )
            for row in TaxRate.objects.order_by("country_code", "kind", "from_date")
        ),
        kinds=tuple(
            KindRow(
                country=row.country_code,
                kind=cast(Kind, row.kind),
                treatment=cast(Treatment, row.treatment),
                source=row.source,
                from_date=row.from_date,
                until_date=row.until_date,
            )
            for row in TaxTreatment.objects.order_by("country_code", "kind", "from_date")
        ),
        domestic=tuple(
            DomesticRow(
                country=row.country_code,
                applies=row.applies,
                law=row.ground,
                source=row.source,
                from_date=row.from_date,
                until_date=row.until_date,
            )
            for row in DomesticReverseCharge.objects.order_by("country_code", "from_date")
        ),
    )


def rate_ids() -> dict[tuple[str, str, date], UUID]:
    """The row behind each ``RateRow``, by country, kind and first day."""
    rows = TaxRate.objects.values_list("country_code", "kind", "from_date", "pk")
    return {(country, kind, day): pk for country, kind, day, pk in rows}


def last_use(rate: TaxRate) -> date | None:
    """The last tax date for which a settlement that counts used the row."""
    used = TaxRateUse.objects.filter(tax_rate=rate)
    counted = used.exclude(settlement__state=Settlement.State.CANCELLED)
    return counted.aggregate(last=Max("last_tax_date"))["last"]


def tax_parties(partner_ids: Iterable[UUID]) -> dict[UUID, TaxParty]:
    """Each partner with all that was ever recorded of it; one without facts has none."""
    ids = set(partner_ids)
    registrations, statuses = defaultdict(list), defaultdict(list)
    for registration in TaxRegistration.objects.filter(partner__in=ids).order_by("from_date"):
        registrations[registration.partner_id].append(registration)
    for status in TaxStatus.objects.filter(partner__in=ids).order_by("from_date"):
        statuses[status.partner_id].append(status)
    return {
        partner.pk: _party(partner, registrations[partner.pk], statuses[partner.pk])
        for partner in Partner.objects.filter(pk__in=ids)
    }


def _party(
    partner: Partner, registrations: list[TaxRegistration], statuses: list[TaxStatus]
) -> TaxParty:
    kinds: dict[str, list[TaxStatus]] = defaultdict(list)
    for status in statuses:
        kinds[status.kind].append(status)
    places = [(row, True) for row in kinds["SEAT"]] + [(row, False) for row in kinds["ESTABLISHED"]]
    return TaxParty(
        name=partner.name,
        establishments=tuple(
            Establishment(
                country=row.country_code,
                is_seat=is_seat,
                from_date=row.from_date,
                until_date=row.until_date,
            )
            for row, is_seat in places
        ),
        vat_ids=tuple(
            VatId(
                country=row.country_code,
                number=row.vat_number,
                check_number=row.check_number,
                check_date=row.check_date,
                from_date=row.from_date,
                until_date=row.until_date,
            )
            for row in registrations
        ),
        dealer_proofs=tuple(
            DealerProof(reference=row.proof, from_date=row.from_date, until_date=row.until_date)
            for row in kinds["DEALER"]
        ),
        exemptions=tuple(
            Exemption(
                country=row.country_code,
                ground=row.proof,
                vatex_code=row.exemption_code,
                from_date=row.from_date,
                until_date=row.until_date,
            )
            for row in kinds["EXEMPT"]
        ),
    )

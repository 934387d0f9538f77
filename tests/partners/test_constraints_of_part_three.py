"""Each named constraint of tax facts, the price list and groups of part three, broken once."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from partners.models import FeeComponent, SettlementGroup, TaxRegistration, TaxStatus
from tests.makers import GroupMaker, PartnerMaker

pytestmark = pytest.mark.django_db

JANUARY, JUNE = date(2027, 1, 1), date(2027, 6, 1)


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


def registration(**changes):
    own = {"country_code": "NL", "vat_number": "NL123456789B01", "from_date": JANUARY}
    return TaxRegistration.objects.create(
        **({"partner": PartnerMaker(name="Polder")} | own | changes)
    )


def status(**changes):
    own = {"kind": "SEAT", "country_code": "NL", "proof": "KvK 12345678", "from_date": JANUARY}
    return TaxStatus.objects.create(**({"partner": PartnerMaker(name="Polder")} | own | changes))


def component(**changes):
    own = {"code": "record", "name": "Per record", "kind": "PER_SDR", "from_date": JANUARY}
    return FeeComponent.objects.create(**({"group": GroupMaker()} | own | changes))


BROKEN = {
    "tax_registration_ends_after_it_starts": (registration, {"until_date": JANUARY}),
    "registration_check_has_number_and_date": (registration, {"check_number": "WAPI1"}),
    "tax_registration_country_is_iso_3166": (registration, {"country_code": "nl"}),
    "tax_status_ends_after_it_starts": (status, {"until_date": JANUARY}),
    "tax_status_has_a_proof": (status, {"proof": ""}),
    "tax_status_but_of_a_dealer_names_a_country": (status, {"kind": "DEALER"}),
    "fee_component_ends_after_it_starts": (component, {"until_date": JANUARY}),
    "fee_rate_is_not_negative": (component, {"rate": Decimal("-0.01")}),
    "split_fee_has_a_share": (component, {"payer": "SPLIT"}),
    "fee_maximum_is_not_below_its_minimum": (component, {"min_minor": 5, "max_minor": 4}),
    "fee_tiers_and_their_mode_go_together": (component, {"tier_mode": "VOLUME"}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.violates(n), id=n) for n in BROKEN]
)
def test_is_refused(name):
    make, wrong = BROKEN[name]
    with transaction.atomic():
        make()
        transaction.set_rollback(True)

    with refused(name):
        make(**wrong)


@pytest.mark.violates("tax_registrations_do_not_overlap_per_country")
def test_registrations_of_a_country_follow_each_other():
    registration(until_date=JUNE)
    registration(from_date=JUNE)

    with refused("tax_registrations_do_not_overlap_per_country"):
        registration(from_date=date(2027, 5, 31), until_date=JUNE)


@pytest.mark.violates("tax_statuses_do_not_overlap")
def test_statuses_of_a_kind_and_country_follow_each_other():
    status(kind="ESTABLISHED", until_date=JUNE)
    status(kind="ESTABLISHED", from_date=JUNE)
    status(kind="ESTABLISHED", country_code="BE")

    with refused("tax_statuses_do_not_overlap"):
        status(kind="ESTABLISHED", from_date=date(2028, 1, 1))


@pytest.mark.violates("partner_has_one_seat_at_a_time")
def test_a_seat_is_in_one_country():
    status(until_date=JUNE)
    status(country_code="DE", from_date=JUNE)

    with refused("partner_has_one_seat_at_a_time"):
        status(country_code="BE", from_date=date(2028, 1, 1))


@pytest.mark.violates("minimum_payment_is_not_negative")
def test_a_least_payment_is_not_below_zero():
    group = GroupMaker(minimum_payment_minor=0)

    with refused("minimum_payment_is_not_negative"):
        SettlementGroup.objects.filter(pk=group.pk).update(minimum_payment_minor=-1)

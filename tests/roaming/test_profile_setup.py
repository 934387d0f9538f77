"""What a profile declares is what is set up."""

from decimal import Decimal

import pytest

from partners.models import Partner, RoamingAgreement, SettlementGroup
from roaming.intake.profile import load_profile
from roaming.services.profile_setup import PartiesMissing, seller_of, set_up
from tests.makers import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def lugano():
    return load_profile("lugano")


def test_makes_the_agreements_with_every_word_of_the_profile(lugano):
    set_up(lugano, actor="tests", now=NOON)

    agreements = RoamingAgreement.objects.select_related("group", "buyer")
    assert {a.buyer.code for a in agreements} == {"CH*EMO", "CH*EVP", "CH*GMO", "DE*HUB"}
    for agreement in agreements:
        assert agreement.commission_rate == Decimal("0.10")
        assert agreement.commission_beneficiary == "CLEARING_HOUSE"
        assert agreement.acceptance == "ON_VALIDATION"
        assert (agreement.warn_after_days, agreement.refuse_after_days) == (None, None)
        assert {
            agreement.evse_registry,
            agreement.meter_key_registry,
            agreement.credential_registry,
            agreement.authorization_registry,
        } == {"NONE"}
        assert {
            code: override["severity"] for code, override in agreement.rule_overrides.items()
        } == {"V204": "WARN", "V209": "WARN", "V504": "WARN"}
        assert all(len(o["reason"]) > 10 for o in agreement.rule_overrides.values())
        assert agreement.in_force_at == NOON
        assert agreement.starts_at.isoformat() == "2016-12-30T23:00:00+00:00"


def test_makes_group_and_partners_once(lugano):
    set_up(lugano, actor="tests", now=NOON)
    set_up(lugano, actor="tests", now=NOON)

    group = SettlementGroup.objects.get()
    assert (group.name, group.currency, group.cycle) == ("CHF monthly", "CHF", "MONTHLY")
    names = set(Partner.objects.filter(is_clearing_house=False).values_list("name", flat=True))
    assert names == {"AIL", "Emotì", "evpass", "Green Motion", "Hubject Roaming"}


def test_says_what_to_do_where_the_seller_is_not_set_up(lugano):
    with pytest.raises(PartiesMissing, match="--create-parties"):
        seller_of(lugano, now=NOON)

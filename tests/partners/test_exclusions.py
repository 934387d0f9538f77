"""Forms are told of overlaps before the database refuses them, and only of true ones."""

import pytest
from django.core.exceptions import ValidationError

from partners.models import PartnerFacts
from tests.makers import LONG_AGO, NOON, AgreementMaker, PartnerMaker, later

pytestmark = pytest.mark.django_db


def facts(partner, **changes) -> PartnerFacts:
    fields = {"legal_name": "X AG", "country_code": "DE", "starts_at": NOON}
    return PartnerFacts(partner=partner, **(fields | changes))


class TestOneAtATime:
    def test_does_not_compare_a_row_with_another_owners(self):
        PartnerMaker()
        partner = PartnerMaker()

        partner.facts.get().validate_constraints()

    def test_tells_of_an_overlap_with_the_owners_own(self):
        partner = PartnerMaker()

        with pytest.raises(ValidationError, match="Partner facts do not overlap: end the earlier"):
            facts(partner).validate_constraints(exclude={"partner"})

    def test_lets_one_row_start_where_the_other_ends(self):
        partner = PartnerMaker()
        partner.facts.update(ends_at=NOON)

        facts(partner).validate_constraints()

    def test_asks_nothing_about_a_period_that_could_not_be_read(self):
        facts(PartnerMaker(), starts_at=None).validate_constraints(exclude={"starts_at"})

    def test_leaves_drafts_of_agreements_alone(self):
        first = AgreementMaker(number="AG")
        draft = AgreementMaker(number="AG-2", group=first.group, in_force_at=None)

        draft.validate_constraints(exclude={"in_force_at"})

        draft.in_force_at = later(days=1)
        with pytest.raises(ValidationError, match="Agreements in force do not overlap"):
            draft.validate_constraints()
        assert draft.starts_at == LONG_AGO

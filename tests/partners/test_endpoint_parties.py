"""A connection speaks for parties of its environment that are its owner's or mandated, alone."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from partners.models import Mandate, RoamingEndpoint
from partners.rules.connections import Served, why_not
from partners.services.served_parties import why_not_served
from tests.makers import LONG_AGO, NOON, nordlicht, partner_of, voltaire
from tests.roaming.part_five_rows import make

pytestmark = pytest.mark.django_db
OWNER, OTHER = uuid4(), uuid4()


def served(**changes) -> Served:
    values = {"code": "DE*NLX", "environment": "LIVE", "owner_id": OWNER, "agent_ids": ()}
    return Served(**values | changes)


class TestTheRule:
    def test_lets_its_owners_parties(self):
        assert why_not(served(), environment="LIVE", owner_id=OWNER) == ""

    def test_lets_parties_with_a_mandate(self):
        party = served(owner_id=OTHER, agent_ids={OWNER})

        assert why_not(party, environment="LIVE", owner_id=OWNER) == ""

    @pytest.mark.parametrize("owner_id", [OTHER, None])
    def test_refuses_others(self, owner_id):
        reason = why_not(served(owner_id=owner_id), environment="LIVE", owner_id=OWNER)

        assert "belongs to another partner" in reason

    def test_refuses_another_environment(self):
        assert "is LIVE" in why_not(served(), environment="TEST", owner_id=OWNER)


class TestTheDatabase:
    @pytest.mark.violates("endpoint_serves_parties_that_let_it")
    def test_refuses_a_party_of_another_partner(self):
        endpoint = make(RoamingEndpoint)

        with pytest.raises(IntegrityError, match="gave no mandate"), transaction.atomic():
            endpoint.parties.add(voltaire())

    @pytest.mark.violates("endpoint_serves_parties_of_its_environment")
    def test_refuses_a_party_of_another_environment(self):
        endpoint = make(RoamingEndpoint, environment="TEST")

        with pytest.raises(IntegrityError, match="another environment"), transaction.atomic():
            endpoint.parties.add(nordlicht())

    def test_takes_what_a_mandate_names(self):
        endpoint = make(RoamingEndpoint)
        mandate = Mandate.objects.create(
            grantor=partner_of(voltaire()),
            agent=endpoint.owner,
            verbs=["SUBMIT_SDR"],
            starts_at=LONG_AGO,
        )
        mandate.parties.add(voltaire())
        endpoint.parties.add(nordlicht(), voltaire())

        assert endpoint.parties.count() == 2


def test_staff_reads_which_party_and_why(django_assert_num_queries):
    owner = partner_of(nordlicht())
    parties = [nordlicht(), voltaire()]
    with django_assert_num_queries(2):
        reasons = why_not_served(parties, owner=owner, environment="LIVE", now=NOON)

    assert reasons == [f"{voltaire().code} belongs to another partner, which gave no mandate"]

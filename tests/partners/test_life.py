"""A partner's life: the table of steps, what each asks for, and that the database holds it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from partners import queries
from partners.models import ApiClient, AuditEvent, Partner, PartnerState, RoamingEndpoint
from partners.queries import clearing_house
from partners.rules import life as rules
from partners.rules.life import (
    CLOSING,
    EFFECTS,
    LEFT,
    STEPS,
    OpenEnd,
    Stand,
    StepRefused,
    drivers_erased_at,
    next_stand,
    standing,
)
from partners.services import life
from partners.tasks import end_services
from tests.makers import (
    LONG_AGO,
    NOON,
    AgreementMaker,
    GroupMaker,
    PartnerMaker,
    fjell,
    later,
    nordlicht,
    partner_of,
    record,
    take,
    voltaire,
)
from tests.roaming.partner_systems import PartnerSystem

STATES = [state for state in STEPS if state]


def stand(state: str, **changes) -> Stand:
    ends_at = NOON if state == "LEAVING" else None
    return Stand(**({"state": state, "starts_at": LONG_AGO, "service_ends_at": ends_at} | changes))


def step(partner: Partner, to: str, *, at: datetime = NOON, **changes) -> PartnerState:
    return life.step(partner, to, reason="a letter", actor="olga", now=at, **changes)


class TestRule:
    def test_every_state_is_in_each_table(self):
        assert set(STEPS) == {"", *PartnerState.State.values}
        assert set(EFFECTS) == {*STEPS, LEFT}
        assert {to for follows in STEPS.values() for to in follows} == set(STATES)

    def test_who_leaves_says_when_and_not_in_the_past(self):
        with pytest.raises(StepRefused, match="Say when"):
            next_stand(stand("ACTIVE"), "LEAVING", at=NOON)
        with pytest.raises(StepRefused, match="in the past"):
            next_stand(stand("ACTIVE"), "LEAVING", at=NOON, service_ends_at=later(seconds=-1))
        at_once = next_stand(stand("ACTIVE"), "LEAVING", at=NOON, service_ends_at=NOON)
        assert at_once.service_ends_at == NOON

    @pytest.mark.parametrize("to", ["LEAVING", "ACTIVE"])
    def test_a_notice_may_change_until_the_service_ends(self, to):
        until = later(days=1)
        assert next_stand(stand("LEAVING"), to, at=later(seconds=-1), service_ends_at=until)
        with pytest.raises(StepRefused, match="can only be closed"):
            next_stand(stand("LEAVING"), to, at=NOON, service_ends_at=until)

    def test_nobody_is_closed_while_it_is_served(self):
        with pytest.raises(StepRefused, match="until its service ends"):
            next_stand(stand("LEAVING"), "CLOSED", at=later(seconds=-1))
        closed = next_stand(stand("LEAVING"), "CLOSED", at=NOON)
        assert (closed.state, closed.service_ends_at) == ("CLOSED", NOON)

    @pytest.mark.parametrize(
        ("state", "environment", "expected"),
        [
            ("ONBOARDING", "TEST", "ACTIVE"),
            ("ONBOARDING", "LIVE", "ONBOARDING"),
            ("PROSPECT", "TEST", "PROSPECT"),
            ("LEAVING", "LIVE", LEFT),
            ("CLOSED", "LIVE", "CLOSED"),
        ],
    )
    def test_how_a_partner_stands(self, state, environment, expected):
        assert standing(state, service_ends_at=NOON, at=NOON, environment=environment) == expected
        assert standing("LEAVING", service_ends_at=NOON, at=later(seconds=-1)) == "LEAVING"

    def test_drivers_are_erased_thirteen_months_after_the_end(self):
        ends_at = datetime(2027, 3, 31, 22, 0, tzinfo=UTC)
        assert drivers_erased_at(ends_at) == datetime(2028, 4, 30, 22, 0, tzinfo=UTC)
        assert drivers_erased_at(ends_at.replace(month=11, day=15)).month == 12

    def test_every_room_has_to_answer_once(self):
        every = [OpenEnd(item) for item in reversed(CLOSING)]
        assert [one.item for one in rules.in_order(every)] == list(CLOSING)
        for wrong in (every[1:], [*every, every[0]]):
            with pytest.raises(ValueError, match="answered"):
                rules.in_order(wrong)


class Life(RuleBasedStateMachine):
    """Any order of wishes at any time: what the rule lets through is a life that makes sense."""

    def __init__(self):
        super().__init__()
        self.now, self.at, self.lived = NOON, Stand(), [Stand()]

    @rule(to=st.sampled_from(STATES), wait_h=st.integers(0, 30), notice_h=st.integers(-5, 40))
    def wish(self, to, wait_h, notice_h):
        self.now += timedelta(hours=wait_h)
        ends_at = self.now + timedelta(hours=notice_h)
        before = self.at
        try:
            self.at = next_stand(before, to, at=self.now, service_ends_at=ends_at)
        except StepRefused:
            return
        self.lived.append(self.at)
        assert to in STEPS[before.state]
        if before.state == "LEAVING" and to != "CLOSED":
            assert self.now < before.service_ends_at

    @precondition(lambda self: self.at.state == "CLOSED")
    @rule(to=st.sampled_from(STATES))
    def closed_is_the_end(self, to):
        with pytest.raises(StepRefused):
            next_stand(self.at, to, at=self.now + timedelta(days=1), service_ends_at=None)

    @invariant()
    def only_who_leaves_has_an_end(self):
        assert (self.at.service_ends_at is None) or self.at.state in ("LEAVING", "CLOSED")
        if self.at.state == "LEAVING":
            assert self.at.service_ends_at >= self.at.starts_at

    @invariant()
    def nobody_is_served_after_its_end(self):
        shown = standing(self.at.state, service_ends_at=self.at.service_ends_at, at=self.now)
        ends_at = self.at.service_ends_at
        if ends_at is not None and ends_at <= self.now:
            assert not EFFECTS[shown].authorizes
            assert not EFFECTS[shown].connects

    @invariant()
    def time_goes_forward(self):
        times = [one.starts_at for one in self.lived if one.starts_at]
        assert times == sorted(set(times))


Life.TestCase.settings = hypothesis_settings(max_examples=60, stateful_step_count=20, deadline=None)
TestLife = Life.TestCase


@pytest.mark.django_db
class TestDatabase:
    """Written as anybody could who forgets to ask the service."""

    def write(self, partner, state, at, ends_at=None):
        return PartnerState.objects.create(
            partner=partner,
            state=state,
            starts_at=at,
            service_ends_at=ends_at,
            reason="r",
            actor="a",
        )

    def tried(self, *step) -> str:
        """What the database says against a step; it is taken back."""
        try:
            with transaction.atomic():
                self.write(*step)
                transaction.set_rollback(True)
        except DatabaseError as error:
            return str(error)
        return ""

    def lived(self, state: str) -> Partner:
        """A partner in ``state``, whose service ends at noon where it leaves."""
        partner = Partner.objects.create(name=f"in {state}")
        ways = {
            "": [],
            "PROSPECT": ["PROSPECT"],
            "ONBOARDING": ["ONBOARDING"],
            "ACTIVE": ["ACTIVE"],
            "SUSPENDED": ["ACTIVE", "SUSPENDED"],
            "LEAVING": ["ACTIVE", "LEAVING"],
            "CLOSED": ["PROSPECT", "CLOSED"],
        }
        for day, each in enumerate(ways[state]):
            self.write(
                partner, each, LONG_AGO + timedelta(days=day), NOON if each == "LEAVING" else None
            )
        return partner

    @pytest.mark.violates("partner_step_follows")
    @pytest.mark.parametrize("before", list(STEPS))
    def test_takes_exactly_the_steps_of_the_rule(self, before):
        """Before noon and at it, when the service of who leaves ends."""
        partner = self.lived(before)
        for at in (later(seconds=-1), NOON):
            for to in STATES:
                known = queries.current_stand(partner, now=at)
                ends_at = later(days=1) if to == "LEAVING" else None
                try:
                    expected = next_stand(known, to, at=at, service_ends_at=ends_at)
                except StepRefused:
                    expected = None
                    ends_at = known.service_ends_at if to == "CLOSED" and at >= NOON else ends_at
                else:
                    ends_at = expected.service_ends_at
                said = self.tried(partner, to, at, ends_at)
                refused = "" if expected else "does not become"
                assert refused in said, (before, to, at, said)
                assert bool(said) == bool(refused), (before, to, at, said)

    @pytest.mark.violates("partner_life_goes_forward")
    def test_refuses_a_step_before_the_newest(self):
        with pytest.raises(DatabaseError, match="a later step of this life"):
            self.write(self.lived("ACTIVE"), "SUSPENDED", LONG_AGO - timedelta(days=1))

    @pytest.mark.violates("partner_state_has_reason_and_author")
    def test_refuses_a_step_without_a_reason(self):
        with pytest.raises(DatabaseError, match="partner_state_has_reason_and_author"):
            PartnerState.objects.create(
                partner=self.lived("ACTIVE"), state="SUSPENDED", starts_at=NOON, actor="a"
            )

    @pytest.mark.violates("end_of_service_is_of_who_leaves")
    @pytest.mark.parametrize(
        ("state", "ends_at"),
        [("LEAVING", None), ("LEAVING", later(seconds=-1)), ("SUSPENDED", NOON)],
    )
    def test_an_end_of_service_is_of_who_leaves(self, state, ends_at):
        with pytest.raises(DatabaseError, match="end_of_service_is_of_who_leaves"):
            self.write(self.lived("ACTIVE"), state, NOON, ends_at)

    @pytest.mark.violates("partner_state_is_append_only")
    def test_what_was_stays(self):
        partner = self.lived("ACTIVE")
        for change in (
            lambda: partner.states.update(state="CLOSED"),
            lambda: partner.states.all().delete(),
        ):
            with (
                pytest.raises(DatabaseError, match=r"append-only|permission denied"),
                transaction.atomic(),
            ):
                change()


@pytest.mark.django_db
class TestStep:
    def test_is_written_down_with_who_and_why(self):
        partner = PartnerMaker()

        step(partner, "LEAVING", service_ends_at=later(days=30))

        row = partner.states.latest("starts_at")
        assert (row.state, row.actor, row.service_ends_at) == ("LEAVING", "olga", later(days=30))
        event = AuditEvent.objects.get(action="partner.leaving")
        assert (event.reason, event.before["state"]) == ("a letter", "ACTIVE")

    def test_needs_a_reason_and_a_partner(self):
        with pytest.raises(StepRefused, match="Say why"):
            life.step(PartnerMaker(), "SUSPENDED", reason=" ", actor="olga", now=NOON)
        with pytest.raises(StepRefused, match="no such life"):
            step(clearing_house(), "ACTIVE")

    def test_into_onboarding_needs_legal_facts(self):
        partner = Partner.objects.create(name="Nova")
        step(partner, "PROSPECT", at=later(days=-2))
        with pytest.raises(StepRefused, match="legal name"):
            step(partner, "ONBOARDING")
        partner.facts.create(legal_name="Nova SA", country_code="FR", starts_at=LONG_AGO)
        step(partner, "ONBOARDING")

    def test_into_service_needs_a_party_that_two_persons_let_go_live(self):
        partner = Partner.objects.create(name="Nova")
        partner.facts.create(legal_name="Nova SA", country_code="FR", starts_at=LONG_AGO)
        step(partner, "ONBOARDING", at=later(days=-2))
        with pytest.raises(StepRefused, match="two persons let one go live"):
            step(partner, "ACTIVE")

    def test_a_prospect_that_never_came_is_closed(self):
        partner = Partner.objects.create(name="Nova")
        step(partner, "PROSPECT", at=later(days=-2))

        step(partner, "CLOSED")

        assert queries.current_standing(partner, now=NOON) == "CLOSED"

    def test_is_possible_as_the_page_offers_it(self):
        partner = PartnerMaker()
        assert life.possible_steps(partner, now=NOON) == ["SUSPENDED", "LEAVING"]
        step(partner, "LEAVING", service_ends_at=later(hours=1))
        assert life.possible_steps(partner, now=later(minutes=1)) == ["ACTIVE", "LEAVING"]
        assert life.possible_steps(partner, now=later(hours=1)) == ["CLOSED"]


@pytest.mark.django_db
class TestOnboarding:
    @pytest.mark.parametrize(
        ("environment", "outcome"), [("TEST", "accepted"), ("LIVE", "rejected")]
    )
    def test_is_tried_in_test_and_served_nowhere_else(self, environment, outcome):
        """Its records are taken in where nothing is owed."""
        seller = Partner.objects.create(name="Nordlicht")
        seller.facts.create(legal_name="Nordlicht", country_code="DE", starts_at=LONG_AGO)
        step(seller, "ONBOARDING", at=LONG_AGO)
        group = GroupMaker(environment=environment)
        AgreementMaker(seller=nordlicht(environment), buyer=voltaire(environment), group=group)

        [told] = take(record(), environment=environment)

        assert told.outcome == outcome


@pytest.mark.django_db
class TestEndOfService:
    def test_is_felt_at_the_very_instant_and_clients_are_revoked_by_the_clock(self, time_machine):
        time_machine.move_to(NOON, tick=False)
        system = PartnerSystem(nordlicht())
        RoamingEndpoint.objects.create(owner=system.partner, protocol="REST")
        other = PartnerSystem(fjell())
        step(system.partner, "LEAVING", service_ends_at=later(minutes=30))
        time_machine.move_to(later(minutes=29), tick=False)
        assert system.get().status_code == 200
        assert end_services() == {"ended": 0}

        time_machine.move_to(later(minutes=30), tick=False)
        refused = system.get()
        assert (refused.status_code, refused.json()["code"]) == (403, "PARTNER_CLOSED")
        assert end_services() == {"ended": 1}

        assert system.get().status_code == 401
        assert not ApiClient.objects.get(pk=system.client.pk).scopes
        assert RoamingEndpoint.objects.get(owner=system.partner).state == "SUSPENDED"
        assert AuditEvent.objects.filter(action="partner.access_ended").count() == 1
        assert end_services() == {"ended": 0}
        assert other.get().status_code == 200

    def test_nothing_keeps_who_never_did_anything_from_being_closed(self):
        partner = partner_of(nordlicht())
        step(partner, "LEAVING", service_ends_at=NOON)

        ends = life.open_ends(partner, now=later(days=1))

        assert [one.item for one in ends] == list(CLOSING)
        assert [one.item for one in ends if one.todo] == []

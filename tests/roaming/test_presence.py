"""Whether a partner's system is there: asked after five silent minutes, told to those concerned."""

from datetime import timedelta

import pytest

from clearinghouse.database_roles import partner_role
from partners.models import PartyPresence, RoamingEndpoint
from roaming.models import ObjectPush
from roaming.services import presence
from tests import makers
from tests.makers import NOON
from tests.roaming.partner_end import OK, at_work
from tests.roaming.plain_gateway import connected, speaking_plain

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=10)


@pytest.fixture(autouse=True)
def world(settings):
    settings.PARTNERS_MAY_BE_LOCAL = True
    with speaking_plain():
        yield


@pytest.fixture
def end():
    with at_work() as end:
        yield end


@pytest.fixture
def agreed(end):
    """Nordlicht, the CSO, and Voltaire, its CSP; each with a system; and Fjell, a stranger."""
    makers.AgreementMaker()
    return connected(end, makers.nordlicht()), connected(end, makers.voltaire(), url=f"{end.url}/v")


def told() -> set[tuple]:
    return set(
        ObjectPush.objects.filter(kind=ObjectPush.Kind.PRESENCE).values_list(
            "endpoint", "subject_id"
        )
    )


class TestAState:
    def test_is_the_partys_too_and_is_told_to_those_it_trades_with(self, end, agreed):
        ours, theirs = agreed
        connected(end, makers.fjell(), url=f"{end.url}/f")

        assert presence.set_state(ours, "OFFLINE", NOON) is True
        assert presence.set_state(ours, "OFFLINE", LATER) is False
        row = PartyPresence.objects.get()
        assert (row.party, row.state, row.changed_at) == (makers.nordlicht(), "OFFLINE", NOON)
        assert told() == {(theirs.pk, makers.nordlicht().pk)}
        ours.refresh_from_db()
        assert (ours.state, ours.state_changed_at) == ("OFFLINE", NOON)

    def test_of_a_party_is_that_of_its_best_system(self, end, agreed):
        ours, _ = agreed
        connected(end, makers.nordlicht(), url=f"{end.url}/second")
        presence.set_state(ours, "OFFLINE", NOON)

        assert PartyPresence.objects.get().state == "CONNECTED"

    def test_that_was_suspended_is_ended_by_nobody_here(self, end):
        endpoint = connected(end, state="SUSPENDED")

        assert presence.set_state(endpoint, "CONNECTED", NOON) is False
        assert presence.set_state(endpoint, "OFFLINE", NOON) is False

    def test_is_not_offline_before_it_was_connected(self, end):
        assert presence.set_state(connected(end, state="PLANNED"), "OFFLINE", NOON) is False

    def test_follows_a_handshake_within_a_minute(self, agreed):
        ours, _ = agreed
        assert presence.reconcile(None, now=NOON) == 2
        assert presence.reconcile(None, now=LATER) == 0
        ours.parties.clear()
        assert presence.reconcile(None, now=LATER) == 1
        row = PartyPresence.objects.get(party=makers.nordlicht())
        assert (row.state, row.changed_at) == ("OFFLINE", LATER)


class TestHearing:
    def test_is_written_once_a_minute(self, end, django_assert_num_queries):
        endpoint = connected(end)
        presence.heard_from(endpoint, NOON)
        with django_assert_num_queries(0):
            presence.heard_from(endpoint, NOON + timedelta(seconds=59))
        presence.heard_from(endpoint, LATER)

        endpoint.refresh_from_db()
        assert endpoint.last_heard_at == LATER

    def test_brings_one_back_that_was_away(self, end):
        endpoint = connected(end, state="OFFLINE")
        presence.heard_from(endpoint, NOON)

        endpoint.refresh_from_db()
        assert endpoint.state == "CONNECTED"

    def test_is_noted_by_requests_of_partners_under_their_own_role(self, end, agreed):
        ours, theirs = agreed
        RoamingEndpoint.objects.filter(pk=ours.pk).update(state="OFFLINE")
        ours.refresh_from_db()
        with partner_role():
            presence.heard_from(ours, LATER)

        assert PartyPresence.objects.get().state == "CONNECTED"
        assert told() == {(theirs.pk, makers.nordlicht().pk)}


class TestKeepingAlive:
    def test_asks_a_system_and_believes_any_answer(self, end):
        endpoint = connected(end, state="OFFLINE")
        end.answer = lambda asked, handler: (404, b"")

        assert presence.ask(endpoint, clock=lambda: LATER) is True
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.last_heard_at) == ("CONNECTED", LATER)

    @pytest.mark.parametrize("manner", ["html", "redirect", "gone"])
    def test_a_system_that_gives_no_sign_is_offline(self, end, manner):
        endpoint = connected(end)
        if manner == "html":
            end.answer = lambda asked, handler: (500, b"<html>")
        elif manner == "redirect":
            end.answer = end.redirect
        else:
            endpoint.url = "http://127.0.0.1:1"

        assert presence.ask(endpoint, clock=lambda: LATER) is False
        endpoint.refresh_from_db()
        assert (endpoint.state, endpoint.last_heard_at) == ("OFFLINE", None)

    @pytest.mark.django_db(transaction=True)
    def test_asks_the_silent_ones_only(self, end):
        makers.AgreementMaker()
        end.answer = lambda asked, handler: (500, b"") if "/b/" in asked.path else (200, OK)
        fresh = connected(end, url=f"{end.url}/a", last_heard_at=LATER - timedelta(minutes=4))
        silent = connected(
            end, makers.nordlicht(), url=f"{end.url}/b", last_heard_at=LATER - timedelta(minutes=5)
        )
        never = connected(end, makers.voltaire(), url=f"{end.url}/c")
        for state in ("PLANNED", "SUSPENDED"):
            connected(end, url=f"{end.url}/{state}", state=state)

        done = presence.keep_alive(clock=lambda: LATER)

        assert {asked.path for asked in end.asked} == {"/b/versions", "/c/versions"}
        assert done == {"asked": 2, "silent": 1, "changed": 1}
        states = {one.pk: one.state for one in RoamingEndpoint.objects.all()}
        assert (states[fresh.pk], states[silent.pk], states[never.pk]) == (
            "CONNECTED",
            "OFFLINE",
            "CONNECTED",
        )
        assert (never.pk, makers.nordlicht().pk) in told()

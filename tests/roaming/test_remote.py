"""What a CSP asks of a CSO from afar: routed, asked once, answered, and told what became of it."""

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import connection

from clearinghouse.uuid7 import uuid7_at
from partners.services import life
from roaming import gateways
from roaming.gateways import NotReached
from roaming.messages.authorizations import ShownCredential
from roaming.messages.sessions import (
    ChargingProfile,
    ProfilePeriod,
    RemoteAnswer,
    RemoteAsk,
    RemoteOutcome,
)
from roaming.models import RemoteRequest, Reservation, WhitelistEntry
from roaming.rules.remote_outcomes import OutcomeVerdict
from roaming.services import drivers, remote, remote_outcomes, reservations
from roaming.services.remote_routes import RemoteRefused
from tests import makers
from tests.makers import NOON, later
from tests.roaming.part_five_rows import make
from tests.roaming.session_world import DRIVER, KeepingGateway, connect, place, take

pytestmark = pytest.mark.django_db

START = RemoteAsk(
    kind="START",
    driver=DRIVER,
    location_id="L1",
    evse_uid="E1",
    response_url="https://csp.example/results/1",
    correlation_id="corr-1",
)
RESERVE = RemoteAsk(
    kind="RESERVE",
    driver=DRIVER,
    location_id="L1",
    reservation_id="7",
    expires_at=later(hours=1),
    response_url="https://csp.example/results/2",
)
DONE = RemoteOutcome(outcome="DONE", messages=({"language": "en", "text": "charging"},))


@pytest.fixture(autouse=True)
def gateway(monkeypatch):
    makers.AgreementMaker()
    place()
    connect(makers.nordlicht(), makers.voltaire())
    kept = KeepingGateway()
    monkeypatch.setitem(gateways._gateways, "KEPT", kept)
    return kept


def ask(asked: RemoteAsk = START, *, csp=None, cso=None, now=NOON) -> remote.Asked:
    return remote.ask(asked, csp=csp or makers.voltaire(), cso=cso, clock=lambda: now)


def tell(key: str, told: RemoteOutcome = DONE, *, cso=None, now=NOON) -> remote_outcomes.Outcome:
    return remote_outcomes.outcome(key, told, csos=[cso or makers.nordlicht()], now=now)


class TestAsking:
    def test_goes_to_the_operator_of_the_location_with_our_address(self, gateway):
        asked = ask()

        [passed_on] = gateway.asked
        assert asked.answer == RemoteAnswer(answer="ACCEPTED", timeout_s=30)
        assert gateway.routes[0].receiver == makers.nordlicht()
        assert gateway.routes[0].sender == makers.voltaire()
        assert gateway.routes[0].correlation_id == "corr-1"
        assert passed_on.response_url == ""
        assert len(passed_on.callback_key) >= 43
        assert passed_on.driver == DRIVER
        row = RemoteRequest.objects.get()
        assert (row.answer, row.outcome, row.deadline_at) == ("ACCEPTED", "", later(seconds=30))

    def test_keeps_neither_key_nor_address_nor_driver_in_the_clear(self, gateway):
        ask()

        stored = str(RemoteRequest.objects.values().get())
        assert gateway.asked[0].callback_key not in stored
        assert DRIVER.uid not in stored
        assert "csp.example" not in stored
        assert remote.response_url_of(RemoteRequest.objects.get()) == START.response_url

    @pytest.mark.django_db(transaction=True)
    def test_holds_no_transaction_while_the_operator_thinks(self, gateway):
        gateway.on_ask = lambda asked: seen.append(connection.in_atomic_block)
        seen: list[bool] = []

        ask()

        assert seen == [False]

    def test_of_an_operator_that_is_away_is_answered_at_once_and_not_kept_for_later(self, gateway):
        makers.AgreementMaker(seller=makers.polder())
        place(makers.polder(), "L2")

        asked = ask(RemoteAsk(kind="START", driver=DRIVER, location_id="L2"))

        assert asked.answer.answer == "NOT_REACHED"
        assert asked.failure is not None
        assert asked.failure.kind == "AWAY"
        assert gateway.asked == []
        assert RemoteRequest.objects.get().answer == "NOT_REACHED"

    def test_that_times_out_says_so(self, gateway):
        gateway.failure = NotReached("TIMED_OUT", "took more than 10 s")

        asked = ask()

        assert (asked.answer.answer, asked.failure) == ("NOT_REACHED", gateway.failure)

    def test_reaches_the_one_that_is_named_where_ids_are_ambiguous(self, gateway):
        makers.AgreementMaker(seller=makers.polder())
        place(makers.polder(), "L1")
        connect(makers.polder())

        with pytest.raises(RemoteRefused, match="Several operators") as refused:
            ask()
        ask(cso=makers.polder())

        assert refused.value.code == "AMBIGUOUS"
        assert gateway.routes[0].receiver == makers.polder()

    def test_is_not_ambiguous_where_only_one_has_an_agreement(self, gateway):
        place(makers.polder(), "L1")

        ask()

        assert gateway.routes[0].receiver == makers.nordlicht()

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"location_id": "nowhere"}, "UNKNOWN_LOCATION"),
            ({"driver": None}, "CREDENTIAL_NOT_YOURS"),
            ({"kind": "STOP", "session_id": "nothing"}, "UNKNOWN_SESSION"),
            ({"kind": "CANCEL_RESERVATION", "reservation_id": "9"}, "UNKNOWN_RESERVATION"),
        ],
    )
    def test_is_refused_without_asking(self, gateway, changes, code):
        fields = {"kind": "START", "driver": DRIVER, "location_id": "L1"} | changes

        with pytest.raises(RemoteRefused) as refused:
            ask(RemoteAsk(**fields))

        assert refused.value.code == code
        assert (gateway.asked, RemoteRequest.objects.count()) == ([], 0)

    def test_without_an_agreement_is_refused(self, gateway):
        connect(makers.fjell())

        with pytest.raises(RemoteRefused) as refused:
            ask(csp=makers.fjell())

        assert refused.value.code == "NO_AGREEMENT"

    @pytest.mark.parametrize("side", [makers.nordlicht, makers.voltaire])
    @pytest.mark.parametrize("asked", [START, RESERVE], ids=["start", "reserve"])
    def test_once_the_service_of_a_side_has_ended_begins_nothing(self, gateway, side, asked):
        life.step(
            makers.partner_of(side()), "LEAVING", reason="a letter", actor="olga",
            now=later(hours=-1), service_ends_at=NOON,
        )  # fmt: skip
        assert ask(asked, now=later(seconds=-1)).answer.answer == "ACCEPTED"

        with pytest.raises(RemoteRefused) as refused:
            ask(asked)

        assert refused.value.code == "NO_AGREEMENT"
        assert "is not served here now" in str(refused.value)

    def test_for_another_providers_driver_is_refused(self, gateway):
        other = makers.fjell()
        known = drivers.known_as(DRIVER, other.pk)
        make(WhitelistEntry, csp=other, contract_hash=known.contract_hash)

        with pytest.raises(RemoteRefused) as refused:
            ask()

        assert refused.value.code == "CREDENTIAL_NOT_YOURS"


class TestStopping:
    STOP = RemoteAsk(kind="STOP", session_id="S-1")

    def test_names_the_session_as_its_operator_does(self, gateway):
        session = take().session

        ask(RemoteAsk(kind="STOP", session_id=str(session.pk)))
        ask(self.STOP)

        assert [one.session_id for one in gateway.asked] == ["S-1", "S-1"]
        assert set(RemoteRequest.objects.values_list("session", flat=True)) == {session.pk}

    def test_is_for_the_provider_of_the_session_alone(self, gateway):
        makers.AgreementMaker(buyer=makers.fjell())
        take()

        with pytest.raises(RemoteRefused) as refused:
            ask(self.STOP, csp=makers.fjell())

        assert refused.value.code == "UNKNOWN_SESSION"


class TestOutcome:
    def test_is_told_to_the_asker_once(self, gateway):
        ask()
        key = gateway.asked[0].callback_key

        first, second = tell(key), tell(key)

        [(told_to, told)] = gateway.told
        assert (first.verdict, second.verdict) == (OutcomeVerdict.TAKE, OutcomeVerdict.REPEAT)
        assert (told_to.response_url, told) == (START.response_url, DONE)
        row = RemoteRequest.objects.get()
        assert (row.outcome, row.outcome_at, row.told_at) == ("DONE", NOON, NOON)

    def test_under_a_guessed_key_finds_nothing(self, gateway):
        ask()
        with pytest.raises(remote_outcomes.OutcomeUnknown):
            tell("guess")
        assert gateway.told == []

    def test_of_another_operator_finds_nothing(self, gateway):
        ask()
        with pytest.raises(remote_outcomes.OutcomeUnknown):
            tell(gateway.asked[0].callback_key, cso=makers.polder())
        assert RemoteRequest.objects.get().outcome == ""

    def test_may_be_faster_than_the_answer(self, gateway):
        gateway.on_ask = lambda asked: tell(asked.callback_key)
        gateway.failure = None

        ask()

        row = RemoteRequest.objects.get()
        assert (row.answer, row.outcome) == ("ACCEPTED", "DONE")
        assert len(gateway.told) == 1

    def test_of_what_was_refused_is_not_taken(self, gateway):
        gateway.answer = RemoteAnswer(answer="REJECTED")
        ask()

        took = tell(gateway.asked[0].callback_key)

        assert took.verdict is OutcomeVerdict.NOTHING_WAITS
        assert (gateway.told, RemoteRequest.objects.get().outcome) == ([], "")

    def test_is_kept_for_reading_where_the_asker_is_away(self, gateway):
        ask()
        gateway.failure = NotReached("AWAY", "gone")

        tell(gateway.asked[0].callback_key)

        row = RemoteRequest.objects.get()
        assert (row.outcome, row.told_at) == ("DONE", None)

    def test_of_a_profile_is_kept(self, gateway):
        take()
        profile = ChargingProfile(
            unit="W", periods=(ProfilePeriod(start_s=0, limit=Decimal("7.5")),)
        )
        ask(RemoteAsk(kind="GET_PROFILE", session_id="S-1", duration_s=600))

        tell(gateway.asked[0].callback_key, RemoteOutcome(outcome="DONE", profile=profile))

        stored = RemoteRequest.objects.get().profile
        assert msgspec.convert(stored, ChargingProfile, strict=False) == profile


class TestTimeOut:
    def test_is_told_when_nothing_came_and_what_comes_late_is_told_too(self, gateway):
        ask()
        key = gateway.asked[0].callback_key

        assert remote_outcomes.time_out(now=later(seconds=30)) == 0
        assert remote_outcomes.time_out(now=later(seconds=31)) == 1
        assert remote_outcomes.time_out(now=later(seconds=32)) == 0
        tell(key, now=later(minutes=5))

        assert [told.outcome for _, told in gateway.told] == ["TIMED_OUT", "DONE"]
        assert RemoteRequest.objects.get().outcome == "DONE"

    def test_of_what_was_not_accepted_is_none(self, gateway):
        gateway.answer = RemoteAnswer(answer="NOT_SUPPORTED")
        ask()
        assert remote_outcomes.time_out(now=later(days=1)) == 0

    def test_closes_what_a_killed_process_left_without_an_answer(self, gateway):
        make(RemoteRequest, id=uuid7_at(NOON))

        remote_outcomes.time_out(now=later(minutes=1))
        assert RemoteRequest.objects.get().answer == ""
        remote_outcomes.time_out(now=later(minutes=3))
        assert RemoteRequest.objects.get().answer == "NOT_REACHED"


class TestReservation:
    def state(self) -> str:
        return Reservation.objects.get().state

    def test_is_asked_for_kept_and_taken_away_at_the_same_address(self, gateway):
        ask(RESERVE)
        key = gateway.asked[0].callback_key
        assert self.state() == "ASKED"

        tell(key)
        assert self.state() == "RESERVED"

        tell(key, RemoteOutcome(outcome="CANCELED"), now=later(minutes=20))
        assert self.state() == "CANCELED"
        assert [told.outcome for _, told in gateway.told] == ["DONE", "CANCELED"]

    def test_that_is_refused_is_not_kept(self, gateway):
        gateway.answer = RemoteAnswer(answer="REJECTED")
        ask(RESERVE)
        assert self.state() == "REFUSED"

    def test_that_the_station_refuses_is_not_kept(self, gateway):
        ask(RESERVE)
        tell(gateway.asked[0].callback_key, RemoteOutcome(outcome="OCCUPIED"))
        assert self.state() == "REFUSED"

    def test_asked_for_again_is_the_same_place_changed(self, gateway):
        ask(RESERVE)
        ask(RemoteAsk(**_fields(RESERVE) | {"expires_at": later(hours=2)}))

        assert Reservation.objects.get().expires_at == later(hours=2)

    def test_of_two_providers_may_have_the_same_id(self, gateway):
        makers.AgreementMaker(buyer=makers.fjell())
        other = ShownCredential(kind="RFID", uid="04EE")
        ask(RESERVE)
        ask(RemoteAsk(**_fields(RESERVE) | {"driver": other}), csp=makers.fjell())

        assert Reservation.objects.count() == 2

    def test_is_given_up_by_its_provider(self, gateway):
        ask(RESERVE)
        ask(RemoteAsk(kind="CANCEL_RESERVATION", reservation_id="7"))
        tell(gateway.asked[1].callback_key)
        assert self.state() == "CANCELED"

    def test_that_nobody_used_expires_by_the_clock(self, gateway):
        ask(RESERVE)
        tell(gateway.asked[0].callback_key)

        assert reservations.expire(now=later(minutes=59)) == 0
        assert reservations.expire(now=later(minutes=60)) == 1
        assert (self.state(), reservations.expire(now=later(hours=2))) == ("EXPIRED", 0)

    def test_that_expired_is_not_taken_away_afterwards(self, gateway):
        ask(RESERVE)
        key = gateway.asked[0].callback_key
        tell(key)
        reservations.expire(now=later(hours=1))

        tell(key, RemoteOutcome(outcome="CANCELED"), now=later(hours=1))

        assert self.state() == "EXPIRED"


def _fields(asked: RemoteAsk) -> dict:
    return {name: getattr(asked, name) for name in asked.__struct_fields__}


def test_a_deadline_is_never_longer_than_ten_minutes(gateway):
    gateway.answer = RemoteAnswer(answer="ACCEPTED", timeout_s=86_400)
    ask()
    assert RemoteRequest.objects.get().deadline_at == NOON + timedelta(minutes=10)

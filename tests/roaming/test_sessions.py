"""Service sessions as their CSO tells of them: order, ends, aliases, drivers, sides."""

from datetime import timedelta
from decimal import Decimal

import pytest

from clearinghouse.uuid7 import new_uuid7
from roaming.messages.authorizations import ShownCredential
from roaming.models import (
    ContractIdentity,
    RemoteRequest,
    Reservation,
    ServiceSession,
    SessionAlias,
    SessionMove,
    WhitelistEntry,
)
from roaming.rules.session_states import Verdict
from roaming.services import drivers, sessions
from roaming.services.session_facts import facts_of, find
from roaming.services.sessions import SessionRefused, SessionUnknown
from tests import makers
from tests.makers import NOON, later
from tests.roaming.part_five_rows import make
from tests.roaming.session_world import CONTRACT, DRIVER, place, take, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def agreement():
    return makers.AgreementMaker()


def moves(session) -> list[tuple[str, str]]:
    return [(one.state_before, one.state) for one in session.moves.order_by("version")]


class TestTaking:
    def test_a_new_session_is_kept_with_its_move_and_its_ids(self):
        place()

        taken = take(authorization_reference="AUTH-1")

        session = ServiceSession.objects.get()
        assert (taken.verdict, taken.is_new) == (Verdict.WRITE, True)
        assert (session.state, session.version) == ("ACTIVE", 1)
        assert (session.cso.code, session.csp.code) == ("DE*NLX", "FR*VOL")
        assert session.evse_id == "DE*NLX*E1001*1"
        assert moves(session) == [("", "ACTIVE")]
        aliases = set(SessionAlias.objects.values_list("party__party_id", "alias"))
        assert aliases == {("NLX", "S-1"), ("VOL", "AUTH-1")}

    def test_what_comes_next_replaces_it(self):
        take()

        take(energy_kwh=Decimal("4.5"), updated_at=later(minutes=1), now=later(minutes=1))
        take(state="COMPLETED", ended_at=later(minutes=2), updated_at=later(minutes=2))

        session = ServiceSession.objects.get()
        assert (session.state, session.version, session.energy_kwh) == ("COMPLETED", 3, None)
        assert moves(session) == [("", "ACTIVE"), ("ACTIVE", "ACTIVE"), ("ACTIVE", "COMPLETED")]

    def test_a_repeat_changes_nothing(self):
        take(energy_kwh=Decimal("4.5"), total_excl_tax=Decimal("2.10"))

        taken = take(energy_kwh=Decimal("4.50"), total_excl_tax=Decimal("2.1"))

        assert (taken.verdict, taken.is_new) == (Verdict.SAME, False)
        assert SessionMove.objects.count() == 1

    def test_what_is_older_is_not_written(self):
        take(energy_kwh=Decimal(9))

        assert take(energy_kwh=Decimal(3), updated_at=later(minutes=-1)).verdict is Verdict.OLDER
        assert ServiceSession.objects.get().energy_kwh == 9

    def test_what_is_over_stays_so(self):
        take(state="COMPLETED")

        assert take(updated_at=later(minutes=1)).verdict is Verdict.OVER
        assert ServiceSession.objects.get().state == "COMPLETED"

    def test_upper_and_lower_case_of_an_id_are_the_same(self):
        take(session_id="abc")

        assert take(session_id="ABC", updated_at=later(minutes=1)).is_new is False
        assert find("Abc", cso=makers.nordlicht()) is not None

    def test_two_operators_may_use_the_same_id(self):
        makers.AgreementMaker(seller=makers.polder())
        first, second = take(), take(cso=makers.polder())

        assert first.session.pk != second.session.pk

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"csp_code": "IT*ZZZ"}, "UNKNOWN_CSP"),
            ({"csp_code": "NO*FJL"}, "NO_AGREEMENT"),
            ({"ended_at": NOON - timedelta(hours=2)}, "ENDS_BEFORE_START"),
            ({"evse_uid": "x" * 101}, "FIELD_TOO_LARGE"),
            ({"energy_kwh": Decimal(10) ** 12}, "FIELD_TOO_LARGE"),
            ({"energy_kwh": Decimal("NaN")}, "FIELD_TOO_LARGE"),
        ],
    )
    def test_what_cannot_be_is_refused_and_leaves_nothing(self, changes, code):
        makers.fjell()

        with pytest.raises(SessionRefused) as refused:
            take(**changes)

        assert refused.value.code == code
        assert not ServiceSession.objects.exists()
        assert not ContractIdentity.objects.exists()

    def test_a_session_does_not_change_its_provider(self):
        makers.AgreementMaker(buyer=makers.fjell())
        take()

        with pytest.raises(SessionRefused, match="driver of FR\\*VOL") as refused:
            take(csp_code="NO*FJL", updated_at=later(minutes=1))

        assert refused.value.code == "CSP_DIFFERS"

    def test_a_session_is_told_to_its_end_though_the_agreement_ends(self, agreement):
        take()
        agreement.ends_at = later(minutes=1)
        agreement.save()

        taken = take(state="COMPLETED", updated_at=later(hours=1), now=later(hours=1))

        assert taken.is_written


class TestChanging:
    def test_merges_with_what_is_stored_under_a_lock(self):
        take(document={"charging_periods": [1, 2], "meter": "M"})

        def merge(stored):
            assert stored.driver == DRIVER
            periods = [*stored.document["charging_periods"], 3]
            return told(
                updated_at=later(minutes=1),
                document=stored.document | {"charging_periods": periods},
            )

        sessions.change("s-1", merge, cso=makers.nordlicht(), actor="tests", now=NOON)

        session = ServiceSession.objects.get()
        assert session.document == {"charging_periods": [1, 2, 3], "meter": "M"}

    def test_of_another_operators_session_finds_none(self):
        take()
        with pytest.raises(SessionUnknown):
            sessions.change("S-1", lambda one: one, cso=makers.polder(), actor="x", now=NOON)


class TestDriver:
    def test_lies_sealed_and_nowhere_else(self):
        session = take().session

        stored = ServiceSession.objects.filter(pk=session.pk).values().get()
        everything = f"{stored}{list(ContractIdentity.objects.values())}"
        assert DRIVER.uid not in everything
        assert CONTRACT not in everything
        facts = facts_of(session)
        assert (facts.driver, facts.driver_document) == (DRIVER, {"visual": "on the card"})

    def test_is_sealed_once_for_all_his_sessions(self):
        take()
        take(session_id="S-2")

        assert ContractIdentity.objects.count() == 1

    def test_of_a_session_that_only_says_so_later_is_kept(self):
        take(driver=None)
        taken = take(updated_at=later(minutes=1))
        assert facts_of(taken.session).driver == DRIVER

    def test_stays_known_where_a_later_word_leaves_him_out(self):
        take()
        taken = take(driver=None, updated_at=later(minutes=1))
        assert facts_of(taken.session).driver == DRIVER


class TestWhoseDriver:
    """The CSO does not always say which CSP it is: version 2.1.1 of OCPI cannot."""

    def test_the_csp_that_lists_the_contract(self):
        known = drivers.known_as(DRIVER, makers.voltaire().pk)
        make(WhitelistEntry, contract_hash=known.contract_hash)
        foreign = makers.fjell()
        make(
            WhitelistEntry, csp=foreign, contract_hash=drivers.known_as(DRIVER, None).contract_hash
        )

        assert take(csp_code="").session.csp.code == "FR*VOL"

    def test_else_the_one_that_the_contract_id_names(self):
        assert take(csp_code="").session.csp.code == "FR*VOL"

    def test_else_nobody_and_nobody_is_told(self):
        nobodys = ShownCredential(kind="RFID", uid="04FF", contract_id="anonymous")
        assert take(csp_code="", driver=nobodys).session.csp is None

    def test_the_stored_one_for_what_follows(self):
        take()
        assert take(csp_code="", driver=None, updated_at=later(minutes=1)).session.csp is not None


class TestAuthorization:
    @pytest.fixture
    def allowed(self):
        known = drivers.known_as(DRIVER, makers.voltaire().pk)
        return make(
            ServiceSession,
            id=new_uuid7(),
            state="AUTHORIZED",
            kind="RFID",
            pseudonym=known.pseudonym,
            contract_hash=known.contract_hash,
            authorization_reference="AUTH-9",
            location_id="L1",
            received_at=NOON,
        )

    def test_its_reference_finds_the_session_that_it_opened(self, allowed):
        taken = take(authorization_reference="AUTH-9", csp_code="", driver=None)

        assert taken.session.pk == allowed.pk
        assert taken.session.csp.code == "FR*VOL"
        assert moves(taken.session) == [("AUTHORIZED", "ACTIVE")]

    def test_so_do_driver_place_and_time(self, allowed):
        assert take(updated_at=later(hours=-1)).session.pk == allowed.pk

    def test_not_at_another_location(self, allowed):
        assert take(location_id="L2").session.pk != allowed.pk

    def test_not_the_next_day(self, allowed):
        assert take(now=later(days=1)).session.pk != allowed.pk

    def test_not_for_another_driver(self, allowed):
        other = ShownCredential(kind="RFID", uid="04EE", contract_id="FR-VOL-C87654321-V")
        assert take(driver=other).session.pk != allowed.pk

    def test_is_used_by_one_session_alone(self, allowed):
        take()
        assert take(session_id="S-2").session.pk != allowed.pk


class TestWhatLedToIt:
    def test_a_remote_start_with_its_reference_is_linked(self):
        request = make(RemoteRequest, authorization_reference="AUTH-3")

        taken = take(authorization_reference="AUTH-3")

        request.refresh_from_db()
        assert request.session == taken.session

    def test_a_place_kept_for_the_driver_is_used(self):
        known = drivers.known_as(DRIVER, makers.voltaire().pk)
        kept = make(Reservation, pseudonym=known.pseudonym)
        others = make(Reservation, pseudonym="another")

        take()

        kept.refresh_from_db()
        others.refresh_from_db()
        assert (kept.state, others.state) == ("USED", "RESERVED")

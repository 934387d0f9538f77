"""Journey J7: a partner leaves, to the minute and to the cent.

C sells in the Netherlands and has drivers. Its last day of service is 31 March 2027; its deposit is
5,000.00 and its final position −75.20.
"""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from billing.documents.content import content_sha256
from billing.models import ClearedSdr, ClearingWindow, Document
from billing.services import cover, cover_bookings, default_orders, leaving, sealing
from billing.services.clearing import clear_group
from billing.services.closing import close_window
from billing.services.cover_bookings import Cover, NotBookable
from billing.services.data_package import order
from billing.services.windows import ensure_windows
from billing.tasks import make_package
from partners.models import AuditEvent
from partners.services import life
from partners.tasks import end_services
from roaming.models import ContractIdentity, Erasure, Finding, RawRecord, Sdr
from roaming.services import authorizations, whitelist
from roaming.tasks import erase_drivers
from tests.billing.oracle_world import Oracle, a_record, an_oracle
from tests.billing.portal_world import person_of, store_pdf
from tests.makers import approver, take
from tests.roaming.authorization_world import question
from tests.roaming.credential_world import card
from tests.roaming.partner_systems import PartnerSystem

pytestmark = pytest.mark.django_db
EUR = {"currency": "EUR", "environment": "LIVE"}
NOTICE = datetime(2027, 3, 15, 9, 0, tzinfo=UTC)
END = datetime(2027, 3, 31, 22, 0, tzinfo=UTC)  # midnight in Brussels
MARCH_CLOSES = datetime(2027, 4, 8, 17, 0, tzinfo=UTC)
APRIL_CLOSES = datetime(2027, 5, 10, 17, 0, tzinfo=UTC)
LIMITS_END = APRIL_CLOSES + timedelta(days=90)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def people():
    return [approver(name) for name in ("mia", "kai")]


@pytest.fixture
def oracle() -> Oracle:
    oracle = an_oracle(with_fees=False, taxes="NOT_APPLIED")
    ensure_windows(oracle.group, now=NOTICE)
    return oracle


def sold(oracle, seller, buyer, number, cents, started_at, *, received_at):
    """One record through the real intake; its outcome."""
    (outcome,) = take(
        a_record(
            oracle,
            seller,
            buyer,
            number=number,
            cents=cents,
            started_at=started_at.isoformat(),
            ended_at=(started_at + timedelta(minutes=50)).isoformat(),
        ),
        sender=oracle.sellers[seller],
        received_at=received_at,
    )
    return outcome


def booked(oracle, people, direction, minor, reference, at):
    wanted = Cover(
        partner=oracle.partners["C"],
        account="2400",
        direction=direction,
        amount_minor=minor,
        reference=reference,
        **EUR,
    )
    row = cover_bookings.request(wanted, reason="J7", maker=people[0], now=at)
    return cover_bookings.decide(row.pk, approve=True, checker=people[1], now=at)


def held(oracle) -> int:
    return cover.balance_minor(oracle.partners["C"], "2400", **EUR)


def notice(client, people, oracle, time_machine) -> None:
    """A person of staff enters that C leaves after 31 March."""
    time_machine.move_to(NOTICE, tick=False)
    client.force_login(people[0])
    answer = client.post(
        reverse("admin:partners_partner_life_step", args=[oracle.partners["C"].pk, "leaving"]),
        {"last_day": "2027-03-31", "reason": "its letter of 12 March"},
    )
    assert answer.status_code == 302
    assert oracle.partners["C"].states.latest("starts_at").service_ends_at == END


def settled_march(oracle) -> None:
    """C buys for 20.00 and sells for 20.00: nothing is left of March."""
    at = datetime(2027, 3, 20, 10, 0, tzinfo=UTC)
    for number, (seller, buyer) in enumerate((("A", "C"), ("C", "B")), start=501):
        assert sold(oracle, seller, buyer, number, 2_000, at, received_at=at + timedelta(hours=2))
    window = ClearingWindow.objects.get(supply_starts_at__lte=at, supply_ends_at__gt=at)
    close_window(window, now=MARCH_CLOSES)


def final_statement(oracle, people):
    """What is left of C is in April; nobody pays, so the deposit does: by two persons."""
    window = ClearingWindow.objects.get(supply_starts_at=END)
    settlement = close_window(window, now=APRIL_CLOSES).settlement
    position = settlement.positions.get(partner=oracle.partners["C"])
    assert position.due_minor == -7_520
    asked = default_orders.request(
        settlement, oracle.partners["C"], reason="left", maker=people[0], now=APRIL_CLOSES
    )
    case = default_orders.confirm(
        settlement,
        oracle.partners["C"],
        asked.pk,
        reason="left",
        checker=people[1],
        now=APRIL_CLOSES,
    )
    assert (case.outcome, case.draws) == ("COVERED", [["2400", 7_520]])
    return settlement


class TestTheEndOfItsService:
    def test_what_started_before_settles_and_what_starts_after_is_refused(
        self, client, oracle, people, time_machine
    ):
        notice(client, people, oracle, time_machine)

        straddling = sold(
            oracle,
            "A",
            "C",
            601,
            3_110,
            END - timedelta(minutes=10),
            received_at=END + timedelta(hours=1),
        )
        after = sold(
            oracle, "A", "C", 602, 900, END + timedelta(minutes=5),
            received_at=END + timedelta(hours=2),
        )  # fmt: skip
        at_once = sold(oracle, "C", "B", 603, 900, END, received_at=END + timedelta(hours=2))

        assert straddling.outcome == "accepted"
        for refused in (after, at_once):
            found = Finding.objects.filter(record_id=refused.record_id, severity="REJECT")
            assert (refused.outcome, set(found.values_list("code", flat=True))) == (
                "rejected",
                {"V004"},
            )

    def test_a_record_of_30_march_clears_in_the_window_then_open(
        self, client, oracle, people, time_machine
    ):
        notice(client, people, oracle, time_machine)
        settled_march(oracle)
        end_services()

        late = sold(
            oracle, "B", "C", 604, 3_210, datetime(2027, 3, 30, 10, 0, tzinfo=UTC),
            received_at=datetime(2027, 4, 20, 12, 0, tzinfo=UTC),
        )  # fmt: skip

        clear_group(oracle.group, run_key="J7", now=datetime(2027, 4, 20, 13, 0, tzinfo=UTC))
        window = ClearedSdr.objects.get(pk=late.record_id).window
        assert (window.supply_starts_at, window.state) == (END, "OPEN")

    def test_authorizations_are_refused_and_clients_revoked_from_1_april(
        self, client, oracle, people, time_machine
    ):
        system = PartnerSystem(oracle.sellers["C"])
        time_machine.move_to(NOTICE, tick=False)
        whitelist.publish_many([card(updated_at=NOTICE)], csp=oracle.buyers["C"], now=NOTICE)
        notice(client, people, oracle, time_machine)

        def decide(cso, at):
            asked = authorizations.decide(question(now=at), cso=oracle.sellers[cso], now=at)
            return asked.decision, asked.reason

        assert decide("A", END - timedelta(minutes=1)) == ("ALLOWED", "")
        assert decide("A", END) == ("NOT_ALLOWED", "NL*CCC has left")
        assert decide("C", END) == ("NOT_ALLOWED", "your company has left")
        time_machine.move_to(END - SECOND, tick=False)
        system.token = system.fetch_token().json()["access_token"]
        assert (system.get().status_code, end_services()) == (200, {"ended": 0})
        time_machine.move_to(END, tick=False)
        assert (system.get().status_code, end_services()) == (403, {"ended": 1})
        assert (system.get().status_code, system.fetch_token().status_code) == (401, 401)


@pytest.fixture
def left(client, oracle, people, time_machine):
    """Everything until the final statement, which the deposit paid."""
    booked(oracle, people, "IN", 500_000, "DEPOSIT", NOTICE - timedelta(days=14))
    whitelist.publish_many([card(updated_at=NOTICE)], csp=oracle.buyers["C"], now=NOTICE)
    whitelist.publish_many(
        [card(updated_at=NOTICE, uid="04FFFFFFFF")], csp=oracle.buyers["A"], now=NOTICE
    )
    notice(client, people, oracle, time_machine)
    settled_march(oracle)
    sold(
        oracle,
        "A",
        "C",
        601,
        3_110,
        END - timedelta(minutes=10),
        received_at=END + timedelta(hours=1),
    )
    sold(
        oracle, "B", "C", 604, 3_210, datetime(2027, 3, 30, 10, 0, tzinfo=UTC),
        received_at=datetime(2027, 4, 20, 12, 0, tzinfo=UTC),
    )  # fmt: skip
    sold(
        oracle, "A", "C", 606, 1_200, datetime(2027, 3, 30, 12, 0, tzinfo=UTC),
        received_at=datetime(2027, 4, 20, 12, 0, tzinfo=UTC),
    )  # fmt: skip
    sold(
        oracle, "A", "B", 605, 100, datetime(2027, 3, 30, 10, 0, tzinfo=UTC),
        received_at=datetime(2027, 4, 20, 12, 0, tzinfo=UTC),
    )  # fmt: skip
    end_services()
    return final_statement(oracle, people)


def test_the_deposit_goes_back_after_every_limit_with_four_eyes(
    client, oracle, people, left, time_machine
):
    partner = oracle.partners["C"]
    assert held(oracle) == 492_480
    assert leaving.limits_end(partner) == LIMITS_END
    with pytest.raises(NotBookable, match="limits are over: They end on 8 August 2027, 19:00"):
        booked(oracle, people, "OUT", 492_480, "EARLY", LIMITS_END - SECOND)
    close = reverse("admin:partners_partner_life_step", args=[partner.pk, "closed"])
    time_machine.move_to(LIMITS_END, tick=False)
    client.force_login(people[0])
    assert "4,924.80 EUR is held on 2400" in client.get(close).content.decode()

    booked(oracle, people, "OUT", 492_480, "BACK", LIMITS_END)

    assert held(oracle) == 0
    lacking = [one.item for one in life.open_ends(partner, now=LIMITS_END) if one.todo]
    assert lacking == ["PACKAGE_MADE"]
    client.post(close, {"reason": "too early"})
    assert partner.states.latest("starts_at").state == "LEAVING"

    package = order(partner, requested_by=people[0])
    make_package(job_id=str(package.pk))
    package.refresh_from_db()
    # Two sales of March and two of April; the deposit in, drawn (both sides its own) and back.
    assert package.result == {"records": 5, "postings": 8, "files": 2}
    client.post(close, {"reason": "all is settled"})

    assert partner.states.latest("starts_at").state == "CLOSED"
    assert AuditEvent.objects.get(action="partner.closed").actor == "mia"


def test_documents_stay_readable_and_drivers_are_forgotten(
    client, oracle, people, left, time_machine
):
    partner = oracle.partners["C"]
    booked(oracle, people, "OUT", 492_480, "BACK", LIMITS_END)
    time_machine.move_to(LIMITS_END, tick=False)
    made = order(partner, requested_by=people[0])
    make_package(job_id=str(made.pk))
    life.step(partner, "CLOSED", reason="all is settled", actor="mia", now=LIMITS_END)
    statement = Document.objects.get(partner=partner, settlement=left)
    stored = store_pdf(statement)
    sealing.seal(now=LIMITS_END)
    hashes = dict(Sdr.objects.values_list("pk", "payload_sha256"))

    time_machine.move_to(datetime(2028, 4, 30, 21, 59, 59, tzinfo=UTC), tick=False)
    assert erase_drivers() == {"rows": 0}
    time_machine.move_to(datetime(2028, 4, 30, 22, 0, tzinfo=UTC), tick=False)
    # Its five records of both sides and the card; nothing of what A and B did.
    assert erase_drivers() == {"rows": 6}
    assert erase_drivers() == {"rows": 0}

    assert set(ContractIdentity.objects.values_list("csp", flat=True)) == {oracle.buyers["A"].pk}
    assert RawRecord.objects.count() == 1
    assert Erasure.objects.get().rows == 6
    assert dict(Sdr.objects.values_list("pk", "payload_sha256")) == hashes
    assert sealing.verify().ok
    assert content_sha256(statement.content) == statement.content_sha256
    client.force_login(person_of(partner))
    answer = client.get(reverse("portal:statement-pdf", args=[statement.pk]))
    assert hashlib.sha256(answer.content).hexdigest() == stored.sha256
    assert client.get(reverse("portal:package-file")).status_code == 200
    assert client.post(reverse("portal:package")).status_code == 403

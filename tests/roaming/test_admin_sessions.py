"""Staff's pages of sessions and remote requests, and which sessions still lack their record."""

import re

import pytest
from django.urls import reverse

from roaming.models import RemoteRequest, ServiceSession
from roaming.queries_sessions import sessions_without_record
from tests import makers
from tests.makers import NOON, later, take_one
from tests.roaming.part_five_rows import make
from tests.roaming.session_world import take

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

LIST = reverse("admin:roaming_servicesession_changelist")


@pytest.fixture(autouse=True)
def staff(client):
    makers.AgreementMaker()
    client.force_login(makers.StaffMaker())


def page(client, row) -> str:
    name = f"admin:roaming_{row._meta.model_name}_change"
    return client.get(reverse(name, args=[row.pk])).content.decode()


def missing(now) -> set[str]:
    rows = sessions_without_record(ServiceSession.objects.all(), now=now)
    return {row.aliases.get(party=row.cso_id).alias for row in rows}


def test_a_session_is_told_with_its_steps_names_and_requests(client):
    session = take(authorization_reference="AUTH-1").session
    take(state="COMPLETED", updated_at=later(minutes=1), authorization_reference="AUTH-1")
    make(RemoteRequest, kind="STOP", session=session, answer="ACCEPTED")

    shown = page(client, session)

    for text in ("Session S-1", "AUTH-1", "Runs (1)", "Over (2)", "Stop a session", "ACCEPTED"):
        assert text in shown, text
    assert "Its record has not come yet" in shown


def test_its_record_stands_on_the_page(client):
    session = take(state="COMPLETED", session_id="S-0001").session
    take_one(service_session_id="S-0001")

    assert "NLX-0001" in page(client, session)


def test_a_session_that_is_over_and_lacks_its_record_shows_after_three_days(client):
    take(state="COMPLETED", session_id="S-0001")
    take(state="COMPLETED", session_id="S-billed")
    take(state="INVALID", session_id="S-void")
    take(session_id="S-running")
    take_one(service_session_id="S-billed")

    assert missing(later(days=2)) == set()
    assert missing(later(days=3)) == {"S-0001"}


def rows_on(shown: str) -> int:
    """How many pages of rows the list leads to."""
    return len(re.findall(r"/[0-9a-f-]{36}/change/", shown))


def test_lists_are_filtered(client):
    old = take(state="COMPLETED", updated_at=later(days=-4)).session
    take(session_id="S-2")

    shown = client.get(LIST, {"record": "missing"}).content.decode()

    assert str(old.pk) in shown
    assert rows_on(shown) == 1
    found = client.get(LIST, {"q": "S-2"}).content.decode()
    assert rows_on(found) == 1


def test_a_request_says_what_went_wrong(client):
    away = make(RemoteRequest, answer="NOT_REACHED", answered_at=NOON)
    untold = make(
        RemoteRequest,
        answer="ACCEPTED",
        answered_at=NOON,
        outcome="DONE",
        outcome_at=NOON,
        encrypted_response_url=b"sealed",
    )

    assert "could not be asked" in page(client, away)
    assert "could not be told the outcome" in page(client, untold)
    url = reverse("admin:roaming_remoterequest_changelist")
    assert rows_on(client.get(url, {"told": "untold"}).content.decode()) == 1


def test_people_of_partners_see_none_of_it(client):
    session = take().session
    client.force_login(makers.PartnerUserMaker(partner=makers.partner_of(makers.nordlicht())))

    for url in (LIST, reverse("admin:roaming_servicesession_change", args=[session.pk])):
        assert client.get(url).status_code == 302

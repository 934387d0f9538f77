"""Who asks for a pause by Retry-After gets it; our own 429 and 503 ask for one."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from uuid import uuid4

import pytest
from django.core.cache import cache
from rest_framework import exceptions

from partners.api.problems import problem_response
from partners.models import RoamingEndpoint
from roaming.models import Exchange
from roaming.rules.retry_after import LONGEST_S, seconds_to_wait
from roaming.services import outgoing
from roaming.services.outgoing import NotCalled
from roaming.services.outgoing.pauses import Pauses
from tests.roaming.part_five_rows import make
from tests.roaming.partner_end import PartnerEnd, at_work

NOW = datetime(2026, 11, 29, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "text", "seconds"),
    [
        (429, "7", 7),
        (503, " 120 ", 120),
        (503, format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (503, "Sun, 29 Nov 2026 20:01:00 -0000", 60),
        (429, format_datetime(NOW - timedelta(days=1), usegmt=True), 0),
        (429, "86400", LONGEST_S),
        (429, "9" * 400, LONGEST_S),
        (503, "Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_S),
        (429, "", 0),
        (429, "soon", 0),
        (429, "-5", 0),
        (429, "1.5", 0),
        (429, "²", 0),
        (500, "7", 0),
        (200, "7", 0),
    ],
)
def test_is_read_as_seconds_or_as_a_date(status, text, seconds):
    assert seconds_to_wait(status, text, now=NOW) == seconds


def test_a_pause_is_known_to_all_processes_and_ends():
    now = [1000.0]
    ours, theirs = (Pauses(shared=cache, clock=lambda: now[0]) for _ in range(2))
    endpoint = uuid4()

    ours.begin(endpoint, "locations", 30)

    assert theirs.left_s(endpoint, "locations") == 30
    assert theirs.left_s(endpoint, "tokens") == 0
    now[0] += 30
    assert theirs.left_s(endpoint, "locations") == 0


@pytest.mark.django_db
class TestACall:
    @pytest.fixture(autouse=True)
    def may_be_local(self, settings):
        settings.PARTNERS_MAY_BE_LOCAL = True

    @pytest.fixture
    def endpoint(self):
        return make(RoamingEndpoint, state="CONNECTED")

    @pytest.mark.parametrize("status", [429, 503])
    def test_leaves_the_module_alone_until_the_pause_is_over(self, endpoint, status):
        with at_work(PartnerEnd(answer=asking_to_wait(status, "60"))) as end:
            reply = outgoing.call(endpoint, "PUT", end.url, module="locations", attempts=3)
            with pytest.raises(NotCalled, match=r"left alone for [56][0-9] s more"):
                outgoing.call(endpoint, "PUT", end.url, module="locations")
            other = outgoing.call(endpoint, "POST", end.url, module="tokens")

        # A pause longer than the call's own time is not waited for.
        assert (reply.status, other.status) == (status, 200)
        assert len(end.asked) == 2
        assert Exchange.objects.count() == 2

    def test_waits_for_a_short_pause_before_its_next_attempt(self, endpoint):
        with at_work(PartnerEnd(answer=asking_to_wait(503, "1"))) as end:
            started = time.monotonic()
            reply = outgoing.call(endpoint, "PUT", end.url, attempts=2)

        assert reply.status == 200
        assert time.monotonic() - started >= 1

    def test_of_another_status_is_no_plea(self, endpoint):
        with at_work(PartnerEnd(answer=asking_to_wait(500, "60"))) as end:
            assert outgoing.call(endpoint, "PUT", end.url).status == 500
            assert outgoing.call(endpoint, "PUT", end.url).status == 200


def asking_to_wait(status: int, retry_after: str):
    """The first call is asked to come later, each other one is taken."""
    is_first = [True]

    def answer(asked, handler):
        if not is_first:
            return 200, b"{}"
        is_first.clear()
        head = f"HTTP/1.1 {status} Later\r\nRetry-After: {retry_after}\r\nContent-Length: 2\r\n\r\n"
        handler.wfile.write(head.encode() + b"{}")
        return None

    return answer


class TestOurOwn:
    def test_429_of_the_api_says_how_long(self):
        answer = problem_response(exceptions.Throttled(wait=1.2), {"request": None})

        assert answer is not None
        assert (answer.status_code, answer["Retry-After"]) == (429, "2")

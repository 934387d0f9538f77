"""Long work of the clock is a job that people watch and stop; short work is none."""

from datetime import timedelta

import pytest

from partners.models import Job, Partner
from partners.services import jobs
from partners.services.clockwork import MANY, Work, go_through
from tests.makers import NOON, PartnerMaker

pytestmark = pytest.mark.django_db
KIND = "billing.render_missing_statements"


class Pile:
    """Partners whose names are to be written in capitals; one that is "stuck" cannot be."""

    def __init__(self, many: int):
        self.own = PartnerMaker.create_batch(many)
        self.before_each = lambda done: None
        self.done = 0

    @property
    def work(self) -> Work:
        pieces = Partner.objects.filter(pk__in=[one.pk for one in self.own])
        return Work(KIND, "Names", pieces.exclude(name__startswith="DONE").order_by("pk"), self.act)

    def act(self, partner: Partner) -> bool:
        self.before_each(self.done)
        if partner.name == "stuck":
            return False
        Partner.objects.filter(pk=partner.pk).update(name=f"DONE {partner.pk}")
        self.done += 1
        return True


def clock():
    return NOON


def test_few_are_done_without_a_job():
    pile = Pile(MANY - 1)

    assert go_through(pile.work, clock=clock) == MANY - 1
    assert not Job.objects.exists()


def test_many_are_a_job_that_tells_how_far_it_is_and_what_came_out():
    pile = Pile(MANY + 1)
    Partner.objects.filter(pk=pile.own[4].pk).update(name="stuck")
    seen = []
    pile.before_each = lambda done: seen.append(Job.objects.get().done)

    assert go_through(pile.work, clock=clock) == MANY

    job = Job.objects.get()
    assert (job.state, job.done, job.total) == ("DONE", MANY + 1, MANY + 1)
    assert job.result == {"done": MANY, "not_done": 1}
    assert seen == list(range(MANY + 1))


def test_who_stops_it_leaves_the_rest_to_the_next_time():
    pile = Pile(MANY + 3)

    def stop(done):
        if done == 2:
            jobs.request_cancel(Job.objects.get(), now=NOON)

    pile.before_each = stop
    assert go_through(pile.work, clock=clock) == 3
    assert Job.objects.get().state == "CANCELLED"

    pile.before_each = lambda done: None
    later = NOON + timedelta(minutes=5)
    assert go_through(pile.work, clock=lambda: later) == MANY
    assert list(Job.objects.order_by("created_at").values_list("state", flat=True)) == [
        "CANCELLED",
        "DONE",
    ]


def test_nobody_begins_what_somebody_is_at():
    pile = Pile(MANY)
    again = []

    def come_by(done):
        if done in (0, MANY - 3):
            again.append(go_through(pile.work, clock=clock))

    pile.before_each = come_by
    assert go_through(pile.work, clock=clock) == MANY
    assert again == [0, 0]
    assert Job.objects.count() == 1


def test_a_job_whose_worker_died_is_taken_over_by_its_id():
    pile = Pile(MANY)
    dead = jobs.enqueue(KIND, run_key="dead", title="Names", parameters={})
    jobs.claim(dead.pk, now=NOON)
    later = NOON + jobs.STALE_AFTER + timedelta(seconds=1)

    assert go_through(pile.work, clock=clock, job_id=str(dead.pk)) == 0
    assert go_through(pile.work, clock=lambda: later, job_id=str(dead.pk)) == MANY
    assert Job.objects.get().state == "DONE"


def test_what_nobody_expected_ends_the_job_with_a_word():
    pile = Pile(MANY)

    def break_down(done):
        raise ZeroDivisionError

    pile.before_each = break_down
    with pytest.raises(ZeroDivisionError):
        go_through(pile.work, clock=clock)

    job = Job.objects.get()
    assert job.state == "FAILED"
    assert "ZeroDivisionError" in job.error

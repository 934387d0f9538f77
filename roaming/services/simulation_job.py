"""A simulation as a job: with progress while it runs, and kept for whoever activates the drafts."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from partners.models import Job, Partner, User
from partners.services import jobs
from roaming.intake.overrides import DEFAULT, IN_FORCE, RuleSet
from roaming.models import RuleOverride
from roaming.rules.effect import EFFECTS
from roaming.services.simulation import Selection, Simulated, simulate

KIND = "roaming.simulate_rules"


class DraftGone(Exception):
    """A draft was deleted, or has been changed, since the simulation was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to simulate: some drafts, or the catalog's own limits and weights, over what."""

    selection: Selection
    drafts: tuple[RuleOverride, ...] = ()
    is_default: bool = False

    @property
    def rule_set(self) -> RuleSet:
        if self.is_default:
            return DEFAULT
        return RuleSet(drafts=self.drafts) if self.drafts else IN_FORCE

    @property
    def title(self) -> str:
        if self.is_default:
            return "Simulate the default rules"
        codes = " ".join(sorted({draft.code for draft in self.drafts}))
        return f"Simulate {codes or 'the rules in force'}"

    def as_json(self) -> dict[str, object]:
        selection = self.selection
        return {
            "drafts": [str(draft.pk) for draft in self.drafts],
            "content_sha256": content_of(self.drafts),
            "is_default": self.is_default,
            "from_at": selection.from_at.isoformat(),
            "until_at": selection.until_at.isoformat(),
            "sender": str(selection.sender.pk) if selection.sender else None,
            "agreement_number": selection.agreement_number,
            "environment": selection.environment,
        }


def ask_for(wish: Wish, *, user: User | None = None) -> Job:
    """Queue the simulation; each time anew, for records come in all the time."""
    return jobs.enqueue(
        KIND,
        run_key=f"simulate:{uuid.uuid4()}",
        title=wish.title,
        parameters=wish.as_json(),
        requested_by=user,
    )


def run(job: Job, *, clock: Callable[[], datetime]) -> None:
    """Do a claimed job. Started again after a death it begins anew: it has written nothing."""
    figures = Simulated()
    with jobs.failure_told(job, clock=clock):
        try:
            wish = _wish_of(job.parameters)
            total = wish.selection.records().count()
            for figures in simulate(wish.rule_set, wish.selection):
                done = min(figures.seen, total)
                jobs.report(job, done=done, total=total, now=clock())
        except jobs.JobCancelled:
            jobs.finish(job, state=Job.State.CANCELLED, now=clock(), result=result_of(job, figures))
        except DraftGone as error:
            jobs.finish(job, state=Job.State.FAILED, now=clock(), error=str(error))
        else:
            jobs.finish(job, state=Job.State.DONE, now=clock(), result=result_of(job, figures))


def result_of(job: Job, figures: Simulated) -> dict[str, object]:
    """The job's page shows the sums; ``figures`` is all of it, for the simulation's own page."""
    told = figures.as_json()
    return {
        "records": figures.records,
        **{effect: figures.effects[effect].records for effect in EFFECTS},
        "see": {
            "label": "What it would change",
            "page": "admin:roaming_simulation",
            "id": str(job.pk),
        },
        "figures": [told],
    }


def latest_of(draft: RuleOverride) -> Job | None:
    """The newest finished simulation in which the draft had a part."""
    return (
        Job.objects.filter(
            kind=KIND, state=Job.State.DONE, parameters__drafts__contains=[str(draft.pk)]
        )
        .order_by("-finished_at")
        .first()
    )


def is_of_today(job: Job, drafts: Sequence[RuleOverride]) -> bool:
    """Are the drafts still what was simulated?"""
    return job.parameters["content_sha256"] == content_of(drafts)


def drafts_of(job: Job) -> list[RuleOverride]:
    return list(RuleOverride.objects.filter(pk__in=job.parameters["drafts"]).order_by("id"))


def content_of(drafts: Iterable[RuleOverride]) -> str:
    """What the drafts say, without their days: those do not count in a simulation."""
    said = [
        [str(draft.pk), draft.code, draft.scope_key, draft.severity, draft.limits, draft.reason]
        for draft in sorted(drafts, key=lambda draft: draft.pk)
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _wish_of(parameters: Mapping) -> Wish:
    drafts = tuple(RuleOverride.objects.filter(pk__in=parameters["drafts"]).order_by("id"))
    if content_of(drafts) != parameters["content_sha256"]:
        raise DraftGone("The drafts have changed since. Simulate them again.")
    sender = parameters["sender"]
    return Wish(
        drafts=drafts,
        is_default=parameters["is_default"],
        selection=Selection(
            from_at=datetime.fromisoformat(parameters["from_at"]),
            until_at=datetime.fromisoformat(parameters["until_at"]),
            sender=Partner.objects.get(pk=sender) if sender else None,
            agreement_number=parameters["agreement_number"],
            environment=parameters["environment"],
        ),
    )

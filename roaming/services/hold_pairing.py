"""Held credits and replacements: tied to the record that they answer when their hold ends."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from roaming.messages import InboundSdr
from roaming.models import Sdr, SdrLink, SdrState, SessionKey
from roaming.rules.lifecycle import path_of_credit, path_of_intake
from roaming.services.revalidation import Rejudged, judge_again

# No word of a person pairs a credit or replacement with the record that it names.
_NO_ANSWER = frozenset({"V601", "V602", "V603", "V605"})


def path_of(one: Rejudged) -> list[str]:
    if one.verdict == "ACCEPT" and one.original and one.submission.sdr.credits_sdr_id:
        return path_of_credit(one.original.state)[1:]
    acceptance = one.sides.terms.acceptance if one.sides.terms else None
    return path_of_intake(one.verdict, acceptance)[1:]


def take_over_session(one: Rejudged) -> None:
    """A replacement bills the session that its original gave up."""
    sdr = one.submission.sdr
    if one.original is None or one.verdict != "ACCEPT" or sdr.credits_sdr_id:
        return
    if one.sides.seller is not None and sdr.service_session_id:
        claim_session(one.record_id, one.sides.seller.id, sdr)


def claim_session(record_id: UUID, seller_id: UUID, sdr: InboundSdr) -> None:
    key = SessionKey(
        record_id=record_id,
        cso_id=seller_id,
        session_id=sdr.service_session_id,
        split_no=sdr.split_no,
    )
    SessionKey.objects.bulk_create([key], ignore_conflicts=True)


def answers_among(record_ids: Sequence[UUID]) -> QuerySet:
    """Those that name another record: credits and replacements."""
    named = ~Q(credits_sdr_id="") | ~Q(replaces_sdr_id="")
    return Sdr.objects.filter(named, id__in=record_ids).values_list("id", flat=True)


def judged_unpaired(state: SdrState, *, now: datetime) -> Rejudged | None:
    """A held credit or replacement that is not tied to what it names yet, judged again."""
    return next(iter(judge_again([state], now=now)), None) if _is_unpaired(state) else None


def _is_unpaired(state: SdrState) -> bool:
    is_answer = answers_among([state.id]).exists()
    return is_answer and not SdrLink.objects.filter(record_id=state.id).exists()


def can_be_paired(state: SdrState, *, now: datetime) -> bool:
    """True for whatever answers no record, or answers one that is here as it must."""
    if not _is_unpaired(state):
        return True
    one = judged_unpaired(state, now=now)
    return (
        one is not None
        and one.original is not None
        and not _NO_ANSWER & {finding.code for finding in one.findings}
    )

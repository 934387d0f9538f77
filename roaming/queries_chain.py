"""Originals, credits, replacements and parts as one history with one sum."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext

from roaming.models import Sdr, SdrLink, SdrState
from roaming.queries import Reader, readable_states


class ChainLine(NamedTuple):
    """One record of a chain: what it is to the others, and what it asks for now."""

    record_id: UUID
    sdr_id: str
    role: str
    state: str
    claim_amount: Decimal
    counted_amount: Decimal
    currency: str


def chain_of(record_id: UUID) -> list[Sdr]:
    """The record's whole history: originals, credits, replacements, in the order of receipt."""
    known, fresh = {record_id}, {record_id}
    while fresh:
        links = SdrLink.objects.filter(record_id__in=fresh) | SdrLink.objects.filter(
            original_id__in=fresh
        )
        found = {one for link in links for one in (link.record_id, link.original_id)}
        fresh = found - known
        known |= fresh
    return list(Sdr.objects.filter(id__in=known).order_by("id"))


def sum_of(chain: Sequence[Sdr]) -> Decimal:
    """What the chain asks for in all: records that were withdrawn or superseded ask for nothing."""
    ids = [sdr.id for sdr in chain]
    states = dict(SdrState.objects.filter(id__in=ids).values_list("id", "state"))
    return sum(
        (sdr.claim_amount or Decimal(0) for sdr in chain if counts(states[sdr.id])), Decimal(0)
    )


def counts(state: str) -> bool:
    """Does a record in ``state`` ask for its claim?"""
    return state not in ("REJECTED", "WITHDRAWN", "SUPERSEDED")


def lines_of(record_id: UUID, *, reader: Reader | None = None) -> list[ChainLine]:
    """The chain line by line; with ``reader`` without what another CSP was sent by mistake."""
    chain = chain_of(record_id)
    states = SdrState.objects if reader is None else readable_states(reader)
    known = dict(states.filter(id__in=[sdr.id for sdr in chain]).values_list("id", "state"))
    return [_line(sdr, known[sdr.id]) for sdr in chain if sdr.id in known]


def _line(sdr: Sdr, state: str) -> ChainLine:
    claim = sdr.claim_amount or Decimal(0)
    return ChainLine(
        record_id=sdr.id,
        sdr_id=sdr.sdr_id,
        role=_role(sdr),
        state=state,
        claim_amount=claim,
        counted_amount=claim if counts(state) else Decimal(0),
        currency=sdr.currency,
    )


def _role(sdr: Sdr) -> str:
    if sdr.credits_sdr_id:
        return gettext("credit of %(id)s") % {"id": sdr.credits_sdr_id}
    if sdr.replaces_sdr_id:
        return gettext("replaces %(id)s") % {"id": sdr.replaces_sdr_id}
    if sdr.split_no:
        return gettext("part %(number)s of the session") % {"number": sdr.split_no}
    return gettext("original")

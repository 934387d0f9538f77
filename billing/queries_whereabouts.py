"""Where is my record? One answer for any SDR id or record id, for its two sides and nobody else."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Literal, cast
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from billing.models import ClearedSdr, ClearingWindow, Document, ExposureBlock
from billing.rules.supply_period import supply_title
from billing.rules.whereabouts import Facts, tell
from billing.rules.whereabouts_told import (
    AnswerTold,
    BookedTold,
    DisputeTold,
    FindingTold,
    SentTold,
    StatementTold,
    Whereabouts,
    WindowTold,
)
from partners.models import Partner, Party, RoamingAgreement
from partners.queries import current_owner
from roaming.models import Finding, Sdr, SdrEvent, SdrLink, SdrState
from roaming.queries import Reader, readable_states, reader_of
from roaming.queries_disputes import newest_disputes
from roaming.rules.catalog import REMEDIES
from roaming.rules.dispute import next_step

# Attempts under one id that are told; a sender that repeats a mistake for ever sees the newest.
MOST_ATTEMPTS = 50


class NotForYou(LookupError):
    """No such record, or none that this partner may see: both are answered alike."""


def where_is(
    subject: UUID | str, *, for_partner: Partner, environment: str, now: datetime
) -> Whereabouts:
    """Tell where a record is: ``subject`` is its record id, or the SDR id its seller gave it.

    All attempts under the id that the partner may see are told, newest first: a rejected one to
    its sender only, a live one to seller and buyer. About a dozen queries, however many attempts.

    :raises NotForYou: nothing under this id that the partner may see.
    """
    reader = reader_of(for_partner, environment=environment, now=now)
    states = _family(subject, reader)
    if not states:
        raise NotForYou(str(subject))
    facts = _facts(states, for_partner=for_partner)
    return Whereabouts(
        sdr_id=facts[0].sent.sdr_id,
        environment=cast(Literal["TEST", "LIVE"], environment),
        attempts=[tell(one) for one in facts],
    )


def records_under(sdr_id: str, *, environment: str) -> list[UUID]:
    """Ids of every record that any seller sent under ``sdr_id``; not yet those of one reader."""
    sellers = Party.objects.filter(environment=environment).values("pk")
    found = Sdr.objects.filter(
        Q(seller__in=sellers) | Q(seller__isnull=True), sdr_id=sdr_id, environment=environment
    )
    return list(found.values_list("id", flat=True))


def _family(subject: UUID | str, reader: Reader) -> list[SdrState]:
    if isinstance(subject, UUID):
        return _siblings(subject, reader)
    # An id holds printable characters only, and the database refuses to hear of NUL.
    is_id = subject != "" and subject.isprintable()
    ids = records_under(subject, environment=reader.environment) if is_id else []
    states = readable_states(reader).filter(id__in=ids).order_by("-id")[:MOST_ATTEMPTS]
    return list(states) or _siblings_of_text(subject, reader)


def _siblings_of_text(subject: str, reader: Reader) -> list[SdrState]:
    """Some senders number their records by UUIDs, so only what is no SDR id is a record id."""
    try:
        return _siblings(UUID(subject), reader)
    except ValueError:
        return []


def _siblings(record_id: UUID, reader: Reader) -> list[SdrState]:
    """The record and the other attempts under its seller's id."""
    readable = readable_states(reader).order_by("-id")
    asked = readable.filter(id=record_id).first()
    if asked is None:
        return []
    sdr = Sdr.objects.only("id", "seller", "sdr_id").get(sender=asked.sender_id, id=asked.id)
    if sdr.seller_id is None or not sdr.sdr_id:
        return [asked]
    siblings = Sdr.objects.filter(seller=sdr.seller_id, sdr_id=sdr.sdr_id)
    ids = list(siblings.values_list("id", flat=True))
    return list(readable.filter(id__in=ids)[:MOST_ATTEMPTS])


def _facts(states: list[SdrState], *, for_partner: Partner) -> list[Facts]:
    """What the tables say of each record, in the same order."""
    senders, ids = {state.sender_id for state in states}, [state.id for state in states]
    sdrs = {sdr.id: sdr for sdr in Sdr.objects.filter(sender__in=senders, id__in=ids)}
    cleared = {
        row.id: row
        for row in ClearedSdr.objects.filter(
            seller__in={state.seller_id for state in states if state.seller_id}, id__in=ids
        ).select_related("window__group")
    }
    agreements = RoamingAgreement.objects.select_related("group", "buyer").in_bulk(
        {state.agreement_id for state in states if state.agreement_id}
    )
    disputed, answers = _disputes(ids), _answers(ids)
    blocked = _blocked(states, sdrs, agreements, cleared)
    findings, events = _by_record(Finding, senders, ids), _by_record(SdrEvent, senders, ids)
    statements = _statements(cleared.values(), for_partner=for_partner)
    facts = [
        _fact(
            state,
            sdrs[state.id],
            findings=findings.get(state.id, []),
            events=events.get(state.id, []),
            agreement=agreements.get(state.agreement_id),
            cleared=cleared.get(state.id),
            statements=statements,
        )
        for state in states
    ]
    return [
        replace(
            fact,
            dispute=disputed.get(fact.sent.record_id),
            answers=tuple(answers.get(fact.sent.record_id, ())),
            buyer_blocked_at=at,
            is_blocked_by_hand=by_hand,
        )
        for fact in facts
        for at, by_hand in [blocked.get(fact.sent.record_id, (None, False))]
    ]


def _blocked(
    states: list[SdrState],
    sdrs: dict[UUID, Sdr],
    agreements: dict[UUID, RoamingAgreement],
    cleared: dict[UUID, ClearedSdr],
) -> dict[UUID, tuple[datetime, bool]]:
    """Since when the buyer of what is accepted and not cleared is blocked, and whether by hand.

    As clear_sdrs.sql.
    A credit lowers what is owed and never waits for it.
    """
    waiting = [
        (state, agreements[state.agreement_id])
        for state in states
        if state.state == "ACCEPTED"
        and state.agreement_id
        and state.id not in cleared
        and (sdrs[state.id].claim_amount or 0) > 0
    ]
    if not waiting:
        return {}
    since = {
        (block.group_id, block.partner_id): (block.blocked_at, bool(block.blocked_by))
        for block in ExposureBlock.objects.filter(
            group__in={agreement.group_id for _, agreement in waiting}, lifted_at__isnull=True
        )
    }
    if not since:
        return {}
    found = {}
    for state, agreement in waiting:
        buyer = current_owner(agreement.buyer, at=state.ended_at) if state.ended_at else None
        if buyer and (at := since.get((agreement.group_id, buyer.pk))):
            found[state.id] = at
    return found


def _disputes(ids: list[UUID]) -> dict[UUID, DisputeTold]:
    return {
        record_id: DisputeTold(
            id=dispute.pk,
            number=dispute.number,
            is_open=dispute.closed_at is None,
            stage=dispute.stage,
            next_step=next_step(
                dispute.stage,
                dispute.outcome,
                is_confirmed=dispute.is_confirmed,
                is_replaced=dispute.replacement_id is not None,
            ),
            deadline_at=None if dispute.closed_at else dispute.deadline_at,
        )
        for record_id, dispute in newest_disputes(ids).items()
    }


def _answers(ids: list[UUID]) -> dict[UUID, list[AnswerTold]]:
    """What credits or replaces each record, in the order of receipt."""
    links = list(SdrLink.objects.filter(original_id__in=ids).order_by("record_id"))
    if not links:
        return {}
    names = dict(
        Sdr.objects.filter(id__in=[link.record_id for link in links]).values_list("id", "sdr_id")
    )
    answers: dict[UUID, list[AnswerTold]] = {}
    for link in links:
        told = AnswerTold(
            record_id=link.record_id,
            sdr_id=names[link.record_id],
            kind=cast(Literal["CREDIT", "REPLACEMENT", "SPLIT"], link.kind),
        )
        answers.setdefault(link.original_id, []).append(told)
    return answers


def _by_record(model: type[Finding] | type[SdrEvent], senders: set, ids: list[UUID]) -> dict:
    rows: dict[UUID, list] = {}
    for row in model.objects.filter(sender__in=senders, record_id__in=ids).order_by("version"):
        rows.setdefault(row.record_id, []).append(row)
    return rows


def _statements(cleared: Iterable[ClearedSdr], *, for_partner: Partner) -> dict[UUID, Document]:
    """The partner's own statements by window; the other side has one of its own."""
    windows = {row.window_id for row in cleared}
    if not windows:
        return {}
    issued = Document.objects.filter(
        partner=for_partner, settlement__window__in=windows, kind=Document.Kind.STATEMENT
    ).select_related("settlement")
    return {
        document.settlement.window_id: document
        for document in issued.defer("content")
        if document.settlement
    }


def _fact(
    state: SdrState,
    sdr: Sdr,
    *,
    findings: list[Finding],
    events: list[SdrEvent],
    agreement: RoamingAgreement | None,
    cleared: ClearedSdr | None,
    statements: dict[UUID, Document],
) -> Facts:
    window = cleared.window if cleared else _expected_window(state, agreement)
    document = statements.get(cleared.window_id) if cleared else None
    return Facts(
        sent=_sent(sdr),
        state=state.state,
        changed_at=state.changed_at,
        delivered_at=state.delivered_at,
        accepted_at=state.accepted_at,
        reason=events[-1].reason if events else "",
        was_held=any("HELD" in event.path for event in events),
        findings=_told(findings, state),
        acceptance=agreement.acceptance if agreement else "",
        acceptance_days=agreement.acceptance_days if agreement else 0,
        window=_window(window),
        booked=_booked(cleared),
        settled_at=document.settlement.issued_at if document and document.settlement else None,
        statement=_statement(document),
        money_flow=settings.MONEY_FLOW,
        credits_sdr_id=sdr.credits_sdr_id,
    )


def _expected_window(state: SdrState, agreement: RoamingAgreement | None) -> ClearingWindow | None:
    """Where the record would go now: the earliest open window whose supply ends after it."""
    if agreement is None or state.ended_at is None or state.state == "REJECTED":
        return None
    return (
        ClearingWindow.objects.filter(
            group=agreement.group_id,
            state=ClearingWindow.State.OPEN,
            supply_ends_at__gt=state.ended_at,
        )
        .select_related("group")
        .order_by("supply_ends_at")
        .first()
    )


def _sent(sdr: Sdr) -> SentTold:
    return SentTold(
        record_id=sdr.id,
        sdr_id=sdr.sdr_id,
        attempt=sdr.attempt,
        cso_id=sdr.cso_code,
        csp_id=sdr.csp_code,
        is_sent_by_agent=sdr.mandate_id is not None,
        evse_id=sdr.evse_id or sdr.evse_id_received,
        started_at=sdr.started_at,
        ended_at=sdr.ended_at,
        energy_kwh=_plain(sdr.energy_kwh),
        total_amount=_plain(sdr.claim_amount),
        currency=sdr.currency,
        received_at=sdr.received_at,
    )


def _plain(value: Decimal | None) -> Decimal | None:
    """18.400000 as the column holds it is told as 18.4; 100 stays 100."""
    return Decimal(f"{value.normalize():f}") if value else value


def _told(findings: list[Finding], state: SdrState) -> tuple[FindingTold, ...]:
    """Those of the newest check first; what stops the record now is open."""
    newest = max((one.version for one in findings), default=0)
    stopping = {"REJECTED": "REJECT", "HELD": "HOLD"}.get(state.state)
    rows = [
        FindingTold(
            code=one.code,
            severity=cast(Literal["REJECT", "HOLD", "WARN"], one.severity),
            field=one.field,
            message=one.message,
            remedy=REMEDIES.get(one.code, ""),
            is_open=one.version == newest and one.severity == stopping,
        )
        for one in findings
    ]
    return tuple(sorted(rows, key=lambda row: (not row.is_open, row.code, row.field)))


def _window(window: ClearingWindow | None) -> WindowTold | None:
    if window is None:
        return None
    zone = window.group.time_zone
    return WindowTold(
        id=window.id,
        group=window.group.name,
        title=supply_title(window.supply_starts_at, window.supply_ends_at, time_zone=zone),
        supply_starts_at=window.supply_starts_at,
        supply_ends_at=window.supply_ends_at,
        closes_at=window.closes_at,
        state=cast(Literal["OPEN", "CLOSED", "SETTLED"], window.state),
        closed_at=window.closed_at,
        time_zone=zone,
    )


def _booked(cleared: ClearedSdr | None) -> BookedTold | None:
    if cleared is None:
        return None
    return BookedTold(
        currency=cleared.currency,
        is_billed=cleared.is_billed,
        claim_minor=cleared.claim_minor,
        commission_minor=cleared.commission_minor,
        payout_minor=cleared.payout_minor,
        cleared_at=cleared.cleared_at,
        is_own_network=cleared.seller_partner_id == cleared.buyer_partner_id,
    )


def _statement(document: Document | None) -> StatementTold | None:
    if document is None:
        return None
    return StatementTold(id=document.id, number=document.number, issued_at=document.issued_at)

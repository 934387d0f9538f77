"""Objections to statements: a partner's own, and those that a settlement's release waits for."""

from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from billing.models import ClearedSdr, ClearingWindow, Document, Objection
from billing.queries_whereabouts import records_under
from billing.rules.objection import Contested, objectionable_until
from partners.models import Partner


def objections_of(partner: Partner, *, environment: str) -> QuerySet[Objection]:
    """The partner's own, with the amount of an adjustment that mends them: ``adjustment_minor``."""
    own = Objection.objects.filter(partner=partner, document__environment=environment)
    return (
        own.select_related("document__settlement")
        .defer("document__content")
        .annotate(adjustment_minor=F("adjustment__amount_minor"))
    )


def open_against(window: ClearingWindow) -> QuerySet[Objection]:
    """Unanswered ones to provisional statements of the window, of a cancelled calculation too."""
    waiting = Objection.objects.filter(
        state=Objection.State.OPEN,
        document__kind=Document.Kind.PROVISIONAL,
        document__settlement__window=window,
    )
    return waiting.select_related("partner", "document").defer("document__content").order_by("id")


def limits_of(documents: QuerySet[Document]) -> dict[UUID, datetime]:
    """Until when each may be objected to, by what it states itself; one query."""
    rows = documents.order_by().values_list(
        "id",
        "content__objection_until_at",
        "content__objection_until_date",
        "settlement__window__group__time_zone",
    )
    return {
        document_id: objectionable_until(
            until_at=datetime.fromisoformat(at) if at else None,
            until_date=date.fromisoformat(day),
            tz=tz,
        )
        for document_id, at, day, tz in rows
    }


def contested(document: Document) -> Contested:
    """The statement as it stands now."""
    settlement = document.settlement
    if settlement is None:
        raise ValueError(f"{document.number} is no statement of a settlement")
    limits = limits_of(Document.objects.filter(pk=document.pk))
    return Contested(
        is_provisional=document.kind == Document.Kind.PROVISIONAL,
        settlement_state=settlement.state,
        until_at=limits[document.pk],
    )


def counterparties_in(document: Document) -> dict[str, str]:
    """Names of the counterparties that the statement lists, by their codes."""
    lines = Document.objects.filter(pk=document.pk).values_list(
        "content__counterparties", flat=True
    )
    return {line["code"]: line["name"] for line in lines.get() if not line["is_own_network"]}


def record_in(document: Document, sdr_id: str) -> UUID | None:
    """The partner's record in the statement that its seller called ``sdr_id``, if there is one."""
    own = Q(seller_partner=document.partner_id) | Q(buyer_partner=document.partner_id)
    found = ClearedSdr.objects.filter(
        own,
        id__in=records_under(sdr_id, environment=document.environment),
        window__settlements=document.settlement_id,
    )
    return found.order_by("-id").values_list("id", flat=True).first()

"""What a statement notes beside the position: cover that is held, and what is in dispute.

Set-based: a query or two for all partners of a settlement, none per partner.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from billing.documents.content import CoverLine, DisputedLine
from billing.models import Settlement, Transfer
from billing.services.cover import DEPOSIT, PREFUND

_ACCOUNTS: dict[str, Literal["PREFUND", "DEPOSIT"]] = {PREFUND: "PREFUND", DEPOSIT: "DEPOSIT"}


def cover_lines(
    settlement: Settlement, partners: Iterable[UUID], *, now: datetime
) -> dict[UUID, list[CoverLine]]:
    """What each partner's prefund and deposit hold, and what of them covered a default.

    Drawn counts since the group's settlement before. A partner without any has no line.
    """
    who = list(partners)
    held: dict[tuple[UUID, str], int] = defaultdict(int)
    drawn: dict[tuple[UUID, str], int] = defaultdict(int)
    posted = _posted(settlement, now=now)
    for partner, code, amount in _sums(posted, "credit_account", who):
        held[partner, code] += amount
    for partner, code, amount in _sums(posted, "debit_account", who):
        held[partner, code] -= amount
    covering = posted.filter(kind=Transfer.Kind.COVER)
    if since := _issued_before(settlement):
        covering = covering.filter(posted_at__gt=since)
    for partner, code, amount in _sums(covering, "debit_account", who):
        drawn[partner, code] += amount
    lines = defaultdict(list)
    for partner, code in sorted(held, key=lambda key: (key[0], key[1] != PREFUND)):
        key = partner, code
        if held[key] or drawn[key]:
            lines[partner].append(
                CoverLine(account=_ACCOUNTS[code], held_minor=held[key], drawn_minor=drawn[key])
            )
    return lines


def disputed_lines(
    settlement: Settlement, partners: Iterable[UUID], *, now: datetime
) -> dict[UUID, list[DisputedLine]]:
    """Per partner the open suspense of its disputes: what it claims, and what is claimed of it."""
    rows = _posted(settlement, now=now).filter(
        kind__in=[Transfer.Kind.SUSPENSE, Transfer.Kind.SUSPENSE_END]
    )
    sums: dict[tuple[UUID, Literal["SOLD", "BOUGHT"]], list[int]] = defaultdict(lambda: [0, 0])
    grouped = rows.values_list("kind", "debit_account__partner", "credit_account__partner")
    for kind, debit, credit, count, amount in grouped.annotate(Count("pk"), Sum("amount_minor")):
        ended = kind == Transfer.Kind.SUSPENSE_END
        buyer, seller = (credit, debit) if ended else (debit, credit)
        for pair in (sums[seller, "SOLD"], sums[buyer, "BOUGHT"]):
            pair[0] += -count if ended else count
            pair[1] += -amount if ended else amount
    wanted, lines = set(partners), defaultdict(list)
    for (partner, side), (count, amount) in sums.items():
        if partner in wanted and count:
            lines[partner].append(DisputedLine(side=side, sdrs=count, amount_minor=amount))
    return {
        partner: sorted(found, key=lambda one: one.side == "BOUGHT")
        for partner, found in lines.items()
    }


def _posted(settlement: Settlement, *, now: datetime) -> QuerySet[Transfer]:
    return Transfer.objects.filter(
        currency=settlement.currency, environment=settlement.environment, posted_at__lte=now
    )


def _sums(
    rows: QuerySet[Transfer], side: str, partners: list[UUID]
) -> Iterable[tuple[UUID, str, int]]:
    of = {f"{side}__partner__in": partners, f"{side}__code__in": list(_ACCOUNTS)}
    grouped = rows.filter(**of).values_list(f"{side}__partner", f"{side}__code")
    return grouped.annotate(Sum("amount_minor"))


def _issued_before(settlement: Settlement) -> datetime | None:
    """When the group's settlement before was issued."""
    earlier = Settlement.objects.filter(
        window__group=settlement.window.group_id, state=Settlement.State.ISSUED
    ).exclude(pk=settlement.pk)
    return earlier.order_by("-issued_at").values_list("issued_at", flat=True).first()

"""Calculate a closed window's settlement, show it, cancel it, or issue exactly what was shown.

Calculating posts nothing. What it wrote (supplies, fee lines, positions, instructions) is what is
issued: a release names the hash of the preview, and one of anything else is refused.
"""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from billing.models import (
    ClearingWindow,
    Document,
    ManualAdjustment,
    Settlement,
    TaxedSupply,
)
from billing.queries_objections import open_against
from billing.rules.netting import PartnerPosition, positions_sha256
from billing.services import exchange
from billing.services.fees import charge_fees
from billing.services.instructing import instruct, netted_together
from billing.services.invoicing import issue_invoices
from billing.services.payments.states import refresh
from billing.services.postings import post_settlement
from billing.services.preview import preview_of, sha256_of
from billing.services.set_offs import post_set_offs
from billing.services.statements import issue_statements, number_statements
from billing.services.supplies import tax_settlement
from clearinghouse.retry import in_transaction
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at
from partners.models import Approval, SettlementGroup
from partners.queries import clearing_house

_SQL = Path(__file__).resolve().parent.parent / "sql"
_NOT_YET_HASHED = "0" * 64


class NotReleasable(Exception):
    """What was approved is not what would be issued, or it was settled already."""


def calculate(window: ClearingWindow, *, now: datetime) -> Settlement:
    """Work out a closed window's settlement; the caller holds its group FOR UPDATE.

    :raises NotReleasable: it has one that counts; cancel that first.
    :raises billing.rules.conversion.NoRate: the rates of the cut-off day were not imported.
    """
    if window.settlement is not None:
        raise NotReleasable("The window has a settlement; cancel it before calculating anew.")
    settlement = Settlement.objects.create(
        id=uuid7_at(now),
        window=window,
        environment=window.environment,
        currency=window.group.currency,
        state=Settlement.State.CALCULATED,
        positions_sha256=_NOT_YET_HASHED,
        calculated_at=now,
    )
    charge_fees(settlement, now=now)
    tax_settlement(settlement, now=now)
    previous = previous_settlement(window.group)
    exchange.take_in(settlement)
    plan = exchange.plan_of(window)
    net(settlement, previous, plan.agreed if plan else (), now=now)
    exchange.convert(settlement, plan, now=now)
    instruct(settlement, now=now)
    settlement.positions_sha256 = hash_of_positions(settlement)
    settlement.preview = preview_of(settlement, previous, plan)
    settlement.preview_sha256 = sha256_of(settlement.preview)
    settlement.save(update_fields=["positions_sha256", "preview", "preview_sha256"])
    return settlement


def release(
    settlement: Settlement, *, preview_sha256: str, approval: Approval | None, now: datetime
) -> list[Document]:
    """Issue a calculated settlement, if it is still exactly the one that was shown.

    :raises NotReleasable: another hash, another state, no approval where two persons must, or an
        earlier settlement of the group was issued meanwhile.
    """
    return in_transaction(lambda: _release(settlement.pk, preview_sha256, approval, now))


def _release(
    settlement_id: UUID, preview_sha256: str, approval: Approval | None, now: datetime
) -> list[Document]:
    group = SettlementGroup.objects.select_for_update().get(windows__settlements=settlement_id)
    settlement = Settlement.objects.select_related("window__group").get(pk=settlement_id)
    if settlement.preview_sha256 != preview_sha256:
        raise NotReleasable("This is not the preview that was approved. Look at it again.")
    if group.release == SettlementGroup.Release.TWO_PERSONS and not _is_approval(
        approval, settlement
    ):
        raise NotReleasable("A second person must approve exactly this preview.")
    return issue(settlement, approval=approval, now=now)


def _is_approval(approval: Approval | None, settlement: Settlement) -> bool:
    return (
        approval is not None
        and approval.state == Approval.State.APPROVED
        and approval.object_id == str(settlement.pk)
        and approval.content_sha256 == settlement.preview_sha256
    )


def issue(
    settlement: Settlement, *, approval: Approval | None = None, now: datetime
) -> list[Document]:
    """Post, mark issued, write statements and invoices; the caller holds the group FOR UPDATE.

    :raises NotReleasable: it is not CALCULATED, an objection to it is open, or the carried amounts
        are not those of now.
    """
    window = settlement.window
    # An objection holds the settlement FOR SHARE: who comes second sees what the first did.
    settlement.refresh_from_db(
        fields=["state"], from_queryset=Settlement.objects.select_for_update()
    )
    if settlement.state != Settlement.State.CALCULATED:
        raise NotReleasable(f"The settlement is {settlement.state}; nothing was issued.")
    if unanswered := open_against(window).count():
        raise NotReleasable(f"Objections to its statements wait for an answer: {unanswered}.")
    previous = previous_settlement(window.group)
    if settlement.preview.get("carried_from") != (str(previous.pk) if previous else None):
        raise NotReleasable(
            "An earlier settlement was issued meanwhile. Cancel and calculate anew."
        )
    if source := exchange.not_issued_yet(settlement):
        raise NotReleasable(f"It holds amounts of the {source}. Release that first.")
    post_settlement(settlement, now=now)
    post_set_offs(settlement, now=now)
    settlement.state, settlement.issued_at = Settlement.State.ISSUED, now
    settlement.approval = approval
    settlement.save(update_fields=["state", "issued_at", "approval"])
    if settings.MONEY_FLOW != "INSTRUCTION_ONLY":
        refresh(settlement, cause="the settlement was issued", now=now)
    # Invoices name the statement that nets them, and the statement lists them.
    numbers = number_statements(settlement, now=now)
    issue_invoices(settlement, statements=numbers, now=now)
    return issue_statements(settlement, numbers=numbers, now=now)


def cancel(settlement: Settlement, *, reason: str, now: datetime) -> None:
    """Take a calculated settlement back; its window stays closed and can be calculated anew.

    :raises NotReleasable: it was issued, or cancelled before, or another settlement holds what it
        exchanged.
    """
    in_transaction(lambda: _cancel(settlement.pk, reason, now))


def _cancel(settlement_id: UUID, reason: str, now: datetime) -> None:
    SettlementGroup.objects.select_for_update().get(windows__settlements=settlement_id)
    settlement = Settlement.objects.get(pk=settlement_id)
    if settlement.state != Settlement.State.CALCULATED:
        raise NotReleasable(f"The settlement is {settlement.state}; only documents can correct it.")
    if holder := exchange.held_by(settlement):
        raise NotReleasable(f"What it exchanged is held by {holder}. Cancel that first.")
    exchange.give_back(settlement)
    settlement.resolved_blocks.update(settled_in=None)
    settlement.state, settlement.cancelled_at = Settlement.State.CANCELLED, now
    settlement.cancel_reason = reason[:500]
    settlement.save(update_fields=["state", "cancelled_at", "cancel_reason"])


def previous_settlement(group: SettlementGroup) -> Settlement | None:
    """The group's settlement issued last: what it carried on goes into the next."""
    issued = Settlement.objects.filter(window__group=group, state=Settlement.State.ISSUED)
    return issued.order_by("-issued_at", "-pk").first()


def hash_of_positions(settlement: Settlement) -> str:
    """What ``positions_sha256`` must be for the positions as they are stored."""
    names = [*PartnerPosition._fields]
    return positions_sha256(
        PartnerPosition(*row)
        for row in settlement.positions.values_list(
            "partner", *[name for name in names if name != "partner"]
        )
    )


def net(
    settlement: Settlement,
    previous: Settlement | None,
    exchangers: Collection[UUID] = (),
    *,
    now: datetime,
) -> None:
    """Write the positions of what was taxed, adjusted, carried and exchanged; once per settlement.

    ``exchangers`` agreed to be settled in another currency.
    """
    window = settlement.window
    execute(
        "net_positions.sql",
        {
            "settlement_id": settlement.pk,
            "window_id": window.pk,
            "house_id": clearing_house().pk,
            "previous_id": previous.pk if previous else None,
            "minimum": window.group.minimum_payment_minor,
            "carriers": list(_carriers(settlement)),
            "exchangers": list(exchangers),
            "ids": [uuid7_at(now) for _ in range(_most_positions(settlement, previous))],
        },
    )


def _carriers(settlement: Settlement) -> set[UUID]:
    """Whose small position may wait: those with one payment each, not those paid by each other."""
    if settlement.window.group.model == SettlementGroup.Model.CCP:
        return {clearing_house().pk, *_sides(settlement)}
    return netted_together(settlement)


def _sides(settlement: Settlement) -> set[UUID]:
    supplies = settlement.supplies.values_list("supplier", "customer")
    return {partner for pair in supplies for partner in pair}


def _most_positions(settlement: Settlement, previous: Settlement | None) -> int:
    """At least as many ids as there can be positions."""
    sides = TaxedSupply.objects.filter(settlement=settlement).count() * 2
    pairs = settlement.window.cleared.values("seller_partner", "buyer_partner").distinct().count()
    adjusted = ManualAdjustment.objects.filter(window=settlement.window).count()
    carried = previous.positions.count() if previous else 0
    return sides + 2 * pairs + adjusted + carried + settlement.exchanges_taken.count() + 1


def execute(file_name: str, parameters: dict[str, Any]) -> None:
    """Run one statement of ``billing/sql``."""
    with connection.cursor() as cursor:
        cursor.execute(load_statement(_SQL / file_name), parameters)

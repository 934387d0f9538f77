"""Put settled records right in one run: simulate, have a second person approve, post.

Nothing that was settled changes. Each record gets a credit and a replacement in the open window
that takes it; the statement of before, and its bytes, stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from billing.models import ClearedSdr, ClearingRun, ClearingWindow, CorrectionItem, CorrectionRun
from billing.rules.correction import Difference, Settled, difference, per_partner
from billing.services.preview import sha256_of
from billing.services.windows import ensure_windows
from clearinghouse.money import to_minor_units
from clearinghouse.retry import in_transaction
from clearinghouse.statements import load_statement
from clearinghouse.uuid7 import uuid7_at
from partners.models import Approval, Partner, SettlementGroup, User
from partners.services import approvals
from roaming.models import SdrRating

_SQL = Path(__file__).resolve().parent.parent / "sql"
VERB = "correction.post"
# Who may approve a run that another asked for.
RIGHT = "billing.approve_correctionrun"


class NotCorrectable(Exception):
    """Nothing to correct, or the run is not (or no longer) the one that was approved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which settled records: parties, service end in [ends_from, ends_until), tariff, or ids.

    ``tariff_id`` as sellers call it, upper and lower case alike: records that name it or were
    priced by it; with ``tariff_version`` only those that this version priced, now or before.
    """

    seller_id: UUID | None = None
    buyer_id: UUID | None = None
    ends_from: datetime | None = None
    ends_until: datetime | None = None
    record_ids: tuple[UUID, ...] | None = None
    tariff_id: str | None = None
    tariff_version: int | None = None

    def told(self) -> dict[str, Any]:
        """As stored with the run: plain JSON."""
        return {
            "seller_id": str(self.seller_id) if self.seller_id else None,
            "buyer_id": str(self.buyer_id) if self.buyer_id else None,
            "ends_from": self.ends_from.isoformat() if self.ends_from else None,
            "ends_until": self.ends_until.isoformat() if self.ends_until else None,
            "record_ids": [str(one) for one in self.record_ids] if self.record_ids else None,
            "tariff_id": self.tariff_id,
            "tariff_version": self.tariff_version,
        }


def simulate(
    group: SettlementGroup,
    selection: Selection,
    *,
    reason: str,
    maker: User,
    now: datetime,
    claims: Mapping[UUID, int] | None = None,
) -> CorrectionRun:
    """Work out what a run would do, and keep it for approval; nothing is posted.

    ``claims`` names the new claim of each record in minor units; without it the newest rating of
    each record counts. Records whose claim stays are left out.

    :raises NotCorrectable: no record of the selection is settled at another claim.
    """
    found = _differences(group, selection, claims)
    if not found:
        raise NotCorrectable("No settled record of this selection has another claim.")
    simulation = _told(found)
    run = CorrectionRun.objects.create(
        id=uuid7_at(now),
        group=group,
        environment=group.environment,
        reason=reason[:500],
        selection=selection.told(),
        simulation=simulation,
        simulation_sha256=sha256_of(simulation),
        maker=maker,
        simulated_at=now,
    )
    CorrectionItem.objects.bulk_create(
        CorrectionItem(
            id=uuid7_at(now),
            run=run,
            record_id=one.settled.id,
            old_claim_minor=one.settled.claim_minor,
            old_payout_minor=one.settled.payout_minor,
            new_claim_minor=one.new_claim_minor,
        )
        for one in found
    )
    return run


def request(run: CorrectionRun, *, by: User, now: datetime) -> Approval:
    """Ask a second person to approve exactly what was simulated.

    :raises NotCorrectable: it was posted or cancelled, or another simulated it: who asks for
        somebody else's could approve it as well.
    """
    return in_transaction(lambda: _request(run, by, now))


def _request(run: CorrectionRun, by: User, now: datetime) -> Approval:
    _refresh_locked(run)
    if run.maker_id != by.pk:
        raise NotCorrectable(f"{run.maker} simulated it and asks for it; or simulate it yourself.")
    if run.state not in (CorrectionRun.State.SIMULATED, CorrectionRun.State.REQUESTED):
        raise NotCorrectable(f"The run is {run.state}.")
    approval = approvals.request(
        VERB,
        about=("CorrectionRun", str(run.pk)),
        content_sha256=run.simulation_sha256,
        reason=run.reason,
        maker=run.maker,
        now=now,
    )
    run.state, run.approval = CorrectionRun.State.REQUESTED, approval
    run.save(update_fields=["state", "approval"])
    return approval


def cancel(run: CorrectionRun) -> None:
    """Drop a run that was not posted.

    :raises NotCorrectable: it was posted meanwhile.
    """
    in_transaction(lambda: _cancel(run))


def _cancel(run: CorrectionRun) -> None:
    _refresh_locked(run)
    if run.state == CorrectionRun.State.POSTED:
        raise NotCorrectable("The run is posted; another run puts it right.")
    run.state = CorrectionRun.State.CANCELLED
    run.save(update_fields=["state"])


def _refresh_locked(run: CorrectionRun) -> None:
    """What the caller holds may be older than a posting by somebody else."""
    run.refresh_from_db(from_queryset=CorrectionRun.objects.select_for_update(of=("self",)))


def post(run: CorrectionRun, *, now: datetime) -> CorrectionRun:
    """Clear a credit and a replacement per record into the open window; once.

    :raises NotCorrectable: not approved, or the records were corrected otherwise meanwhile.
    """
    return in_transaction(lambda: _post(run.pk, now))


def _post(run_id: UUID, now: datetime) -> CorrectionRun:
    # FOR UPDATE, not FOR SHARE as other posters: of two runs over the same record the second must
    # see what the first posted. The open window is read by a later statement.
    SettlementGroup.objects.select_for_update().get(
        pk=CorrectionRun.objects.values("group").get(pk=run_id)["group"]
    )
    run = CorrectionRun.objects.select_for_update().get(pk=run_id)
    if run.state == CorrectionRun.State.POSTED:
        return run
    if run.state == CorrectionRun.State.CANCELLED:
        raise NotCorrectable("The run was cancelled.")
    _check(run)
    window = _open_window(run.group, now)
    for item in run.items.all():
        item.credit_id, item.replacement_id = uuid7_at(now), uuid7_at(now)
        item.save(update_fields=["credit_id", "replacement_id"])
    clearing_run = ClearingRun.objects.create(
        id=uuid7_at(now),
        group=run.group,
        run_key=f"correction:{run.pk}",
        started_at=now,
        finished_at=now,
        cleared=2 * run.items.count(),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "post_corrections.sql"),
            {
                "correction_id": run.pk,
                "run_id": clearing_run.pk,
                "window_id": window.pk,
                "cleared_at": now,
            },
        )
    run.state, run.posted_at = CorrectionRun.State.POSTED, now
    run.save(update_fields=["state", "posted_at"])
    return run


def _check(run: CorrectionRun) -> None:
    approval = run.approval
    if (
        approval is None
        or approval.state != Approval.State.APPROVED
        or approval.content_sha256 != run.simulation_sha256
    ):
        raise NotCorrectable("A second person must approve exactly this simulation.")
    old = dict(run.items.values_list("record_id", "old_claim_minor"))
    standing = {
        row.id: row.claim_minor for row in _settled(run.group, Selection(record_ids=tuple(old)))
    }
    if standing != old:
        raise NotCorrectable("Records were corrected or credited meanwhile. Simulate anew.")


def _open_window(group: SettlementGroup, now: datetime) -> ClearingWindow:
    """The earliest open window; the records' own are closed."""
    ensure_windows(group, now=now)
    opened = ClearingWindow.objects.filter(group=group, state=ClearingWindow.State.OPEN)
    window = opened.order_by("supply_ends_at").first()
    if window is None:  # ensure_windows always leaves one open
        raise NotCorrectable("The group has no open window.")
    return window


def _differences(
    group: SettlementGroup, selection: Selection, claims: Mapping[UUID, int] | None
) -> list[Difference]:
    settled = _settled(group, selection)
    new = claims if claims is not None else _rated(group, settled)
    return [
        difference(row, new[row.id])
        for row in settled
        if row.id in new and new[row.id] != row.claim_minor
    ]


def _settled(group: SettlementGroup, selection: Selection) -> list[Settled]:
    with connection.cursor() as cursor:
        cursor.execute(
            load_statement(_SQL / "settled_claims.sql"),
            {
                "group_id": group.pk,
                "seller_id": selection.seller_id,
                "buyer_id": selection.buyer_id,
                "ends_from": selection.ends_from,
                "ends_until": selection.ends_until,
                "record_ids": list(selection.record_ids) if selection.record_ids else None,
                "tariff_id": selection.tariff_id,
                "tariff_version": selection.tariff_version,
            },
        )
        return [
            Settled(
                id=id_,
                seller_partner=seller,
                buyer_partner=buyer,
                claim_minor=claim,
                payout_minor=payout,
                commission_rate=rate,
                beneficiary=beneficiary,
            )
            for id_, seller, buyer, claim, payout, rate, beneficiary, _ in cursor.fetchall()
        ]


def _rated(group: SettlementGroup, settled: list[Settled]) -> dict[UUID, int]:
    """The newest rating of each record on its price basis, in minor units of the currency."""
    ids = [row.id for row in settled]
    including = set(
        ClearedSdr.objects.filter(pk__in=ids, price_basis="INCL_TAX").values_list("pk", flat=True)
    )
    rows = SdrRating.objects.filter(record_id__in=ids, currency=group.currency)
    return {
        row.record_id: to_minor_units(
            row.total_incl_tax if row.record_id in including else row.total_excl_tax,
            currency=group.currency,
        )
        for row in rows.order_by("rating_version")
    }


def _told(found: list[Difference]) -> dict[str, Any]:
    names = dict(Partner.objects.values_list("pk", "name"))
    return {
        "records": len(found),
        "old_claim_minor": sum(one.settled.claim_minor for one in found),
        "new_claim_minor": sum(one.new_claim_minor for one in found),
        "fee_minor": sum(one.fee_minor for one in found),
        "partners": [
            {"partner": str(partner), "name": names[partner], "difference_minor": amount}
            for partner, amount in per_partner(found).items()
        ],
        "items": [
            [str(one.settled.id), one.settled.claim_minor, one.new_claim_minor] for one in found
        ],
    }

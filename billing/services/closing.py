"""Close a window: clear, prove, calculate its settlement, issue it; all of it or nothing.

Where two persons must release a settlement, closing ends with the calculated one.

The group row is locked FOR UPDATE first, so no record is cleared into the window meanwhile and two
closings follow each other. Documents are rendered after the commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import overload

from django.db.models import Exists, OuterRef, Q

from billing.models import ClearedSdr, ClearingWindow, Document, Position, Settlement
from billing.queries import PairRow, pair_rows, positions_of
from billing.rules.conversion import NoRate
from billing.services import conservation, settling
from billing.services.clearing import clear_group
from billing.services.provisional import issue_provisional
from billing.services.waiting import Waiting, waiting_of
from billing.services.windows import ensure_windows
from clearinghouse.retry import in_transaction
from clearinghouse.uuid7 import new_uuid7
from partners.models import ParticipationContract, SettlementGroup
from roaming.services import deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """A closed window with its figures; of a dry run nothing is stored.

    ``documents`` are the final statements; ``provisional`` those of what waits for its release.

    ``positions`` are those of the partners by name, the house last. ``waiting``, of a dry run: what
    is held and what will be deemed accepted of the period.
    """

    window: ClearingWindow
    settlement: Settlement
    positions: list[Position]
    pairs: list[PairRow]
    documents: list[Document]
    provisional: list[Document]
    waiting: Waiting | None = None


class NotClosable(Exception):
    """Nothing was closed; the message says why and what to do."""


class ConservationDiffers(NotClosable):
    """Records of a sender in the window are lost, or more than came in: nothing is closed."""

    def __init__(self, lines: Iterable[conservation.Line]):
        self.lines = list(lines)
        told = "; ".join(str(line) for line in self.lines[:5])
        super().__init__(
            f"Nothing was closed: {len(self.lines)} lines of conservation differ ({told})."
            " See the proofs in the admin and the runbook before trying again."
        )


class _DryRun(Exception):
    """Carries the result of a dry run out of its transaction, which rolls back."""

    def __init__(self, closing: Closing | None):
        self.closing = closing


def due_windows(*, now: datetime, group: SettlementGroup | None = None) -> list[ClearingWindow]:
    """Open windows whose closing day has come, oldest first; empty ones too.

    Of the same period those come first whose members settle in another currency, so that what is
    exchanged reaches the settlement of that currency.
    """
    due = ClearingWindow.objects.filter(state=ClearingWindow.State.OPEN, closes_at__lte=now)
    if group:
        due = due.filter(group=group)
    elsewhere = ParticipationContract.objects.filter(groups=OuterRef("group")).exclude(
        settles_in__in=["", OuterRef("group__currency")]
    )
    due = due.annotate(is_exchanged=Exists(elsewhere)).select_related("group")
    return list(due.order_by("supply_ends_at", "-is_exchanged", "group__name"))


@overload
def close_window(what: ClearingWindow, *, now: datetime, dry_run: bool = False) -> Closing: ...
@overload
def close_window(
    what: SettlementGroup, *, now: datetime, dry_run: bool = False
) -> Closing | None: ...
def close_window(
    what: ClearingWindow | SettlementGroup, *, now: datetime, dry_run: bool = False
) -> Closing | None:
    """Close a window, or a group's oldest open one that has something to close.

    Of a group that is the oldest open window with cleared records, or one whose supply period has
    ended; ``None`` where there is none. A closed window is not closed again: its settlement is
    returned. A dry run computes the same and keeps nothing.

    :raises ConservationDiffers: the records of a sender do not add up; the proof is kept.
    :raises NotClosable: the rates at which its positions are exchanged were not imported.
    """
    try:
        closing = in_transaction(lambda: _close(what, now=now, dry_run=dry_run))
    except _DryRun as result:
        return result.closing
    except NoRate as missing:
        raise NotClosable(f"Nothing was closed: {missing}") from missing
    except ConservationDiffers as differs:
        if not dry_run:
            conservation.prove(now=now, sender_ids={line.sender_id for line in differs.lines})
        raise
    deliveries.publish_overdue()
    return closing


def _close(
    what: ClearingWindow | SettlementGroup, *, now: datetime, dry_run: bool
) -> Closing | None:
    group_id = what.group_id if isinstance(what, ClearingWindow) else what.pk
    group = SettlementGroup.objects.select_for_update().get(pk=group_id)
    closing = _close_locked(what, group, now=now, dry_run=dry_run)
    if dry_run:
        if closing:
            closing = replace(closing, waiting=waiting_of(closing.window))
        raise _DryRun(closing)
    return closing


def _close_locked(
    what: ClearingWindow | SettlementGroup,
    group: SettlementGroup,
    *,
    now: datetime,
    dry_run: bool,
) -> Closing | None:
    window = _reread(what, group)
    if window and window.state != ClearingWindow.State.OPEN:
        return _report(window.settlement or _settle(window, now=now, dry_run=dry_run), window)
    clear_group(group, run_key=f"close:{new_uuid7()}", now=now)
    window = window or _oldest_to_close(group, now=now)
    if window is None:
        return None
    _check_conservation(window, now=now)
    _mark_closed(window, now=now)
    ensure_windows(group, now=now)
    return _report(_settle(window, now=now, dry_run=dry_run), window)


def _settle(window: ClearingWindow, *, now: datetime, dry_run: bool) -> Settlement:
    """Calculate and issue; what two persons must look at first, its partners see as provisional.

    A dry run ends with the calculated one: it writes no statement that it would only roll back.
    """
    settlement = settling.calculate(window, now=now)
    if dry_run:
        return settlement
    if window.group.release == SettlementGroup.Release.AUTOMATIC:
        settling.issue(settlement, now=now)
    else:
        issue_provisional(settlement, now=now)
    return settlement


def _reread(
    what: ClearingWindow | SettlementGroup, group: SettlementGroup
) -> ClearingWindow | None:
    """The window as it stands now that its group is locked."""
    if not isinstance(what, ClearingWindow):
        return None
    window = ClearingWindow.objects.get(pk=what.pk)
    window.group = group
    return window


def _oldest_to_close(group: SettlementGroup, *, now: datetime) -> ClearingWindow | None:
    cleared = ClearedSdr.objects.filter(window=OuterRef("pk"))
    windows = ClearingWindow.objects.filter(
        Q(supply_ends_at__lte=now) | Exists(cleared), group=group, state=ClearingWindow.State.OPEN
    )
    window = windows.order_by("supply_ends_at").first()
    if window:
        window.group = group
    return window


def _check_conservation(window: ClearingWindow, *, now: datetime) -> None:
    senders = set(
        ClearedSdr.objects.filter(window=window).values_list("sender", flat=True).distinct()
    )
    differing = conservation.prove(now=now, sender_ids=senders) if senders else []
    if differing:
        raise ConservationDiffers(differing)


def _mark_closed(window: ClearingWindow, *, now: datetime) -> None:
    window.state, window.closed_at = ClearingWindow.State.CLOSED, now
    window.save(update_fields=["state", "closed_at"])


def _report(settlement: Settlement, window: ClearingWindow) -> Closing:
    documents = list(settlement.documents.order_by("number"))
    kinds = Document.Kind
    return Closing(
        window=window,
        settlement=settlement,
        positions=positions_of(settlement),
        pairs=pair_rows(window),
        documents=[one for one in documents if one.kind == kinds.STATEMENT],
        provisional=[one for one in documents if one.kind == kinds.PROVISIONAL],
    )

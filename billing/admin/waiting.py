"""What a window still waits for, on its close page: each count leads to the list of its records."""

from datetime import datetime
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.admin.amounts import amount
from billing.admin.figures import rows_url
from billing.models import ClearingWindow
from billing.rules.waiting import Deemed, held_by_code, held_by_pair
from billing.services.waiting import Waiting
from partners.admin.story import Table
from roaming.admin.period_filters import NOBODY, span
from roaming.models import Hold, Sdr

_NOT_ACCEPTED = "They are not in the figures above."


def tables(window: ClearingWindow, waiting: Waiting) -> list[Table]:
    told = _Told(window, waiting)
    return [told.holds_by_code(), told.holds_by_pair(), told.deemed()]


class _Told:
    def __init__(self, window: ClearingWindow, waiting: Waiting):
        self.window, self.waiting = window, waiting
        self.currency = window.group.currency
        self.of = {
            "group": window.group_id,
            "ended": span(waiting.from_at, waiting.until_at),
        }

    def holds_by_code(self) -> Table:
        return Table(
            "Held: by reason",
            ("Reason", "Records", "Claim", "Oldest held since"),
            [
                (
                    code or "no code: held by matching or ageing",
                    self._held("held_code", one.sdrs, code=code or NOBODY),
                    amount(one.claim_minor, self.currency),
                    _at(one.oldest_held_at),
                )
                for code, one in held_by_code(self.waiting.holds).items()
            ],
            frozenset({1, 2}),
            empty="Nothing of this period is held.",
            note=f"{_NOT_ACCEPTED} A record with two reasons is in both lines; one without an"
            " agreement is in each group of its currency.",
        )

    def holds_by_pair(self) -> Table:
        return Table(
            "Held: by pair",
            ("Seller", "Buyer", "Records", "Claim", "Oldest held since"),
            [
                (
                    self._party(seller),
                    self._party(buyer),
                    self._held("held_pair", one.sdrs, seller=seller, buyer=buyer or NOBODY),
                    amount(one.claim_minor, self.currency),
                    _at(one.oldest_held_at),
                )
                for (seller, buyer), one in held_by_pair(self.waiting.holds).items()
            ],
            frozenset({2, 3}),
            empty="Nothing of this period is held.",
            is_folded=True,
        )

    def deemed(self) -> Table:
        return Table(
            "About to be deemed accepted",
            ("Seller", "Buyer", "Goes into", "Records", "Claim", "First", "Last"),
            [self._deemed(row) for row in self._deemed_rows()],
            frozenset({3, 4}),
            empty="No record of this period waits for its time to pass.",
            note=f"{_NOT_ACCEPTED} If nobody speaks, they are accepted at the time told, later by"
            " as long as a webhook was away. What matching holds back is not among them.",
        )

    def _deemed_rows(self) -> list[Deemed]:
        return sorted(self.waiting.deemed, key=lambda row: (row.first_at, str(row.seller)))

    def _deemed(self, row: Deemed) -> tuple[object, ...]:
        closes_at = self.window.closes_at
        deadlines = span(None, closes_at) if row.is_in_time else span(closes_at, None)
        url = rows_url(
            Sdr,
            **self.of,
            state="DELIVERED",
            seller__id__exact=row.seller,
            buyer__id__exact=row.buyer,
            deemed=deadlines,
        )
        return (
            self._party(row.seller),
            self._party(row.buyer),
            "this window" if row.is_in_time else "the next window",
            _linked("deemed", row.sdrs, url),
            amount(row.claim_minor, self.currency),
            _at(row.first_at),
            _at(row.last_at),
        )

    def _held(self, name: str, sdrs: int, **filters: object) -> SafeString:
        return _linked(name, sdrs, rows_url(Hold, **self.of, **filters))

    def _party(self, party_id: UUID | None) -> str:
        party = self.waiting.parties.get(party_id) if party_id else None
        return f"{party.name} ({party.code})" if party else "unknown"


def _linked(name: str, sdrs: int, url: str) -> SafeString:
    return format_html(
        '<a class="ch-link" data-figure="{}" href="{}">{}</a>', name, url, f"{sdrs:,}"
    )


def _at(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M}Z"

"""The netting matrix: who owes whom in a window, and what is left to pay after netting."""

from collections import defaultdict

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from billing import queries
from billing.admin.amounts import amount
from billing.admin.books_pages import book_page
from billing.admin.close import supply_of
from billing.models import ClearingWindow, Position
from billing.queries import PairRow
from clearinghouse.money import from_minor_units
from partners.admin.charts import HeatMap
from partners.admin.story import Figure, Figures, Note, Story, Table, link

_WINDOWS = 36

_TITLE = "Netting matrix"


class WindowForm(forms.Form):
    """One window of the newest; of any age by its own page."""

    window = forms.ModelChoiceField(
        ClearingWindow.objects.select_related("group").order_by("-supply_ends_at", "pk"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        field = self.fields["window"]
        newest = field.queryset[:_WINDOWS]  # type: ignore[attr-defined]
        field.widget.choices = [
            (one.pk, f"{supply_of(one)}, {one.group.name} ({one.state.lower()})") for one in newest
        ]


def netting_view(request, model_admin):
    """Rows sell, columns buy; below, what each partner gets or pays in the end."""
    newest = _newest()
    form = WindowForm(
        {"window": request.GET.get("window") or (newest.pk if newest else "")},
    )
    if newest is None:
        story = Story([Note("No window is open yet: the clock opens them for each group, hourly.")])
    else:
        story = Story(_sections(form.cleaned_data["window"]) if form.is_valid() else [])
    return book_page(
        request,
        model_admin,
        title=_TITLE,
        form=form if newest else None,
        story=story,
        area=_TITLE,
    )


def _newest() -> ClearingWindow | None:
    """The one that closed last; before the first closing the one that closes next."""
    windows = ClearingWindow.objects.order_by("-supply_ends_at", "pk")
    closed = windows.exclude(state=ClearingWindow.State.OPEN).first()
    return closed or windows.last()


def _sections(window: ClearingWindow) -> list[object]:
    pairs = queries.pair_rows(window)
    settlement = window.settlement
    positions = queries.positions_of(settlement) if settlement else []
    return [
        _figures(window, pairs, positions),
        matrix(window, pairs),
        _positions(window, positions),
    ]


def matrix(window: ClearingWindow, pairs: list[PairRow]) -> HeatMap:
    """Claims: what the buyer of the column owes for what the seller of the row supplied."""
    currency = window.group.currency
    owed: dict[tuple[str, str], int] = defaultdict(int)
    names: dict[str, str] = {}
    for pair in pairs:
        owed[pair.cso_id, pair.csp_id] += pair.claim_minor
        names |= {pair.cso_id: pair.cso, pair.csp_id: pair.csp}
    sellers = sorted({seller for seller, _ in owed})
    buyers = sorted({buyer for _, buyer in owed})
    return HeatMap(
        f"Obligations before netting, {currency}",
        "Seller ↓ Buyer →",
        [f"{code} {names[code]}" for code in sellers],
        buyers,
        [
            [
                from_minor_units(owed[seller, buyer], currency=currency)
                if (seller, buyer) in owed
                else None
                for buyer in buyers
            ]
            for seller in sellers
        ],
        empty="No record is cleared into this window yet. Clearing runs every hour.",
        note="What the buyer of the column owes for what the seller of the row supplied, before"
        " VAT. The seller gets it less the commission.",
    )


def _figures(window: ClearingWindow, pairs: list[PairRow], positions: list[Position]) -> Figures:
    currency = window.group.currency
    owed = sum(abs(pair.claim_minor) for pair in pairs)
    moved = sum(one.due_minor for one in positions if one.due_minor > 0)
    figures = [
        Figure("Window", link(window, supply_of(window)), window.group.name),
        Figure(
            "Obligations",
            amount(owed, currency),
            f"of {len(pairs):,} pair{'s' * (len(pairs) != 1)}",
        ),
    ]
    if positions:
        figures.append(
            Figure("Money that moves", amount(moved, currency), f"for {len(positions):,} positions")
        )
    return Figures(figures)


def _positions(window: ClearingWindow, positions: list[Position]) -> Table:
    currency = window.group.currency
    return Table(
        "Positions after netting",
        (
            "Partner",
            "Receivable",
            "Payable",
            "VAT",
            "Fees with VAT",
            "Other",
            "Gets (+) or pays (−)",
        ),
        [
            (
                link(one, one.partner),
                amount(one.receivable_minor, currency),
                amount(one.payable_minor, currency),
                amount(one.vat_minor, currency),
                amount(one.fees_minor + one.fee_vat_minor, currency),
                amount(one.adjustments_minor + one.carried_minor + one.exchanged_minor, currency),
                amount(one.net_minor, currency),
            )
            for one in positions
        ],
        frozenset(range(1, 7)),
        empty="Positions come with the closing. Its page shows beforehand what they would be.",
    )

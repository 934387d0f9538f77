"""What a settlement comes to, from its frozen preview: each figure leads to the rows behind it.

The same sections stand on the settlement's page, on the pages of its two persons, and on a dry run,
of which no row is kept: there figures are told and lead nowhere.
"""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.html import format_html

from billing.admin.amounts import amount, percent
from billing.admin.figures import figure, rows_url
from billing.models import (
    ClearedSdr,
    CurrencyExchange,
    FeeLine,
    Instruction,
    ManualAdjustment,
    Position,
    Settlement,
    SupplyBlock,
    TaxedSupply,
)
from billing.models.tax import TaxCategory
from billing.rules.conversion import told_rates
from partners.admin.story import Figure, Figures, Note, Table, list_link
from partners.queries import clearing_house

Told = Callable[..., object]

_COLUMNS = {
    "Receives": "receivable_minor",
    "Pays": "payable_minor",
    "VAT": "vat_minor",
    "Fees": "fees_minor",
    "VAT on fees": "fee_vat_minor",
    "Adjusted": "adjustments_minor",
    "Carried": "carried_minor",
    "Exchanged": "exchanged_minor",
    "Net": "net_minor",
    "To move": "due_minor",
}
_RARE = {
    "vat_minor",
    "fees_minor",
    "fee_vat_minor",
    "adjustments_minor",
    "carried_minor",
    "exchanged_minor",
}


class PreviewTold:
    """The sections of one preview. ``statements``: a cell per partner id, on the page itself."""

    def __init__(
        self,
        settlement: Settlement,
        preview: dict[str, Any],
        *,
        is_stored: bool = True,
        statements: dict[UUID, object] | None = None,
    ):
        self.settlement, self.preview = settlement, preview
        self.is_stored, self.statements = is_stored, statements
        self.currency = settlement.currency
        self.house = str(clearing_house().pk)
        self.names = {row["partner"]: row["name"] for row in preview.get("positions", [])}

    def sections(self) -> list[object]:
        return [*self.outcome(), *self.reasons()]

    def outcome(self) -> list[object]:
        """What it comes to for each partner, what is exchanged, and what is left out of it."""
        blocked = [self._blocked()] if self.preview.get("blocked") else []
        return [self._summary(), self._positions(), *self._exchanges(), *blocked]

    def reasons(self) -> list[Table]:
        """What the outcome is made of."""
        return [self._pairs(), self._instructions(), self._supplies(), self._fees()]

    def _figure(self, name: str, minor: int, model, **filters: object) -> object:
        if not self.is_stored:
            return amount(minor, self.currency)
        return figure(name, minor, self.currency, model, **filters)

    def _of(self, name: str, minor: int, model, **filters: object) -> object:
        """A figure of rows of this settlement."""
        of = {"settlement__id__exact": self.settlement.pk}
        return self._figure(name, minor, model, **of, **filters)

    def _summary(self) -> Figures:
        rows = self.preview.get("positions", [])
        records = self.preview.get("records", {})
        moved = sum(max(0, _due(row)) for row in rows)
        owed = sum(row["payable_minor"] for row in rows)
        count = f"{records.get('sdrs', 0):,}"
        window = {"window": self.settlement.window_id}
        link = list_link(ClearedSdr, count, f"?window={self.settlement.window_id}")
        return Figures(
            [
                Figure("Partners", f"{len(rows) - 1:,}" if rows else "0"),
                Figure("Records", link if self.is_stored else count),
                Figure(
                    "Claims",
                    self._figure("claims", records.get("claim_minor", 0), ClearedSdr, **window),
                ),
                Figure("Owed before netting", amount(owed, self.currency)),
                Figure("To be moved", amount(moved, self.currency), "after netting"),
            ]
        )

    def _positions(self) -> Table:
        """Columns of what nobody has are left out, so that the others fit on a page."""
        rows = self.preview.get("positions", [])
        shown = [
            name
            for name, field in _COLUMNS.items()
            if field not in _RARE or any(row.get(field, 0) for row in rows)
        ]
        headers = ["Partner", *shown]
        if self.statements is not None:
            headers.append("Statement")
        return Table(
            "Positions",
            headers,
            [self._position(row, shown) for row in rows],
            frozenset(range(1, len(shown) + 1)),
            empty="No partner has a position.",
            note="net = receives − pays + VAT − fees − VAT on fees + adjusted + carried"
            " + exchanged; the sum of all nets is zero. What is too small to move is carried into"
            " the next window; exchanged came from another currency.",
        )

    def _position(self, row: dict[str, Any], shown: list[str]) -> list[object]:
        partner = row["partner"]
        is_house = partner == self.house
        as_seller = {"supplier__id__exact": partner}
        as_buyer = {"customer__id__exact": partner}
        services = {**as_buyer, "is_service__exact": 1}
        charging = {**as_buyer, "is_service__exact": 0}
        taxed = {"side": partner} if is_house else {"side": partner, "is_service__exact": 0}
        adjusted = {"window__id__exact": self.settlement.window_id, "state__exact": "POSTED"}
        if not is_house:
            adjusted["partner__id__exact"] = partner
        own = {"partner__id__exact": partner}
        before = {"settlement__id__exact": self.preview.get("carried_from"), **own}
        from_others = {"taken_in__id__exact": self.settlement.pk, **own}
        of_this = {"settlement__id__exact": self.settlement.pk}
        behind: dict[str, tuple[str, type[Model], dict[str, object]]] = {
            "Receives": ("receivable", TaxedSupply, of_this | as_seller),
            "Pays": ("payable", TaxedSupply, of_this | charging),
            "VAT": ("vat", TaxedSupply, of_this | taxed),
            "Fees": ("fees", TaxedSupply, of_this | services),
            "VAT on fees": ("fee_vat", TaxedSupply, of_this | services),
            "Adjusted": ("adjustments", ManualAdjustment, adjusted),
            "Carried": ("carried", Position, before),
            "Exchanged": ("exchanged", CurrencyExchange, from_others),
            "Net": ("net", Position, of_this | own),
            "To move": ("due", Instruction, of_this | {"side": partner}),
        }
        figures = row | {"due_minor": _due(row)}
        cells: list[object] = [row["name"]]
        for header in shown:
            name, model, filters = behind[header]
            cells.append(self._figure(name, figures.get(_COLUMNS[header], 0), model, **filters))
        if self.statements is not None:
            cells.append(self.statements.get(UUID(partner), ""))
        return cells

    def _exchanges(self) -> Iterator[object]:
        """Out of this currency, into it, or why not; nothing where nobody agreed on it."""
        out, into = (self.preview.get(name, []) for name in ("exchanged", "exchanged_from"))
        if out:
            yield self._exchange_table(f"Settled in {out[0]['to_currency']} instead", out)
        if into:
            yield self._exchange_table("From other currencies", into)
        if told := self.preview.get("not_exchanged"):
            names = ", ".join(told["not_agreed"])
            why = told["why_not"] or (
                f"Not agreed by: {names}. It takes everybody to whom something is due: a contract"
                f" that settles in {told['currency']}, with the netting clause, in both groups."
            )
            yield Note(why, title=f"Not settled in {told['currency']}")

    def _exchange_table(self, title: str, rows: list[dict[str, Any]]) -> Table:
        residue = sum(row["residue_minor"] for row in rows)
        currency = rows[0]["to_currency"]
        return Table(
            title,
            ("Partner", "From", "Due", "Rates for 1 EUR", "Day", "Becomes"),
            [
                (
                    row["name"],
                    row["from_group"],
                    self._exchanged("due_elsewhere", row, "from"),
                    _rates(row),
                    row["rate_date"],
                    self._exchanged("becomes", row, "to"),
                )
                for row in rows
            ],
            frozenset({2, 5}),
            note=f"ECB reference rates; each position is rounded once, half-up. The residue of the"
            f" roundings is {amount(residue, currency)}, on account 7900 of the house.",
        )

    def _exchanged(self, name: str, row: dict[str, Any], side: str) -> object:
        minor, currency = row[f"{side}_minor"], row[f"{side}_currency"]
        if not self.is_stored:
            return amount(minor, currency)
        key = {"settlement__id__exact": row["settlement"], "partner__id__exact": row["partner"]}
        return figure(name, minor, currency, CurrencyExchange, **key)

    def _pairs(self) -> Table:
        before = self.preview.get("carried_from")
        rows = []
        for row in self.preview.get("pairs", []):
            sides = _sides(row) | {"is_service__exact": 0}
            earlier = {"settlement__id__exact": before, **sides}
            rows.append(
                (
                    row["supplier"],
                    row["customer"],
                    self._of("pair", row["amount_minor"], TaxedSupply, **sides),
                    self._figure("pair_before", row["before_minor"], TaxedSupply, **earlier),
                    amount(row["amount_minor"] - row["before_minor"], self.currency),
                )
            )
        return Table(
            "Who charged at whose stations, VAT included",
            ("Supplier", "Customer", "Now", "Last settlement", "Difference"),
            rows,
            frozenset({2, 3, 4}),
            empty="Nothing was supplied in this window.",
        )

    def _instructions(self) -> Table:
        rows = []
        for payer, payee, minor in self.preview.get("instructions", []):
            sides = {"payer__id__exact": payer, "payee__id__exact": payee}
            money = self._of("instruction", minor, Instruction, **sides)
            rows.append((self.names.get(payer, payer), self.names.get(payee, payee), money))
        return Table(
            "Who pays whom",
            ("Payer", "Payee", "Amount"),
            rows,
            frozenset({2}),
            empty="Nobody has to pay.",
        )

    def _supplies(self) -> Table:
        rows = []
        for row in self.preview.get("supplies", []):
            key = _sides(row) | {
                "window__id__exact": row["window"],
                "category__exact": row["category"],
                "rate__exact": row["rate"],
                "place_country_code__exact": row["place"],
                "is_service__exact": int(row["is_service"]),
                # Previews of before credits were taxed apart do not tell.
                "is_credit__exact": int(row.get("is_credit", False)),
            }
            rows.append(
                (
                    row["supplier"],
                    row["customer"],
                    "service of the house" if row["is_service"] else "charging",
                    taxed_as(row["category"], Decimal(row["rate"]), row["place"]),
                    self._records(row),
                    self._of("supply_net", row["net_minor"], TaxedSupply, **key),
                    self._of("supply_vat", row["vat_minor"], TaxedSupply, **key),
                )
            )
        return Table(
            "Taxed supplies",
            ("Supplier", "Customer", "For", "VAT", "Records", "Without VAT", "VAT amount"),
            rows,
            frozenset({4, 5, 6}),
            empty="Nothing was taxed.",
        )

    def _records(self, row: dict[str, Any]) -> object:
        """How many records a pair's charging has; a link to all of the pair's."""
        if row["is_service"] or not self.is_stored:
            return f"{row['sdrs']:,}" if row["sdrs"] else ""
        sides = {"seller_partner": row["supplier_id"], "buyer_partner": row["customer_id"]}
        named = {f"{side}__id__exact": id_ for side, id_ in sides.items() if id_ != self.house}
        url = rows_url(ClearedSdr, window=row["window"], **named)
        return format_html('<a class="ch-link" href="{}">{}</a>', url, f"{row['sdrs']:,}")

    def _fees(self) -> Table:
        rows = []
        for row in self.preview.get("fees", []):
            key = {"payer__id__exact": row["payer_id"], "component__id__exact": row["component"]}
            if row["month"]:
                key["month__exact"] = row["month"]
            month = f"{date.fromisoformat(row['month']):%B %Y}" if row["month"] else ""
            gets = row["payee"] or "the clearing house"
            fee = self._of("fee", row["amount_minor"], FeeLine, **key)
            rows.append((row["payer"], row["name"], month, gets, fee))
        return Table(
            "Fees",
            ("Payer", "Fee", "Month", "Goes to", "Amount"),
            rows,
            frozenset({4}),
            empty="No fee is charged: the group has no price list, or nothing to charge.",
        )

    def _blocked(self) -> Table:
        rows = []
        for row in self.preview["blocked"]:
            key = _sides(row) | {
                "window__id__exact": row["window"],
                "is_service__exact": int(row["is_service"]),
            }
            if row["window"] == str(self.settlement.window_id):
                key["settlement__id__exact"] = self.settlement.pk
            rows.append(
                (
                    row["supplier"],
                    row["customer"],
                    self._figure("blocked", row["amount_minor"], SupplyBlock, **key),
                    "; ".join(told_reason(reason) for reason in row["reasons"]),
                )
            )
        return Table(
            "Blocked: not settled until their VAT can be decided",
            ("Supplier", "Customer", "As claimed", "What to do"),
            rows,
            frozenset({2}),
        )


def _rates(row: dict[str, Any]) -> str:
    return told_rates(
        *((Decimal(row[f"{side}_per_euro"]), row[f"{side}_currency"]) for side in ("from", "to"))
    )


def _due(row: dict[str, Any]) -> int:
    """What moves now: neither carried on nor settled in another currency."""
    return row["net_minor"] - row["carried_on_minor"] - row.get("exchanged_on_minor", 0)


def taxed_as(code: str, rate: Decimal, place: str) -> str:
    """``Standard rate 21 %, NL``: a rate only where tax is due from the supplier."""
    category = TaxCategory(code)
    told = f" {percent(rate)}" if category == TaxCategory.STANDARD else ""
    return ", ".join(filter(None, (f"{category.label}{told}", place)))


def told_reason(reason: dict) -> str:
    """A reason as a sentence; what the rule says, or its code."""
    return str(reason.get("what_to_do") or reason.get("code"))


def _sides(row: dict[str, Any]) -> dict[str, object]:
    return {"supplier__id__exact": row["supplier_id"], "customer__id__exact": row["customer_id"]}

"""The widths of a statement's columns; figures stand in the same places in its three tables."""

from billing.documents.columns import Widths, column_widths, widths_mm

# Key of a cell to key of its column's head. The column that is not named here is the first one.
_FIGURES = {
    "sdrs": "sdrs",
    "billed": "billed",
    "energy": "kwh_billed",
    "sold": "claim_sold",
    "bought": "claim_bought",
    "commission": "commission",
    "net": "net_in",
}
_TABLES = {
    "fees": {"sdrs": "sdrs", "claim": "on_claims_of", "amount": "fee_in"},
    "further": {"basis": "on", "amount": "amount_in"},
    "vat": {
        "category": "vat_category",
        "rate": "vat_rate",
        "basis": "vat_basis",
        "vat": "vat_amount",
    },
    "documents": {
        "kind": "document_type",
        "date": "document_date",
        "net": "document_net",
        "vat": "document_vat",
        "gross": "document_gross",
    },
}
_PAGE_MM = 168

# What names of sites and months need at least beside the figures, else the type is smaller.
_NAMES_MM = 50


def statement_columns(tables: dict, labels: dict[str, str]) -> dict[str, object]:
    """``widths`` by table and column, and whether figures are so long that type ``is_wide``."""
    rows = [*tables["lines"], tables["total"], *tables["months"]]
    for party in tables["sites"]:
        rows += [*party["lines"], *filter(None, [party["sum"]])]
    heads = {key: labels[label] for key, label in _FIGURES.items()}
    wide = sum(widths_mm(heads, rows).values()) > _PAGE_MM - _NAMES_MM
    words = {"code": labels["code"], "month": labels["month"]}
    widths: dict[str, Widths] = {"figures": column_widths(heads | words, rows, wide=wide)}
    for table, columns in _TABLES.items():
        heads = {key: labels[label] for key, label in columns.items()}
        widths[table] = column_widths(heads, tables[table])
    return {"widths": widths, "is_wide": wide}

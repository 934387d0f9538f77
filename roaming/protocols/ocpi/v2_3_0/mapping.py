"""OCPI 2.3.0 and our words, and its translation to and from 2.2.1."""

from decimal import Decimal
from typing import Any

from roaming.protocols.ocpi.trees.cdr_reading import CdrWords, Cost
from roaming.protocols.ocpi.trees.checks import Place
from roaming.protocols.ocpi.trees.exact import Tree
from roaming.protocols.ocpi.trees.prices import is_plain_vat, plus, tax_line, without_tax
from roaming.protocols.ocpi.trees.translation import CannotTell, FieldRule, ObjectRule, Run, Step
from roaming.protocols.ocpi.v2_2_1 import mapping as v2_2_1
from roaming.protocols.ocpi.v2_2_1.wire import SCHEMA as V2_2_1
from roaming.protocols.ocpi.v2_3_0.wire import SCHEMA as V2_3_0


def _cost_of(price: Any) -> Cost:
    """Without a list of taxes nobody has said what the price comes to with tax."""
    before = Decimal(price["before_taxes"])
    taxes = price.get("taxes")
    if taxes is None:
        return Cost(before, None)
    return Cost(before, sum((Decimal(one["amount"]) for one in taxes), before))


CDR_WORDS: CdrWords = v2_2_1.CDR_WORDS._replace(cost_of=_cost_of)


# --- 2.2.1 to 2.3.0: nothing is lost -------------------------------------------------------------


def _taxes(run: Run, incl: Any, place: Place, price: Tree) -> Tree:
    return {"taxes": [tax_line(price["excl_vat"], incl)]}


def _limit_up(name: str) -> FieldRule:
    def limit(run: Run, price: Any, place: Place, tariff: Tree) -> Tree:
        return {name: _with_names(price, {"excl_vat": "before_taxes", "incl_vat": "after_taxes"})}

    return FieldRule("", limit)


def _without_tax_included(run: Run, tariff: Tree, out: Tree, place: Place) -> Tree:
    """Prices of 2.2.1 are without VAT, always."""
    return {"tax_included": "NO"} | out


def _with_names(price: Tree, names: dict[str, str]) -> Tree:
    return {names.get(name, name): value for name, value in price.items()}


UP = Step(
    source=V2_2_1,
    target=V2_3_0,
    renames={("Price", "excl_vat"): "before_taxes"},
    fields={
        ("Price", "incl_vat"): FieldRule("", _taxes),
        ("Tariff", "min_price"): _limit_up("min_price"),
        ("Tariff", "max_price"): _limit_up("max_price"),
    },
    objects={"Tariff": ObjectRule("", _without_tax_included)},
    replaced={("Role", "HUB"): "OTHER"},  # ClientInfo
    guarded=frozenset({("CDR", "tariffs")}),
)


# --- 2.3.0 to 2.2.1 ------------------------------------------------------------------------------


def _incl_vat(run: Run, taxes: Any, place: Place, price: Tree) -> Tree:
    if not is_plain_vat(taxes):
        run.lose(place, "changed", "names, percentages and accounts of taxes become one sum")
    return {"incl_vat": plus(price["before_taxes"], *(one["amount"] for one in taxes))}


def _limit_down(name: str) -> FieldRule:
    def limit(run: Run, price: Any, place: Place, tariff: Tree) -> Tree:
        return {name: _with_names(price, {"before_taxes": "excl_vat", "after_taxes": "incl_vat"})}

    return FieldRule("", limit)


def _tax_included(run: Run, value: Any, place: Place, tariff: Tree) -> Tree:
    if value == "N/A":
        run.lose(place, "changed", "no tax applies: told as prices without VAT")
    return {}


def _taxed_prices(run: Run, tariff: Tree, out: Tree, place: Place) -> Tree:
    """A price that includes its tax is told without it, where the tariff tells the rate."""
    if tariff.get("tax_included") != "YES":
        return out
    elements = [
        element
        | {
            "price_components": [
                _untaxed(run, component, ((((place, "elements"), at), "price_components"), index))
                for index, component in enumerate(element["price_components"])
            ]
        }
        for at, element in enumerate(out["elements"])
    ]
    return out | {"elements": elements}


def _untaxed(run: Run, component: Tree, place: Place) -> Tree:
    percent, price = component.get("vat"), component["price"]
    if not price:
        return component
    if percent is None or percent < 0:
        raise CannotTell(place, "its price includes tax and no rate tells how much", whole="Tariff")
    run.lose((place, "price"), "changed", f"told without the {percent} % of tax that it includes")
    return component | {"price": without_tax(price, percent)}


DOWN = Step(
    source=V2_3_0,
    target=V2_2_1,
    renames={("Price", "before_taxes"): "excl_vat"},
    fields={
        ("Price", "taxes"): FieldRule(
            "Becomes `incl_vat`, the sum; name, percentage and account of each tax are lost, unless"
            " it is one line named VAT with an amount alone.",
            _incl_vat,
        ),
        ("Tariff", "tax_included"): FieldRule(
            "`NO` is what 2.2.1 means anyway; `N/A` is told as prices without VAT.", _tax_included
        ),
        ("Tariff", "min_price"): _limit_down("min_price"),
        ("Tariff", "max_price"): _limit_down("max_price"),
    },
    objects={
        "Tariff": ObjectRule(
            "`tax_included` = `YES`: each price is divided by 1 + `vat`, to four decimals, half up;"
            " refused as a whole where a price has no `vat`.",
            _taxed_prices,
        )
    },
    replaced={("TokenType", "EMAID"): "OTHER"},
    kept=frozenset({("CdrLocation", "connector_standard")}),
    guarded=frozenset({("CDR", "tariffs")}),
)

"""How a sender or an EVSE behaves."""

from decimal import Decimal

from roaming.rules import behaviour, own_price, station
from roaming.rules.findings import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="V701",
        severity="WARN",
        field="",
        needs=("sender_day",),
        limits={
            "rejected_percent": Decimal(5),
            "fewest_records": Decimal(20),
            "sigmas": Decimal(3),
        },
        title="The sender's day is unusual",
        remedy="Check your export: many records are refused, or far more came than usual.",
        check=behaviour.sender_is_as_usual,
    ),
    Rule(
        code="V702",
        severity="HOLD",
        field="evse_id",
        needs=("evse_entry",),
        title="EVSE was out of order",
        remedy="Check EVSE id and times, and the status that was reported.",
        check=station.evse_was_in_order,
    ),
    Rule(
        code="V703",
        severity="HOLD",
        heals=True,
        field="csp_id",
        needs=("price",),
        title="Exposure limit reached",
        remedy="Nothing to do: the record waits until the CSP's exposure is lower.",
        check=own_price.exposure_is_free,
    ),
    Rule(
        code="V704",
        severity="WARN",
        field="",
        title="A file is missing before this one",
        remedy="Send the file with the sequence that is missing.",
        check=behaviour.files_have_no_gap,
    ),
    Rule(
        code="V705",
        severity="WARN",
        field="energy_kwh",
        needs=("neighbours", "energy"),
        limits={"same_in_a_row": Decimal(5)},
        title="The same energy again and again",
        remedy="Check the meter: the figure may be a default.",
        check=behaviour.energy_varies,
    ),
)

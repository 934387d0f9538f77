"""Signed meter values (OCMF, calibration law)."""

from decimal import Decimal

from roaming.rules import signature
from roaming.rules.findings import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="V301",
        severity="HOLD",
        field="signed_data",
        needs=("meter_key_registry",),
        title="Signed meter values missing",
        remedy="Send the record with the meter's signed values.",
        check=signature.values_are_signed,
    ),
    Rule(
        code="V302",
        severity="HOLD",
        field="signed_data",
        needs=("signed",),
        limit="in DE REJECT; what cannot be read WARN, where meter keys are required HOLD",
        title="Signature invalid",
        remedy="Send the signed values byte by byte as the meter gave them.",
        check=signature.signature_holds,
    ),
    Rule(
        code="V303",
        severity="HOLD",
        heals=True,
        field="signed_data",
        needs=("signed", "meter_key"),
        title="Key is not the one registered for the meter",
        remedy="Register the meter and its public key; the record is then checked again.",
        check=signature.key_is_the_meters,
    ),
    Rule(
        code="V304",
        severity="HOLD",
        field="signed_data",
        needs=("signed",),
        limit="a gap in the pagination WARN",
        title="Signed transaction not whole",
        remedy="Send the signed values of begin and end.",
        check=signature.transaction_is_whole,
    ),
    Rule(
        code="V305",
        severity="HOLD",
        field="signed_data",
        needs=("signed",),
        limit="error flag E REJECT",
        title="The meter reports an error",
        remedy="Bill nothing that the meter flags as faulty.",
        check=signature.meter_was_well,
    ),
    Rule(
        code="V306",
        severity="HOLD",
        field="signed_data",
        needs=("signed",),
        limits={"signed_tolerance_kwh": Decimal("0.001"), "signed_tolerance_s": Decimal(120)},
        title="Signed values differ from the record",
        remedy="Send the energy and times that were signed.",
        check=signature.signed_values_agree,
    ),
    Rule(
        code="V307",
        severity="HOLD",
        field="signed_data",
        needs=("signed",),
        title="Time billed by a clock that is not synchronised",
        remedy="Set the meter's clock; bill no time by it until then.",
        check=signature.time_is_synchronised,
    ),
    Rule(
        code="V308",
        severity="WARN",
        field="signed_data",
        needs=("signed",),
        title="Signed values name another identification",
        remedy="Check that the signed values are this session's.",
        check=signature.identification_is_the_contracts,
    ),
)

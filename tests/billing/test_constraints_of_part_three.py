"""Each named constraint of taxes, fees, seals, exposure, corrections and rates, broken once."""

from datetime import date
from decimal import Decimal

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from billing.models import (
    ClearedSdr,
    CorrectionItem,
    CorrectionRun,
    DefaultCase,
    Document,
    DomesticReverseCharge,
    ExposureBlock,
    ExposureReading,
    FeeLine,
    FxRate,
    Instruction,
    LedgerSeal,
    ManualAdjustment,
    Objection,
    Position,
    Settlement,
    SupplyBlock,
    TaxedSupply,
    TaxRateUse,
    TaxTreatment,
)
from billing.services import sealing
from billing.services.closing import Closing, close_window
from clearinghouse.uuid7 import new_uuid7
from partners.models import Approval, FeeComponent, TaxRate, User
from tests.billing.stories import Story, a_world, tell
from tests.makers import NOON, PartnerMaker, later, nordlicht, partner_of, voltaire

pytestmark = pytest.mark.django_db

JANUARY, JUNE = date(2027, 1, 1), date(2027, 6, 1)
EVIDENCE = {
    "billing_taxedsupply": "taxed_supply_is_append_only",
    "billing_feeline": "fee_line_is_append_only",
    "billing_instruction": "instruction_is_append_only",
    "billing_ledgerseal": "ledger_seal_is_append_only",
    "billing_exposurereading": "exposure_reading_is_append_only",
    "billing_defaultcase": "default_case_is_append_only",
    "billing_fxrate": "fx_rate_is_append_only",
    "billing_taxrateuse": "tax_rate_use_is_append_only",
}


def refused(name: str):
    return pytest.raises(DatabaseError, match=name)


def a_closing() -> Closing:
    world = a_world()
    tell(world, Story(Decimal("10.00")))
    return close_window(world.group, now=NOON)


def again(row, **changes) -> None:
    """Insert the row once more under a new id, with changes."""
    row.pk = new_uuid7()
    for name, value in changes.items():
        setattr(row, name, value)
    with transaction.atomic():
        row.save(force_insert=True)


def approval() -> Approval:
    maker, _ = User.objects.get_or_create(username="mia")
    return Approval.objects.create(
        verb="adjust", object_type="x", object_id="1", maker=maker, requested_at=NOON,
        expires_at=later(days=7),
    )  # fmt: skip


def rate(**changes):
    own = {"country_code": "NL", "kind": "ELECTRICITY", "rate": Decimal("0.21")}
    return TaxRate.objects.create(**({"from_date": JANUARY, "source": "law"} | own | changes))


def rate_use(**changes):
    settlement = Settlement.objects.first() or a_closing().settlement
    own = {"settlement": settlement, "rate": Decimal("0.21"), "last_tax_date": JANUARY}
    row = changes.pop("tax_rate", None) or rate()
    return TaxRateUse.objects.create(**(own | {"tax_rate": row} | changes))


def treatment(**changes):
    own = {"country_code": "NL", "kind": "PARKING", "treatment": "AT_THE_SITE"}
    return TaxTreatment.objects.create(**({"from_date": JANUARY, "source": "law"} | own | changes))


def shift(**changes):
    own = {"country_code": "NL", "applies": True, "from_date": JANUARY, "source": "law"}
    return DomesticReverseCharge.objects.create(**(own | changes))


def fx(**changes):
    own = {
        "rate_date": JANUARY,
        "currency": "CHF",
        "per_euro": Decimal("0.93"),
        "imported_at": NOON,
    }
    return FxRate.objects.create(**(own | {"file_sha256": "ab" * 32} | changes))


def fee_line(**changes):
    settlement = Settlement.objects.first() or a_closing().settlement
    component, _ = FeeComponent.objects.get_or_create(
        code="record", group=settlement.window.group, kind="PER_SDR", from_date=JANUARY
    )
    own = {
        "settlement": settlement,
        "component": component,
        "payer": partner_of(nordlicht()),
        "quantity_before": 0,
        "quantity_after": 1,
        "exact_after": 2,
        "sdrs_before": 0,
        "sdrs_after": 1,
        "charged_before_minor": 0,
        "charged_after_minor": 2,
        "amount_minor": 2,
    }
    return FeeLine.objects.create(**(own | changes))


def block(**changes):
    settlement = Settlement.objects.first() or a_closing().settlement
    own = {
        "settlement": settlement,
        "window": settlement.window,
        "supplier": partner_of(nordlicht()),
        "customer": partner_of(voltaire()),
        "amount_minor": 1000,
        "sdrs": 1,
        "reasons": [{"code": "NO_SEAT", "what_to_do": "enter it"}],
    }
    return SupplyBlock.objects.create(**(own | changes))


def reading(**changes):
    group = (Settlement.objects.first() or a_closing().settlement).window.group
    own = {"group": group, "partner": partner_of(voltaire()), "read_at": NOON, "parts": {}}
    return ExposureReading.objects.create(
        **(own | {"exposure_minor": 5, "level": "FREE"} | changes)
    )


def exposure_block(**changes):
    found = reading()
    own = {"group": found.group, "partner": found.partner, "reading": found, "blocked_at": NOON}
    return ExposureBlock.objects.create(**(own | changes))


def default_case(**changes):
    settlement = Settlement.objects.first() or a_closing().settlement
    own = {
        "settlement": settlement,
        "partner": partner_of(voltaire()),
        "currency": "EUR",
        "owed_minor": 1000,
        "outcome": "UNWOUND",
        "reason": "no money came",
        "actor": "mia",
        "handled_at": NOON,
    }
    return DefaultCase.objects.create(**(own | changes))


def run(**changes):
    group = (Settlement.objects.first() or a_closing().settlement).window.group
    own = {
        "group": group,
        "reason": "a wrong tariff",
        "selection": {},
        "simulation": {},
        "simulation_sha256": "ab" * 32,
        "maker": User.objects.get_or_create(username="mia")[0],
        "simulated_at": NOON,
    }
    return CorrectionRun.objects.create(**(own | changes))


def item(**changes):
    own = {"record_id": new_uuid7(), "old_claim_minor": 10, "old_payout_minor": 9}
    return CorrectionItem.objects.create(**({"run": run(), "new_claim_minor": 8} | own | changes))


def adjustment(**changes):
    window = (Settlement.objects.first() or a_closing().settlement).window
    own = {
        "window": window,
        "partner": partner_of(voltaire()),
        "currency": "EUR",
        "amount_minor": 5,
        "counter_account": "6900",
        "reason": "goodwill",
        "approval": approval(),
        "requested_at": NOON,
    }
    return ManualAdjustment.objects.create(**(own | changes))


def objection(**changes):
    if not Document.objects.exists():
        a_closing()
    document = Document.objects.first()
    own = {"document": document, "partner": document.partner, "text": "a day is missing"}
    return Objection.objects.create(**(own | {"raised_by": "v", "raised_at": NOON} | changes))


def seal(**changes):
    if not Settlement.objects.exists():
        a_closing()
    transfer = Settlement.objects.first().window.transfers.first()
    own = {"sequence": 1, "transfer": transfer, "row_sha256": "ab" * 32, "sealed_at": NOON}
    return LedgerSeal.objects.create(**(own | {"chain_sha256": "cd" * 32} | changes))


BROKEN = {
    "tax_rate_ends_after_it_starts": (rate, {"until_date": JANUARY}),
    "tax_rate_is_a_fraction": (rate, {"rate": Decimal(1)}),
    "tax_treatment_ends_after_it_starts": (treatment, {"until_date": JANUARY}),
    "domestic_reverse_charge_ends_after_it_starts": (shift, {"until_date": JANUARY}),
    "fx_rate_is_positive": (fx, {"per_euro": Decimal(0)}),
    "fee_line_is_what_was_charged_after_less_before": (fee_line, {"amount_minor": 3}),
    "block_says_what_to_do": (block, {"reasons": []}),
    "exposure_is_not_negative": (reading, {"exposure_minor": -1}),
    "no_limit_is_never_reached": (reading, {"level": "BLOCKED"}),
    "lifted_block_has_author_and_reason": (exposure_block, {"lifted_at": NOON, "lifted_by": "mia"}),
    "default_is_of_a_debt": (default_case, {"owed_minor": 0}),
    "default_has_a_reason": (default_case, {"reason": ""}),
    "posted_correction_run_is_approved": (run, {"state": "POSTED", "posted_at": NOON}),
    "correction_run_has_a_reason": (run, {"reason": ""}),
    "correction_posts_credit_and_replacement": (item, {"credit_id": new_uuid7()}),
    "adjustment_is_not_zero": (adjustment, {"amount_minor": 0}),
    "adjustment_has_a_reason": (adjustment, {"reason": ""}),
    "adjustment_counter_account_is_the_houses": (adjustment, {"counter_account": "1300"}),
    "objection_is_answered_with_grounds": (objection, {"state": "UPHELD", "answered_at": NOON}),
    "objection_is_answered_after_it_was_raised": (
        objection,
        {"state": "UPHELD", "answer": "yes", "answered_at": later(days=-1)},
    ),
    "seal_sequence_starts_at_one": (seal, {"sequence": 0}),
    "seal_carries_two_hashes": (seal, {"chain_sha256": "CD" * 32}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.violates(n), id=n) for n in BROKEN]
)
def test_is_refused(name):
    make, wrong = BROKEN[name]
    with transaction.atomic():
        make()
        transaction.set_rollback(True)

    with refused(name):
        make(**wrong)


ONCE = {
    "ecb_publishes_one_rate_a_day": fx,
    "fee_line_is_one_per_component": fee_line,
    "pair_is_blocked_once_per_settlement": block,
    "partner_is_blocked_once_per_group": exposure_block,
    "default_is_handled_once": default_case,
    "tax_rates_do_not_overlap": rate,
    "tax_treatments_do_not_overlap": treatment,
    "domestic_reverse_charges_do_not_overlap": shift,
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.violates(n), id=n) for n in ONCE]
)
def test_is_there_once(name):
    ONCE[name]()

    with refused(name):
        ONCE[name]()


@pytest.mark.parametrize("make", [rate, treatment, shift])
def test_dated_rows_follow_each_other(make):
    make(until_date=JUNE)

    make(from_date=JUNE)


@pytest.mark.violates("record_is_corrected_once_per_run")
def test_a_record_is_corrected_once_per_run():
    first = item()

    with refused("record_is_corrected_once_per_run"):
        item(run=first.run, record_id=first.record_id)


class TestSettlement:
    @pytest.mark.violates("window_has_one_settlement_that_counts")
    def test_is_one_that_counts_per_window(self):
        settlement = a_closing().settlement
        cancelled = {"state": "CANCELLED", "cancelled_at": NOON, "cancel_reason": "r"}
        again(settlement, issued_at=None, **cancelled)

        settlement = Settlement.objects.get(state="ISSUED")
        with refused("window_has_one_settlement_that_counts"):
            again(settlement, state="CALCULATED", issued_at=None)

    @pytest.mark.violates("settlement_is_issued_when_its_state_says_so")
    @pytest.mark.parametrize(("state", "issued_at"), [("ISSUED", None), ("CALCULATED", NOON)])
    def test_is_issued_when_its_state_says_so(self, state, issued_at):
        with refused("settlement_is_issued_when_its_state_says_so"):
            again(a_closing().settlement, state=state, issued_at=issued_at)

    @pytest.mark.violates("cancelled_settlement_has_a_reason")
    def test_is_cancelled_with_a_reason(self):
        cancelled = {"state": "CANCELLED", "issued_at": None, "cancelled_at": NOON}
        with refused("cancelled_settlement_has_a_reason"):
            again(a_closing().settlement, **cancelled)

    @pytest.mark.violates("carried_amounts_sum_to_zero")
    def test_carries_on_what_sums_to_zero(self):
        settlement = a_closing().settlement
        house = {"receivable_minor": 0, "payable_minor": 0, "fees_minor": 0, "net_minor": 0}
        stranger = PartnerMaker(name="Sechster")
        with refused("carries 7 on"):
            Position.objects.create(
                settlement=settlement, partner=stranger, carried_on_minor=7, **house
            )
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class TestInstruction:
    @pytest.mark.violates("instruction_has_its_place")
    def test_has_its_place(self):
        a_closing()
        with refused("instruction_has_its_place"):
            again(Instruction.objects.first())

    @pytest.mark.violates("instruction_amount_is_positive")
    def test_moves_a_positive_amount(self):
        a_closing()
        with refused("instruction_amount_is_positive"):
            again(Instruction.objects.first(), place=99, amount_minor=0)

    @pytest.mark.violates("instruction_has_two_sides")
    def test_has_two_sides(self):
        a_closing()
        first = Instruction.objects.first()
        with refused("instruction_has_two_sides"):
            again(first, place=99, payee_id=first.payer_id)


class TestTaxedSupply:
    @pytest.mark.violates("only_the_standard_rate_bears_tax")
    @pytest.mark.parametrize(
        "changes", [{"category": "S"}, {"vat_minor": 1}, {"rate": Decimal("0.19")}]
    )
    def test_bears_tax_at_the_standard_rate_only(self, changes):
        a_closing()
        with refused("only_the_standard_rate_bears_tax"):
            again(TaxedSupply.objects.first(), ground="other", **changes)

    @pytest.mark.violates("only_what_is_shifted_is_self_assessed")
    def test_only_what_is_shifted_is_self_assessed(self):
        a_closing()
        with refused("only_what_is_shifted_is_self_assessed"):
            again(TaxedSupply.objects.first(), self_assessed_rate=Decimal("0.19"))

    @pytest.mark.violates("supply_is_taxed_once_per_settlement")
    def test_is_taxed_once(self):
        a_closing()
        with refused("supply_is_taxed_once_per_settlement"):
            again(TaxedSupply.objects.first())


@pytest.mark.violates("corrected_sdr_names_its_run")
def test_a_corrected_sdr_names_its_run():
    world = a_world()
    tell(world, Story(Decimal("10.00")))
    close_window(world.group, now=NOON)
    with refused("corrected_sdr_names_its_run"):
        again(ClearedSdr.objects.get(), corrects_id=new_uuid7())


def evidence_of_all() -> None:
    fee_line()
    sealing.seal(now=NOON)
    reading()
    default_case()
    fx()
    rate_use()


@pytest.mark.parametrize(
    ("table", "name"),
    [pytest.param(t, n, marks=pytest.mark.violates(n), id=n) for t, n in EVIDENCE.items()],
)
@pytest.mark.parametrize(
    "statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_evidence_is_not_changed_by_the_application(table, name, statement):
    evidence_of_all()

    with (
        pytest.raises(DatabaseError, match=r"permission denied|append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table, *[_key_of(table)] * 2))

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_evidence_is_refused_even_to_the_owner_of_the_tables(owner_connection):
    evidence_of_all()

    for table, name in EVIDENCE.items():
        key = _key_of(table)
        for statement in (
            f"UPDATE {{}} SET {key} = {key}",
            "DELETE FROM {}",
            "TRUNCATE {} CASCADE",
        ):
            with pytest.raises(psycopg.Error, match="append-only") as refusal:
                owner_connection.execute(statement.format(table))
            assert refusal.value.diag.constraint_name == name, statement


def _key_of(table: str) -> str:
    return "sequence" if table == "billing_ledgerseal" else "id"

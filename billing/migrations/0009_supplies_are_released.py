"""A refused self-billed document is taken back, and its supplies are free for another one."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

import clearinghouse.uuid7
from clearinghouse import tables

# A default fills what is append-only; an UPDATE would be refused.
_TABLE = """
ALTER TABLE billing_invoicesupply DROP CONSTRAINT billing_invoicesupply_pkey;
ALTER TABLE billing_invoicesupply
    ADD COLUMN id uuid NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
    ADD COLUMN released_at timestamptz NULL;
ALTER TABLE billing_invoicesupply ALTER COLUMN id DROP DEFAULT;
CREATE INDEX billing_invoicesupply_supply ON billing_invoicesupply (supply_id);
CREATE UNIQUE INDEX supply_is_on_one_active_invoice ON billing_invoicesupply (supply_id)
 WHERE released_at IS NULL;
DROP TRIGGER invoice_supply_is_append_only ON billing_invoicesupply;
DROP TRIGGER invoice_supply_is_append_only_by_truncate ON billing_invoicesupply;
GRANT UPDATE ON billing_invoicesupply TO clearinghouse_app;
GRANT UPDATE (released_at) ON billing_invoicesupply TO clearinghouse_partner;
-- Supplies of before were released with the records of their invoice.
UPDATE billing_invoicesupply AS stands SET released_at = objection.raised_at
  FROM billing_invoiceobjection AS objection WHERE objection.invoice_id = stands.invoice_id;
"""
# What takes back a refused document has no supplies: it states what that one did.
_INVOICE = """
CREATE OR REPLACE FUNCTION billing_check_invoice() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    net numeric;
    vat numeric;
    sign integer := CASE WHEN NEW.type_code IN ('381', '261') THEN -1 ELSE 1 END;
BEGIN
    SELECT coalesce(sum(supply.net_minor), 0) * sign, coalesce(sum(supply.vat_minor), 0) * sign
      INTO net, vat
      FROM billing_invoicesupply AS stands
      JOIN billing_taxedsupply AS supply ON supply.id = stands.supply_id
     WHERE stands.invoice_id = NEW.id;
    SELECT net + coalesce(sum(refused.net_minor), 0), vat + coalesce(sum(refused.vat_minor), 0)
      INTO net, vat
      FROM billing_invoicecancellation AS takes_back
      JOIN billing_invoice AS refused ON refused.id = takes_back.objection_id
     WHERE takes_back.invoice_id = NEW.id;
    IF (net, vat) IS DISTINCT FROM (NEW.net_minor::numeric, NEW.vat_minor::numeric) THEN
        RAISE EXCEPTION 'invoice % states % + %, its supplies are % + %', NEW.number,
                        NEW.net_minor, NEW.vat_minor, net, vat
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invoice_sums_its_supplies';
    END IF;
    RETURN NULL;
END $$
"""
_STATE = [
    migrations.AlterField(
        model_name="invoicesupply",
        name="supply",
        field=models.ForeignKey(
            on_delete=django.db.models.deletion.PROTECT,
            related_name="on_invoices",
            to="billing.taxedsupply",
        ),
    ),
    migrations.AddField(
        model_name="invoicesupply",
        name="id",
        field=models.UUIDField(
            default=clearinghouse.uuid7.new_uuid7,
            editable=False,
            primary_key=True,
            serialize=False,
        ),
    ),
    migrations.AddField(
        model_name="invoicesupply",
        name="released_at",
        field=models.DateTimeField(null=True),
    ),
    migrations.AddConstraint(
        model_name="invoicesupply",
        constraint=models.UniqueConstraint(
            condition=Q(released_at__isnull=True),
            fields=("supply",),
            name="supply_is_on_one_active_invoice",
        ),
    ),
]


class Migration(migrations.Migration):
    dependencies = [("billing", "0008_settlements_have_approvers")]

    operations = [
        migrations.RunSQL(_TABLE, migrations.RunSQL.noop, state_operations=_STATE),
        tables.kept_but(
            "billing_invoicesupply", "invoice_supply_keeps_what_it_said", "released_at"
        ),
        migrations.CreateModel(
            name="InvoiceCancellation",
            fields=[
                (
                    "invoice",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="cancels",
                        serialize=False,
                        to="billing.invoice",
                    ),
                ),
                (
                    "objection",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cancellation",
                        to="billing.invoiceobjection",
                    ),
                ),
            ],
        ),
        tables.append_only("billing_invoicecancellation", "invoice_cancellation_is_append_only"),
        migrations.RunSQL(_INVOICE, migrations.RunSQL.noop),
        migrations.RunSQL(
            "GRANT SELECT ON billing_invoicecancellation TO clearinghouse_partner",
            migrations.RunSQL.noop,
        ),
    ]

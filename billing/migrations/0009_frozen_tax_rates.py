"""The rate at which the house owes shifted tax is frozen; a row of rates that was used is kept."""

import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables

_KEEP_USED = """
CREATE FUNCTION billing_keep_used_tax_rate() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE last_used date;
BEGIN
    SELECT max(used.last_tax_date) INTO last_used
      FROM billing_taxrateuse AS used
      JOIN billing_settlement AS settlement ON settlement.id = used.settlement_id
     WHERE used.tax_rate_id = OLD.id AND settlement.state <> 'CANCELLED';
    IF last_used IS NULL THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - 'until_date' = to_jsonb(OLD) - 'until_date'
       AND (NEW.until_date IS NULL OR NEW.until_date > last_used) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the rate of % from % was used until %: end it after that day, add the next row',
        OLD.country_code, OLD.from_date, last_used
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'tax_rate_that_was_used_is_kept';
END $$
"""
# The row is locked, so that nobody changes it between the reading of its rate and this use.
_TELL_RATE = """
CREATE FUNCTION billing_check_tax_rate_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM billing_taxrate
      WHERE id = NEW.tax_rate_id AND rate = NEW.rate AND from_date <= NEW.last_tax_date
        AND (until_date IS NULL OR until_date > NEW.last_tax_date)
        FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'tax rate % is not % on %', NEW.tax_rate_id, NEW.rate, NEW.last_tax_date
            USING ERRCODE = 'check_violation',
                  CONSTRAINT = 'tax_rate_use_tells_the_rate_of_its_row';
    END IF;
    RETURN NEW;
END $$
"""
_KNOW_RATE = """
CREATE FUNCTION billing_check_self_assessed_rate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM partners_partner WHERE id = NEW.customer_id AND is_clearing_house) THEN
        RAISE EXCEPTION 'the house owes the tax of this supply, at no rate'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'house_knows_the_rate_it_owes';
    END IF;
    RETURN NEW;
END $$
"""
_TRIGGERS = [
    "CREATE TRIGGER tax_rate_that_was_used_is_kept BEFORE UPDATE OR DELETE ON billing_taxrate"
    " FOR EACH ROW EXECUTE FUNCTION billing_keep_used_tax_rate()",
    "CREATE TRIGGER tax_rate_use_tells_the_rate_of_its_row BEFORE INSERT ON billing_taxrateuse"
    " FOR EACH ROW EXECUTE FUNCTION billing_check_tax_rate_use()",
    "CREATE TRIGGER house_knows_the_rate_it_owes BEFORE INSERT ON billing_taxedsupply"
    " FOR EACH ROW WHEN (NEW.category = 'AE' AND NEW.self_assessed_rate = 0)"
    " EXECUTE FUNCTION billing_check_self_assessed_rate()",
]
_DROP = [
    "DROP FUNCTION billing_keep_used_tax_rate() CASCADE",
    "DROP FUNCTION billing_check_tax_rate_use() CASCADE",
    "DROP FUNCTION billing_check_self_assessed_rate() CASCADE",
]

# What was posted before took the rate of electricity on the UTC day of the window's end: that one
# is frozen, so that the ledger re-adds. Evidence is touched this once, by the owner.
FREEZE = """
UPDATE billing_taxedsupply AS supply
   SET self_assessed_rate = rate.rate
  FROM billing_clearingwindow AS win, partners_partner AS house, billing_taxrate AS rate
 WHERE win.id = supply.window_id AND house.id = supply.customer_id AND house.is_clearing_house
   AND supply.category = 'AE' AND rate.kind = 'ELECTRICITY'
   AND rate.country_code = supply.place_country_code
   AND rate.from_date <= (win.supply_ends_at AT TIME ZONE 'UTC')::date
   AND (rate.until_date IS NULL
        OR rate.until_date > (win.supply_ends_at AT TIME ZONE 'UTC')::date)
"""
# By the lines of each supply: the rows that gave their rate, last on the last day of the month
# in which the row still held.
NOTE_USES = """
INSERT INTO billing_taxrateuse (id, settlement_id, tax_rate_id, rate, last_tax_date)
SELECT gen_random_uuid(), supply.settlement_id, rate.id, rate.rate,
       max(least((line->>'month' || '-01')::date + interval '1 month - 1 day',
                 rate.until_date - interval '1 day'))::date
  FROM billing_taxedsupply AS supply
 CROSS JOIN LATERAL jsonb_array_elements(supply.lines) AS line
  JOIN billing_taxrate AS rate
    ON rate.country_code = supply.place_country_code AND rate.kind = line->>'kind'
   AND rate.rate = CASE supply.category WHEN 'S' THEN supply.rate
                                        ELSE supply.self_assessed_rate END
   AND rate.from_date < (line->>'month' || '-01')::date + interval '1 month'
   AND (rate.until_date IS NULL OR rate.until_date > (line->>'month' || '-01')::date)
 GROUP BY supply.settlement_id, rate.id, rate.rate
"""
_BACKFILL = [
    "ALTER TABLE billing_taxedsupply DISABLE TRIGGER taxed_supply_is_append_only",
    FREEZE,
    "ALTER TABLE billing_taxedsupply ENABLE TRIGGER taxed_supply_is_append_only",
    NOTE_USES,
]


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0008_statements_before_they_are_final"),
        ("partners", "0008_split_fee_has_a_share"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="taxedsupply", name="supply_is_taxed_once_per_settlement"
        ),
        migrations.AddField(
            model_name="taxedsupply",
            name="self_assessed_rate",
            field=models.DecimalField(
                decimal_places=4,
                default=0,
                help_text="at which the house owes what is AE",
                max_digits=5,
            ),
        ),
        migrations.CreateModel(
            name="TaxRateUse",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=clearinghouse.uuid7.new_uuid7,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "rate",
                    models.DecimalField(decimal_places=4, help_text="as it was used", max_digits=5),
                ),
                ("last_tax_date", models.DateField()),
                (
                    "settlement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.settlement",
                    ),
                ),
                (
                    "tax_rate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uses",
                        to="billing.taxrate",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("settlement", "tax_rate"),
                        name="tax_rate_use_is_told_once_per_settlement",
                    )
                ]
            },
        ),
        migrations.RunSQL(_BACKFILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="taxedsupply",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("self_assessed_rate", 0),
                    models.Q(("category", "AE"), ("self_assessed_rate__gt", 0)),
                    _connector="OR",
                ),
                name="only_what_is_shifted_is_self_assessed",
            ),
        ),
        migrations.AddConstraint(
            model_name="taxedsupply",
            constraint=models.UniqueConstraint(
                fields=(
                    "settlement",
                    "window",
                    "supplier",
                    "customer",
                    "place_country_code",
                    "category",
                    "rate",
                    "self_assessed_rate",
                    "price_basis",
                    "ground",
                    "is_service",
                ),
                name="supply_is_taxed_once_per_settlement",
            ),
        ),
        tables.append_only("billing_taxrateuse", "tax_rate_use_is_append_only"),
        migrations.RunSQL([_KEEP_USED, _TELL_RATE, _KNOW_RATE, *_TRIGGERS], _DROP),
    ]

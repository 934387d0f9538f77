"""Offers of agreements; a request of a partner signs only what both sides agreed."""

import django.db.models.deletion
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables

_OFFER = """
CREATE FUNCTION partners_guard_offer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    signed partners_roamingagreement%ROWTYPE;
    answer partners_agreementoffer%ROWTYPE;
BEGIN
    IF TG_OP = 'INSERT' AND NEW.state <> 'OFFERED'
       OR TG_OP = 'UPDATE' AND (OLD.state, NEW.state) NOT IN (
           ('OFFERED', 'OFFERED'), ('OFFERED', 'ACCEPTED'), ('OFFERED', 'DECLINED'),
           ('OFFERED', 'COUNTERED'), ('OFFERED', 'WITHDRAWN'), ('OFFERED', 'EXPIRED')) THEN
        RAISE EXCEPTION 'an offer does not become % now', NEW.state
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'offer_step_follows';
    END IF;
    IF TG_OP = 'INSERT' THEN
        RETURN NEW;
    END IF;
    IF NEW.state = 'ACCEPTED' AND NEW.agreement_id IS NOT NULL THEN
        SELECT * INTO signed FROM partners_roamingagreement WHERE id = NEW.agreement_id;
        IF signed.in_force_at IS NOT NULL OR NEW.taker_id IS NULL
           OR (signed.seller_id, signed.buyer_id) IS DISTINCT FROM (
               CASE WHEN NEW.maker_sells THEN NEW.maker_id ELSE NEW.taker_id END,
               CASE WHEN NEW.maker_sells THEN NEW.taker_id ELSE NEW.maker_id END)
           OR (signed.environment, signed.group_id, signed.currency, signed.mode,
               signed.service_class, signed.price_basis, signed.acceptance, signed.acceptance_days,
               signed.warn_after_days, signed.refuse_after_days, signed.tariff_notice_days,
               signed.starts_at, signed.ends_at)
              IS DISTINCT FROM
              (NEW.environment, NEW.group_id, NEW.currency, NEW.mode,
               NEW.service_class, NEW.price_basis, NEW.acceptance, NEW.acceptance_days,
               NEW.warn_after_days, NEW.refuse_after_days, NEW.tariff_notice_days,
               NEW.starts_at, NEW.ends_at)
           OR (CASE WHEN signed.commission_beneficiary = 'BUYER' THEN signed.commission_rate
                    ELSE 0 END) <> NEW.reduction THEN
            RAISE EXCEPTION 'what is signed is what was offered, and is signed afterwards'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'accepted_offer_is_the_agreement';
        END IF;
    END IF;
    IF NEW.state = 'COUNTERED' AND NEW.counter_id IS NOT NULL THEN
        SELECT * INTO answer FROM partners_agreementoffer WHERE id = NEW.counter_id;
        IF (answer.maker_id, answer.taker_id, answer.maker_sells, answer.environment,
            answer.service_class)
           IS DISTINCT FROM (NEW.taker_id, NEW.maker_id, NOT NEW.maker_sells, NEW.environment,
            NEW.service_class) THEN
            RAISE EXCEPTION 'a counter-offer is of the other side, about the same'
                USING ERRCODE = 'restrict_violation', CONSTRAINT = 'counter_offer_turns_the_sides';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER offer_step_follows BEFORE INSERT OR UPDATE ON partners_agreementoffer
    FOR EACH ROW EXECUTE FUNCTION partners_guard_offer();
"""
# As who asks, not as the owner: it is about requests of partners. Staff and files sign as before.
_SIGNING = """
CREATE FUNCTION partners_guard_signing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'clearinghouse_partner' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.in_force_at IS NULL THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.in_force_at IS NULL AND NEW.ends_at IS NOT DISTINCT FROM OLD.ends_at
       AND EXISTS (SELECT FROM partners_agreementoffer
                    WHERE agreement_id = NEW.id AND state = 'ACCEPTED') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.in_force_at IS NOT NULL
       AND EXISTS (SELECT FROM partners_agreementoffer AS offer
                     JOIN partners_roamingagreement AS next ON next.id = offer.agreement_id
                    WHERE offer.state = 'ACCEPTED' AND next.in_force_at IS NULL
                      AND (next.number, next.seller_id, next.buyer_id, next.starts_at)
                        = (NEW.number, NEW.seller_id, NEW.buyer_id, NEW.ends_at)
                      AND next.version > NEW.version) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a request of a partner signs only what both sides agreed'
        USING ERRCODE = 'restrict_violation',
              CONSTRAINT = 'request_of_a_partner_signs_what_both_agreed';
END $$;
CREATE TRIGGER request_of_a_partner_signs_what_both_agreed
    BEFORE INSERT OR UPDATE ON partners_roamingagreement
    FOR EACH ROW EXECUTE FUNCTION partners_guard_signing();
"""
_ENVIRONMENTS = (
    ("maker_id", "partners_party", "offer_and_maker_share_environment"),
    ("taker_id", "partners_party", "offer_and_taker_share_environment"),
    ("group_id", "partners_settlementgroup", "offer_and_group_share_environment"),
)
_STANDS = ("state", "decided_by", "decided_at", "reason", "agreement_id", "counter_id")


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0021_people_choose_a_language"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "permissions": [
                    ("portal_operate", "Can act on disputes, tariffs and records in the portal"),
                    (
                        "portal_see_finance",
                        "Can see statements, invoices and payments in the portal",
                    ),
                    (
                        "portal_finance",
                        "Can object, confirm and ask for bank details in the portal",
                    ),
                    ("portal_agree", "Can offer and accept roaming agreements in the portal"),
                    (
                        "portal_administer",
                        "Can manage logins and systems of the company in the portal",
                    ),
                ],
                "verbose_name": "user",
                "verbose_name_plural": "users",
            },
        ),
        migrations.CreateModel(
            name="AgreementOffer",
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
                    "environment",
                    models.CharField(
                        choices=[("TEST", "Test"), ("LIVE", "Live")], default="LIVE", max_length=4
                    ),
                ),
                (
                    "taker_code",
                    models.CharField(help_text="as it was written, such as FR*VOL", max_length=6),
                ),
                (
                    "taker_role",
                    models.CharField(
                        choices=[
                            ("CSO", "Charging station operator"),
                            ("CSP", "Charging service provider"),
                            ("DATA", "Data only"),
                        ],
                        max_length=4,
                    ),
                ),
                (
                    "maker_sells",
                    models.BooleanField(
                        help_text="the maker sends the records, the taker pays them"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("CLEARED_PO", "Cleared, CSP and CSO"),
                            ("CLEARED_PP", "Cleared, CSP and reselling CSP"),
                            ("DIRECT", "Direct, not cleared here"),
                            ("MIXED", "Control direct, records cleared"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "service_class",
                    models.CharField(
                        choices=[
                            ("CHARGING", "Charging"),
                            ("PARKING", "Parking"),
                            ("RESERVATION", "Reservation"),
                        ],
                        max_length=11,
                    ),
                ),
                (
                    "price_basis",
                    models.CharField(
                        choices=[("EXCL_TAX", "Excl Tax"), ("INCL_TAX", "Incl Tax")], max_length=8
                    ),
                ),
                (
                    "acceptance",
                    models.CharField(
                        choices=[
                            ("ON_VALIDATION", "As soon as it is valid"),
                            ("DEEMED", "Deemed accepted after some days"),
                            ("EXPLICIT", "Only when the CSP says so"),
                        ],
                        max_length=13,
                    ),
                ),
                ("acceptance_days", models.PositiveSmallIntegerField()),
                ("warn_after_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("refuse_after_days", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("tariff_notice_days", models.PositiveSmallIntegerField()),
                (
                    "reduction",
                    models.DecimalField(
                        decimal_places=6,
                        help_text="of the price, for the buyer: 0.1 = 10 %",
                        max_digits=7,
                    ),
                ),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("made_by", models.CharField(max_length=150)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OFFERED", "Waits for an answer"),
                            ("ACCEPTED", "Accepted"),
                            ("DECLINED", "Declined"),
                            ("COUNTERED", "Answered by a counter-offer"),
                            ("WITHDRAWN", "Withdrawn"),
                            ("EXPIRED", "Ran out"),
                        ],
                        default="OFFERED",
                        max_length=9,
                    ),
                ),
                ("decided_by", models.CharField(blank=True, max_length=150)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "agreement",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offer",
                        to="partners.roamingagreement",
                    ),
                ),
                (
                    "base",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.roamingagreement",
                    ),
                ),
                (
                    "counter",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="partners.agreementoffer",
                    ),
                ),
                (
                    "group",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="partners.settlementgroup",
                    ),
                ),
                (
                    "maker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers_made",
                        to="partners.party",
                    ),
                ),
                (
                    "taker",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="offers_got",
                        to="partners.party",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "OFFERED")),
                        fields=["expires_at"],
                        name="offer_runs_out",
                    ),
                    models.Index(fields=["-made_at"], name="offer_newest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("taker__isnull", True),
                            models.Q(("maker", models.F("taker")), _negated=True),
                            _connector="OR",
                        ),
                        name="offer_has_two_parties",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("expires_at__gt", models.F("made_at")),
                            ("expires_at__lte", models.F("starts_at")),
                        ),
                        name="offer_runs_out_before_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ends_at__isnull", True),
                            ("ends_at__gt", models.F("starts_at")),
                            _connector="OR",
                        ),
                        name="offer_ends_after_it_starts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reduction__gte", 0), ("reduction__lte", 1)),
                        name="offer_reduction_is_a_fraction",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at__isnull", True),
                                ("decided_by", ""),
                                ("state", "OFFERED"),
                            ),
                            models.Q(
                                models.Q(("state", "OFFERED"), _negated=True),
                                ("decided_at__isnull", False),
                                models.Q(("decided_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="offer_says_who_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_at__isnull", True),
                            models.Q(
                                ("decided_at__gte", models.F("expires_at")), ("state", "EXPIRED")
                            ),
                            models.Q(
                                models.Q(("state", "EXPIRED"), _negated=True),
                                ("decided_at__lt", models.F("expires_at")),
                            ),
                            _connector="OR",
                        ),
                        name="offer_is_decided_in_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "DECLINED"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="declined_offer_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("agreement__isnull", False), ("state", "ACCEPTED")),
                            models.Q(
                                models.Q(("state", "ACCEPTED"), _negated=True),
                                ("agreement__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="accepted_offer_names_its_agreement",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("counter__isnull", False), ("state", "COUNTERED")),
                            models.Q(
                                models.Q(("state", "COUNTERED"), _negated=True),
                                ("counter__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="countered_offer_names_its_answer",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "OFFERED")),
                        fields=(
                            "maker",
                            "taker_code",
                            "taker_role",
                            "maker_sells",
                            "service_class",
                            "currency",
                        ),
                        name="offer_is_open_once",
                    ),
                ],
            },
        ),
        tables.kept_but("partners_agreementoffer", "offer_keeps_what_it_said", *_STANDS),
        *(
            tables.shared_environment(
                table="partners_agreementoffer", column=column, other=other, name=name
            )
            for column, other, name in _ENVIRONMENTS
        ),
        migrations.RunSQL(
            _OFFER,
            "DROP TRIGGER offer_step_follows ON partners_agreementoffer;"
            " DROP FUNCTION partners_guard_offer()",
        ),
        migrations.RunSQL(
            _SIGNING,
            "DROP TRIGGER request_of_a_partner_signs_what_both_agreed"
            " ON partners_roamingagreement; DROP FUNCTION partners_guard_signing()",
        ),
        migrations.RunSQL(
            [
                "GRANT SELECT, INSERT ON partners_agreementoffer TO clearinghouse_partner",
                f"GRANT UPDATE ({', '.join(_STANDS)}) ON partners_agreementoffer"
                " TO clearinghouse_partner",
                "GRANT INSERT, UPDATE (ends_at, in_force_at) ON partners_roamingagreement"
                " TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]

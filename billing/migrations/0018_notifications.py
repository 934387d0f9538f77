"""What people are told by mail, and how often; a request of a partner keeps its own choice."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import clearinghouse.uuid7
from clearinghouse import tables


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0017_window_sums"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        tables.Together(
            [
                migrations.CreateModel(
                    name="NotificationMail",
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
                        ("recipient", models.EmailField(max_length=254)),
                        ("language", models.CharField(default="en", max_length=2)),
                        ("message_id", models.CharField(blank=True, max_length=200)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("QUEUED", "Queued"),
                                    ("SENT", "Taken by the mail server"),
                                    ("FAILED", "Given up"),
                                    ("BOUNCED", "Came back"),
                                ],
                                default="QUEUED",
                                max_length=7,
                            ),
                        ),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("next_attempt_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "last_answer",
                            models.CharField(
                                blank=True, help_text="the server's own words", max_length=500
                            ),
                        ),
                        ("created_at", models.DateTimeField()),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="Notification",
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
                            "kind",
                            models.CharField(
                                choices=[
                                    ("RECORDS", "Records held or refused"),
                                    ("DISPUTES", "Disputes"),
                                    ("DEADLINES", "Deadlines of disputes"),
                                    ("TARIFFS", "Tariff changes"),
                                    ("AGREEMENTS", "Offers of agreements"),
                                    ("DOCUMENTS", "Documents"),
                                    ("PAYMENTS", "Payments due or overdue"),
                                    ("CONNECTIONS", "Connections"),
                                    ("SECRETS", "Secrets that run out"),
                                    ("NOTICES", "Notices of the clearing house"),
                                ],
                                max_length=11,
                            ),
                        ),
                        ("subject", models.CharField(max_length=120)),
                        ("facts", models.JSONField(default=dict)),
                        ("created_at", models.DateTimeField()),
                        ("due_at", models.DateTimeField()),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "mail",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notifications",
                                to="billing.notificationmail",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="NotificationMark",
                    fields=[
                        (
                            "id",
                            models.PositiveSmallIntegerField(
                                default=1, primary_key=True, serialize=False
                            ),
                        ),
                        ("until_at", models.DateTimeField()),
                        ("digest_day", models.CharField(blank=True, max_length=10)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("id", 1)), name="events_are_read_by_one_mark"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="NotificationChoice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("RECORDS", "Records held or refused"),
                                    ("DISPUTES", "Disputes"),
                                    ("DEADLINES", "Deadlines of disputes"),
                                    ("TARIFFS", "Tariff changes"),
                                    ("AGREEMENTS", "Offers of agreements"),
                                    ("DOCUMENTS", "Documents"),
                                    ("PAYMENTS", "Payments due or overdue"),
                                    ("CONNECTIONS", "Connections"),
                                    ("SECRETS", "Secrets that run out"),
                                    ("NOTICES", "Notices of the clearing house"),
                                ],
                                max_length=11,
                            ),
                        ),
                        (
                            "mode",
                            models.CharField(
                                choices=[
                                    ("AT_ONCE", "At once"),
                                    ("DAILY", "Once a day"),
                                    ("OFF", "Not by mail"),
                                ],
                                max_length=7,
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notification_choices",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("user", "kind"), name="person_chooses_a_kind_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "DISPUTES",
                                            "TARIFFS",
                                            "DOCUMENTS",
                                            "CONNECTIONS",
                                            "NOTICES",
                                        ],
                                    ),
                                    models.Q(("kind", "RECORDS"), ("mode__in", ["DAILY", "OFF"])),
                                    _connector="OR",
                                ),
                                name="what_must_be_told_is_not_switched_off",
                            ),
                        ],
                    },
                ),
                migrations.AddIndex(
                    model_name="notificationmail",
                    index=models.Index(
                        condition=models.Q(("state", "QUEUED")),
                        fields=["next_attempt_at"],
                        name="notification_mail_queued",
                    ),
                ),
                migrations.AddIndex(
                    model_name="notificationmail",
                    index=models.Index(fields=["message_id"], name="notification_mail_by_message"),
                ),
                migrations.AddConstraint(
                    model_name="notificationmail",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("next_attempt_at__isnull", False), ("state", "QUEUED")),
                            models.Q(
                                models.Q(("state", "QUEUED"), _negated=True),
                                ("next_attempt_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="queued_notification_mail_has_its_next_attempt",
                    ),
                ),
                migrations.AddIndex(
                    model_name="notification",
                    index=models.Index(
                        condition=models.Q(("mail__isnull", True)),
                        fields=["due_at"],
                        name="notification_due",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="notification",
                    constraint=models.UniqueConstraint(
                        fields=("user", "kind", "subject"), name="person_is_told_of_an_event_once"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="notification",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("subject", ""), _negated=True),
                        name="notification_names_its_event",
                    ),
                ),
            ]
        ),
        migrations.RunSQL(
            [
                "GRANT SELECT, INSERT, UPDATE, DELETE ON billing_notificationchoice"
                " TO clearinghouse_partner",
                "GRANT USAGE ON SEQUENCE billing_notificationchoice_id_seq"
                " TO clearinghouse_partner",
            ],
            migrations.RunSQL.noop,
        ),
    ]

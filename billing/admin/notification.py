"""Letters to partners' people: what they were told, and what the mail server said."""

from django.contrib import admin
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from billing.models import NotificationMail
from billing.services.notification_words import line_of
from partners.admin.base import EvidenceAdmin
from partners.admin.story import Facts, Story, Table

_MOST = 200


@admin.register(NotificationMail)
class NotificationMailAdmin(EvidenceAdmin):
    list_display = ("reader", "recipient", "state_label", "attempts", "created_at")
    list_select_related = ("user__partner",)
    list_filter = (("state", ChoicesDropdownFilter),)
    search_fields = ("recipient", "user__username")
    search_help_text = "Address or user name"
    ordering = ("-created_at", "-pk")
    empty_text = (
        "People of partners are told of what concerns them by mail, as each chose in the portal."
    )

    @display(description="To")
    def reader(self, mail) -> str:
        return f"{mail.user.get_username()} of {mail.user.partner}"

    @display(
        description="State",
        label={
            "Taken by the mail server": "success",
            "QUEUED": "warning",
            "Given up": "danger",
            "Came back": "danger",
        },
    )
    def state_label(self, mail) -> str:
        return mail.get_state_display()

    def story(self, request, mail) -> Story:
        notes = mail.notifications.order_by("kind", "pk")[:_MOST]
        return Story(
            [
                Facts(
                    "The letter",
                    [
                        ("To", self.reader(mail)),
                        ("Address", mail.recipient),
                        ("Language", mail.language),
                        ("State", self.state_label(mail)),
                        ("Attempts", mail.attempts),
                        ("Next attempt", mail.next_attempt_at),
                        ("The server said", mail.last_answer),
                        ("Made", mail.created_at),
                    ],
                ),
                Table(
                    "What it told",
                    ("Kind", "What happened"),
                    [(one.get_kind_display(), line_of(one.facts)) for one in notes],
                ),
            ]
        )

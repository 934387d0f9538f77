"""What was owed to whom, in which order; send again what did not arrive."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RelatedDropdownFilter,
)
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import Question, ask, ids_named
from partners.admin.story import ActionLink, Badge, Facts, Note, Story, Table, link
from partners.admin_paging import KeysetPaging
from roaming.models import Delivery, Erasure, Sdr, WebhookSubscription
from roaming.services import message_replays

MOST_AT_ONCE = 100
_TONES = {"confirmed": "success", "given up": "danger", "failing": "warning", "waiting": "info"}


class DeliveryStateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("waiting", "waiting"),
            ("failing", "failing: tried and not taken"),
            ("dead", "given up"),
            ("confirmed", "confirmed"),
        ]

    def queryset(self, request, queryset):
        is_open = {"confirmed_at__isnull": True, "dead_at__isnull": True}
        match self.value():
            case "waiting":
                return queryset.filter(attempts=0, **is_open)
            case "failing":
                return queryset.filter(attempts__gt=0, **is_open)
            case "dead":
                return queryset.filter(dead_at__isnull=False)
            case "confirmed":
                return queryset.filter(confirmed_at__isnull=False)
        return queryset


@admin.register(Delivery)
class DeliveryAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "kind",
        "receiver",
        "number",
        "state",
        "attempts",
        "last_error",
        "created_at",
    )
    empty_text = "A valid record is owed to its home-CSP; the duty appears here."
    list_select_related = ("receiver",)
    list_filter = (
        DeliveryStateFilter,
        ("kind", ChoicesDropdownFilter),
        ("receiver", RelatedDropdownFilter),
    )
    actions = ("send_again",)

    def get_urls(self):
        again = path(
            "again/", self.admin_site.admin_view(self.again_view), name="roaming_delivery_again"
        )
        return [again, *super().get_urls()]

    def has_send_permission(self, request) -> bool:
        return request.user.has_perm("roaming.change_delivery")

    @display(description="No.", empty_value="not yet numbered")
    def number(self, delivery) -> int | None:
        return delivery.sequence

    @display(description="State", label=_TONES)
    def state(self, delivery) -> str:
        """Waiting is also what a party without a webhook has not confirmed."""
        if delivery.confirmed_at:
            return "confirmed"
        if delivery.dead_at:
            return "given up"
        return "failing" if delivery.attempts else "waiting"

    def story(self, request, obj) -> Story:
        state = self.state(obj)
        subject = Sdr.objects.filter(pk=obj.subject_id).first() if "SDR" in obj.kind else None
        facts = Facts(
            "",
            [
                ("State", Badge(state, _TONES[state])),
                ("Message", obj.get_kind_display()),
                ("Receiver", link(obj.receiver)),
                ("Number", obj.sequence or "not yet numbered"),
                ("About", link(subject) if subject else obj.subject_id),
                ("Failed attempts", obj.attempts or None),
                ("Last error", obj.last_error),
                ("Next attempt", obj.next_attempt_at),
                ("Owed since", obj.created_at),
                ("Confirmed", obj.confirmed_at),
                ("Given up", obj.dead_at),
            ],
        )
        actions = []
        if self.has_send_permission(request) and obj.sequence:
            url = f"{reverse('admin:roaming_delivery_again')}?ids={obj.pk}"
            actions.append(ActionLink("Send again…", url))
        return Story([facts, *_way(obj)], actions)

    @admin.action(description="Send again…", permissions=["send"])
    def send_again(self, request, queryset):
        ids = ",".join(str(pk) for pk in queryset.values_list("pk", flat=True)[:MOST_AT_ONCE])
        return HttpResponseRedirect(f"{reverse('admin:roaming_delivery_again')}?ids={ids}")

    def again_view(self, request):
        """The messages and the question whether to send them again."""
        if not self.has_send_permission(request):
            raise PermissionDenied
        numbered = Delivery.objects.filter(
            pk__in=ids_named(request, most=MOST_AT_ONCE), sequence__isnull=False
        )
        found = list(numbered.select_related("receiver").order_by("receiver", "sequence"))
        table = Table(
            "",
            ("Message", "Receiver", "No.", "State", "Last error"),
            [
                (
                    one.get_kind_display(),
                    one.receiver.code,
                    str(one.sequence),
                    Badge(self.state(one), _TONES[self.state(one)]),
                    one.last_error,
                )
                for one in found
            ],
            frozenset({2}),
            empty="None of these messages has a number yet; they are sent by themselves.",
        )
        return ask(
            request,
            self,
            None,
            Question(
                title=f"Send {len(found)} message{'' if len(found) == 1 else 's'} again?",
                sentence="They are pushed within a minute, from their first attempt on, under the"
                " same number: the receiver knows them again. A party that pulls sees them as"
                " not confirmed.",
                button="Send again",
                effect=[table],
                is_possible=bool(found),
                act=partial(_sent_again, request, found),
            ),
            back_url=reverse("admin:roaming_delivery_changelist"),
        )


def _way(delivery: Delivery):
    if not WebhookSubscription.objects.filter(party=delivery.receiver_id).exists():
        yield Note("This party has no webhook: it pulls its messages and confirms them.")


def _sent_again(request, found: list[Delivery], answers) -> str:
    message_replays.send_again(
        found,
        actor=request.user.get_username(),
        now=timezone.now(),
        reason=answers["reason"],
    )
    return f"{len(found)} message{' is' if len(found) == 1 else 's are'} due again."


@admin.register(Erasure)
class ErasureAdmin(KeysetPaging, EvidenceAdmin):
    """Deleted personal data: what, when, by whom, on what ground."""

    list_display = ("erased_at", "actor", "ground", "rows")
    empty_text = "Nothing was erased. Requests of drivers are answered by the erasure service."

"""Where parties' messages are pushed. A secret is told once, when it is made, and never again."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import BooleanRadioFilter, RelatedDropdownFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import BAD, GOOD, WARN, ActionLink, Badge, Facts, Note, Story, Text, link
from partners.services import audit
from roaming.models import Delivery, WebhookSubscription
from roaming.services import subscriptions


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(EvidenceAdmin):
    list_display = ("party", "url", "health", "failing_since", "created_at")
    list_select_related = ("party",)
    list_filter = (("is_active", BooleanRadioFilter), ("party", RelatedDropdownFilter))
    ordering = ("party",)
    empty_text = "A partner's system sets its webhook by API; without one it pulls its messages."

    def get_urls(self):
        rotate = path(
            "<uuid:party_id>/rotate/",
            self.admin_site.admin_view(self.rotate_view),
            name="roaming_webhooksubscription_rotate",
        )
        return [rotate, *super().get_urls()]

    def name_of(self, obj) -> str:
        return f"Webhook of {obj.party.code}"

    @display(description="Health", label={"reached": "success", "failing": "danger", "off": ""})
    def health(self, webhook) -> str:
        if not webhook.is_active:
            return "off"
        return "failing" if webhook.failing_since else "reached"

    def story(self, request, obj) -> Story:
        tone = BAD if obj.failing_since else GOOD
        owed = Delivery.objects.filter(
            receiver=obj.party, sequence__isnull=False, confirmed_at__isnull=True
        )
        dead = owed.filter(dead_at__isnull=False)[:1000].count()
        waiting = owed.filter(dead_at__isnull=True)[:1000].count()
        facts = Facts(
            "",
            [
                ("Party", link(obj.party)),
                ("Address", obj.url),
                ("Health", Badge(self.health(obj), tone)),
                ("Failing since", obj.failing_since),
                ("Not yet confirmed", f"{waiting:,}{' or more' if waiting == 1000 else ''}"),
                ("Given up", f"{dead:,}{' or more' if dead == 1000 else ''}"),
                ("Secret", "kept encrypted, shown to nobody"),
                ("Set up", obj.created_at),
            ],
        )
        links = [
            ActionLink(
                "Its messages",
                reverse("admin:roaming_delivery_changelist")
                + f"?receiver__id__exact={obj.party_id}",
            )
        ]
        if request.user.has_perm("roaming.change_webhooksubscription"):
            url = reverse("admin:roaming_webhooksubscription_rotate", args=[obj.pk])
            links.append(ActionLink("Make a new secret…", url, is_dangerous=True))
        return Story([facts], links)

    def rotate_view(self, request, party_id):
        webhook = self.get_object(request, str(party_id))
        if not request.user.has_perm("roaming.change_webhooksubscription"):
            raise PermissionDenied
        if webhook is None:
            raise Http404
        return ask(
            request,
            self,
            webhook,
            Question(
                title=f"Make a new secret for {webhook.party.code}?",
                sentence="The old one ends at once: until the partner's system knows the new one,"
                " it cannot verify what it is sent. The new one is shown once, on the next page.",
                button="Make a new secret",
                is_dangerous=True,
                act=partial(self._rotate, request, webhook),
            ),
        )

    def _rotate(self, request, webhook: WebhookSubscription, answers):
        now = timezone.now()
        try:
            secret = subscriptions.rotate(webhook.party, former_holds=False, now=now)
        except WebhookSubscription.DoesNotExist as ended:
            raise NotPossible("The partner took its webhook away meanwhile.") from ended
        audit.record(
            "webhook.secret_rotated",
            webhook,
            actor=request.user.get_username(),
            at=now,
            reason=answers["reason"],
        )
        told = "Hand it over by a safe way. It is not kept in the clear and never shown again."
        story = Story([Note(told, WARN, "The new secret, shown this once"), Text("Secret", secret)])
        response = self.tell(request, webhook, story)
        response["Cache-Control"] = "no-store"
        return response

"""The hold queue: why a record waits, how long, what it is worth, and who looks after it."""

from datetime import datetime
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import CharField, Exists, F, OuterRef
from django.db.models.functions import Cast
from django.http import HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.timesince import timesince
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.people import decided_at
from partners.admin.story import ActionLink, Story
from partners.admin_paging import UncountedChangeList
from partners.models import Approval, User
from roaming.admin import hold_files, hold_questions, hold_story, story
from roaming.admin.hold_filters import FILTERS
from roaming.models import Hold, Sdr
from roaming.services import holds


def may_work(user: User) -> bool:
    return user.has_perm("roaming.change_hold")


def queue(now: datetime):
    """The queue with whether a second person is asked for."""
    asked = Approval.objects.filter(
        verb=holds.RELEASE_VERB,
        object_type="sdr",
        object_id=Cast(OuterRef("id"), CharField()),
        state=Approval.State.REQUESTED,
        expires_at__gt=now,
    )
    held = holds.queue().annotate(is_asked_for=Exists(asked), record_id=F("id"))
    return held.select_related("seller", "buyer", "agreement", "sender")


@admin.register(Hold)
class HoldAdmin(EvidenceAdmin):
    list_display = (
        "record",
        "reasons",
        "sender_name",
        "sides",
        "claim",
        "age",
        "expiry",
        "owner",
        "next_step",
    )
    list_filter = FILTERS
    search_fields = ("sdr_id",)
    search_help_text = "SDR id"
    empty_text = "Nothing waits: records come here when a rule asks for a person or for a fact."
    actions = ("take", "give", "check_again", "release", "reject", "download")
    change_list_template = "admin/roaming/hold/change_list.html"

    def get_changelist(self, request, **kwargs):
        return UncountedChangeList

    def get_queryset(self, request):
        # The list reads state rows as the queue annotates them; their ids are those of the holds.
        return queue(timezone.now())

    def get_ordering(self, request):
        return ("held_at",)

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()
        return (queryset.filter(sdr_id=term) if term else queryset), False

    def get_object(self, request, object_id, from_field=None):
        try:
            return queue(timezone.now()).filter(pk=UUID(str(object_id))).first()
        except ValueError:
            return None

    def name_of(self, obj) -> str:
        return f"Hold of {obj.sdr_id or obj.pk}"

    def has_work_permission(self, request) -> bool:
        return may_work(request.user)

    def get_urls(self):
        pages = [
            path(f"{name}/", self._page(view), name=f"roaming_hold_{name}")
            for name, view in hold_questions.PAGES.items()
        ]
        decide = path(
            "<uuid:approval_id>/decide/<str:word>/",
            self._page(hold_questions.decide),
            name="roaming_hold_decide",
        )
        files = [
            path("download/", self._page(hold_files.download_listed), name="roaming_hold_download"),
            path("upload/", self._page(hold_files.upload), name="roaming_hold_upload"),
            path(
                "corrections/<uuid:job_id>/",
                self._page(hold_files.apply),
                name="roaming_hold_apply",
            ),
        ]
        return [*pages, *files, decide, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        more = {"may_work": may_work(request.user)}
        return super().changelist_view(request, {**(extra_context or {}), **more})

    def _page(self, view):
        def answer(request, **kwargs):
            return view(request, self, **kwargs)

        return self.admin_site.admin_view(answer)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """A record that has left the queue is told by its own page."""
        is_over = self.get_object(request, object_id) is None
        if is_over and self.has_view_permission(request) and _is_a_record(object_id):
            messages.info(request, "This record is not held any more.")
            return HttpResponseRedirect(reverse("admin:roaming_sdr_change", args=[object_id]))
        return super().change_view(request, object_id, form_url, extra_context)

    def story(self, request, obj) -> Story:
        now = timezone.now()
        return Story(hold_story.of(obj, user=request.user, now=now), self._actions(request, obj))

    def _actions(self, request, obj) -> list[ActionLink]:
        links = [ActionLink("The whole record", reverse("admin:roaming_sdr_change", args=[obj.pk]))]
        approval = hold_story.open_request(obj, now=timezone.now())
        links += hold_questions.decision_links(approval, user=request.user)
        if may_work(request.user):
            links += hold_questions.links_for(obj, approval, user=request.user)
        return links

    @display(description="SDR", ordering="sdr_id")
    def record(self, state) -> str:
        return state.sdr_id or "without an id"

    @display(description="Reason", ordering="codes")
    def reasons(self, state) -> str:
        return story.codes_in_words(state.codes)

    @display(description="Sender", ordering="sender__name")
    def sender_name(self, state) -> str:
        return state.sender.name

    @display(description="Seller → buyer")
    def sides(self, state) -> str:
        return f"{state.seller.code if state.seller else '?'} → " + (
            state.buyer.code if state.buyer else "unknown"
        )

    @display(description="Claim", ordering="claim_amount")
    def claim(self, state) -> str:
        return story.claim(state)

    @display(description="Held for", ordering="held_at")
    def age(self, state) -> str:
        return timesince(state.held_at, depth=1)

    @display(description="Rejected", ordering="expires_at")
    def expiry(self, state) -> str:
        return story.expiry(state.expires_at, now=timezone.now())

    @display(description="Owner", ordering="owner_name")
    def owner(self, state) -> str:
        return state.owner_name or "nobody"

    @display(
        description="Waits for",
        label={"second person": "warning", "missing data": "info", "a person": ""},
    )
    def next_step(self, state) -> str:
        if state.is_asked_for:
            return "second person"
        # Without a code matching or ageing holds it, which no fact heals.
        heals = bool(state.codes) and holds.HEALING_CODES.issuperset(state.codes)
        return "missing data" if heals else "a person"

    @admin.action(description="Take: I look after them", permissions=["work"])
    def take(self, request, queryset):
        return hold_questions.lead_to("take", queryset)

    @admin.action(description="Give to…", permissions=["work"])
    def give(self, request, queryset):
        return hold_questions.lead_to("give", queryset)

    @admin.action(description="Check again now…", permissions=["work"])
    def check_again(self, request, queryset):
        return hold_questions.lead_to("check", queryset)

    @admin.action(description="Release…", permissions=["work"])
    def release(self, request, queryset):
        return hold_questions.lead_to("release", queryset)

    @admin.action(description="Reject…", permissions=["work"])
    def reject(self, request, queryset):
        return hold_questions.lead_to("reject", queryset)

    @admin.action(description="Download to correct", permissions=["work"])
    def download(self, request, queryset):
        return hold_files.download(request, queryset)


def _is_a_record(object_id: str) -> bool:
    try:
        return Sdr.objects.filter(pk=UUID(str(object_id))).exists()
    except ValueError:
        return False


decided_at("sdr", "admin:roaming_hold_change")

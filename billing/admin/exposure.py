"""Exposure: what partners may owe against their limit, what blocks them, and who lifted it."""

from functools import partial

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.cover_booking import may_book
from billing.admin.figures import rows_url
from billing.models import Account, ExposureBlock, ExposureReading
from billing.services import exposure
from billing.services.exposure import AlreadyBlocked
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import (
    BAD,
    WARN,
    ActionLink,
    Badge,
    Facts,
    Figure,
    Figures,
    Note,
    Story,
    Table,
    link,
)
from partners.admin_paging import KeysetPaging
from partners.services import audit

LEVEL_TONES = {"FREE": "success", "WARNED": "warning", "BLOCKED": "danger"}
_PARTS = {
    "cleared": "Bought in windows that are not issued yet",
    "unpaid": "Issued and not paid, VAT and fees included",
    "waiting": "Accepted or delivered, not cleared",
    "received": "Half of what is held or in validation",
    "cap": "Cap of the contract",
    "prefund": "Prefund paid in",
    "deposit": "Guarantee deposit",
}
_OWED = ("cleared", "unpaid", "waiting", "received")


@admin.register(ExposureReading)
class ExposureReadingAdmin(KeysetPaging, EvidenceAdmin):
    """The newest reading of each partner; older ones are reached by the partner's filter."""

    list_display = ("partner", "group", "level_label", "exposed", "limit", "used", "read_at")
    list_select_related = ("partner", "group")
    list_filter = (
        ("level", ChoicesDropdownFilter),
        ("group", RelatedDropdownFilter),
        ("partner", RelatedDropdownFilter),
    )
    empty_text = "Exposures are read every hour, before clearing."

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        if request.GET.get("partner__id__exact") or request.resolver_match.kwargs:
            return rows
        newer = ExposureReading.objects.filter(
            group=OuterRef("group"), partner=OuterRef("partner"), read_at__gt=OuterRef("read_at")
        )
        return rows.filter(~Exists(newer))

    def get_urls(self):
        block = path(
            "<uuid:reading_id>/block/",
            self.admin_site.admin_view(self.block_view),
            name="billing_exposurereading_block",
        )
        return [block, *super().get_urls()]

    def block_view(self, request, reading_id):
        """Let what the partner buys wait, with a reason, whatever its limit says."""
        if not may_lift(request):
            raise PermissionDenied
        reading = self.get_object(request, str(reading_id))
        if reading is None:
            raise Http404
        is_blocked = exposure.open_block(reading) is not None
        question = Question(
            title=f"Let {reading.partner}'s purchases wait?",
            sentence="Records that it buys stay accepted and are not cleared, until somebody lifts"
            " the block: readings of its exposure do not.",
            button="Block",
            effect=[Note("It is blocked already.", tone=WARN)] if is_blocked else [],
            is_possible=not is_blocked,
            is_dangerous=True,
            act=partial(_block, request, reading),
        )
        return ask(request, self, reading, question)

    @display(description="Level", label=LEVEL_TONES)
    def level_label(self, row) -> str:
        return row.level

    @display(description="Exposure")
    def exposed(self, row) -> str:
        return amount(row.exposure_minor, row.group.currency)

    @display(description="Limit")
    def limit(self, row) -> str:
        if row.limit_minor is None:
            return "no cap agreed"
        return amount(row.limit_minor, row.group.currency)

    @display(description="Used")
    def used(self, row) -> str:
        if not row.limit_minor:
            return "—"
        return f"{row.exposure_minor * 100 // row.limit_minor} %"

    def name_of(self, row) -> str:
        return f"{row.partner} in {row.group}"

    def story(self, request, obj) -> Story:
        currency = obj.group.currency
        block = exposure.open_block(obj)
        owed = [
            (told, amount(obj.parts.get(name, 0), currency))
            for name, told in _PARTS.items()
            if name in _OWED
        ]
        limit = [
            (told, amount(obj.parts.get(name), currency))
            for name, told in _PARTS.items()
            if name not in _OWED
        ]
        numeric = frozenset({1})
        return Story(
            [
                *(_told(block) if block else ()),
                Figures(
                    [
                        Figure("Level", Badge(obj.level, LEVEL_TONES[obj.level])),
                        Figure("Exposure", self.exposed(obj)),
                        Figure("Limit", self.limit(obj)),
                        Figure("Used", self.used(obj)),
                    ]
                ),
                Table("What it may come to owe", ("Part", "Amount"), owed, numeric),
                Table("What it may owe at most", ("Part", "Amount"), limit, numeric),
                Facts(
                    "Reading",
                    [
                        ("Partner", link(obj.partner)),
                        ("Group", link(obj.group)),
                        ("Read", obj.read_at),
                        ("Environment", obj.environment),
                    ],
                ),
            ],
            [
                *([_lift_link(block)] if block and may_lift(request) else []),
                *([_block_link(obj)] if not block and may_lift(request) else []),
                *([_cover_link()] if may_book(request) else []),
                ActionLink(
                    "Cover accounts",
                    rows_url(Account, partner__id__exact=obj.partner_id, code__startswith="24"),
                ),
                ActionLink(
                    "All readings", rows_url(ExposureReading, partner__id__exact=obj.partner_id)
                ),
            ],
        )


@admin.register(ExposureBlock)
class ExposureBlockAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("partner", "group", "state_label", "blocked_at", "lifted_at", "lifted_by")
    list_select_related = ("partner", "group", "reading")
    list_filter = (("partner", RelatedDropdownFilter), ("group", RelatedDropdownFilter))
    empty_text = "No partner was ever at its limit."

    def get_urls(self):
        lift = path(
            "<uuid:block_id>/lift/",
            self.admin_site.admin_view(self.lift_view),
            name="billing_exposureblock_lift",
        )
        return [lift, *super().get_urls()]

    @display(description="State", label={"BLOCKED": "danger", "LIFTED": ""})
    def state_label(self, row) -> str:
        return "LIFTED" if row.lifted_at else "BLOCKED"

    def story(self, request, obj) -> Story:
        is_open = obj.lifted_at is None
        return Story(
            [
                *(_told(obj) if is_open else ()),
                Facts(
                    "Block",
                    [
                        ("Partner", link(obj.partner)),
                        ("Group", link(obj.group)),
                        ("Reading", link(obj.reading, "what was read")),
                        ("Blocked", obj.blocked_at),
                        ("Blocked by", obj.blocked_by or "a reading at the limit"),
                        ("Because", obj.block_reason),
                        ("Lifted", obj.lifted_at),
                        ("Lifted by", obj.lifted_by),
                        ("Why", obj.lift_reason),
                    ],
                ),
            ],
            [_lift_link(obj)] if is_open and may_lift(request) else [],
        )

    def lift_view(self, request, block_id):
        """Let the records be cleared again, with a reason; the next reading may block anew."""
        if not may_lift(request):
            raise PermissionDenied
        block = self.get_object(request, str(block_id))
        if block is None:
            raise Http404
        is_open = block.lifted_at is None
        question = Question(
            title=f"Let {block.partner}'s purchases be cleared again?",
            sentence="Its waiting records are cleared with the next run. If it is at its limit,"
            " the next reading blocks it anew: raise the cap or book cover to keep it free.",
            button="Lift the block",
            effect=[] if is_open else [Note("It is lifted already.", tone=WARN)],
            is_possible=is_open,
            is_dangerous=True,
            act=partial(_lift, request, block),
        )
        return ask(request, self, block, question)


def may_lift(request) -> bool:
    return request.user.has_perm("billing.change_exposureblock")


def _lift_link(block: ExposureBlock) -> ActionLink:
    url = reverse("admin:billing_exposureblock_lift", args=[block.pk])
    return ActionLink("Lift the block…", url, is_dangerous=True)


def _block_link(reading: ExposureReading) -> ActionLink:
    url = reverse("admin:billing_exposurereading_block", args=[reading.pk])
    return ActionLink("Block by hand…", url, is_dangerous=True)


def _cover_link() -> ActionLink:
    return ActionLink("Book cover…", reverse("admin:billing_coverbooking_ask"))


def _told(block: ExposureBlock) -> list[Note]:
    if block.blocked_by:
        text = (
            f"{block.blocked_by} blocked it: “{block.block_reason}” Records that it buys stay"
            " accepted and wait until somebody lifts the block."
        )
        return [Note(text, tone=BAD, title="Blocked by hand")]
    text = (
        f"Blocked since {timezone.localtime(block.blocked_at):%-d %b %Y, %H:%M}: records that it"
        " buys stay accepted and wait. Book cover that came in, raise its cap, or lift the block."
    )
    return [Note(text, tone=BAD, title="Its limit is reached")]


def _block(request, reading: ExposureReading, answers) -> str:
    now, who = timezone.now(), request.user.get_username()
    try:
        with transaction.atomic():
            block = exposure.block_by_hand(reading, by=who, reason=answers["reason"], now=now)
            audit.record("exposure.blocked", block, actor=who, at=now, reason=answers["reason"])
    except AlreadyBlocked as error:
        raise NotPossible(str(error)) from error
    return "Blocked. What it buys from now on waits, accepted."


def _lift(request, block: ExposureBlock, answers) -> str:
    now, who = timezone.now(), request.user.get_username()
    with transaction.atomic():
        exposure.lift(block, by=who, reason=answers["reason"], now=now)
        audit.record("exposure.lifted", block, actor=who, at=now, reason=answers["reason"])
    return "Lifted. What waited is cleared with the next run."

"""Tariffs for staff: what was published, what counts for whom, and which increases wait."""

from django.contrib import admin
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.party import ENVIRONMENT_TONES
from partners.admin.story import BAD, GOOD, INFO, WARN, Badge, Facts, Note, Story, Table, Text, link
from partners.admin_paging import KeysetPaging
from roaming.admin.rating import told_component
from roaming.models import Tariff, TariffNotice, TariffVersion
from roaming.rules.rating.stored import ExactEncoder

_STATE_TONES = {"COUNTS": "success", "WAITING": "warning", "REFUSED": "danger"}
_BADGES = {"COUNTS": GOOD, "WAITING": WARN, "REFUSED": BAD}


@admin.register(Tariff)
class TariffAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("tariff_id", "seller", "currency", "environment_label")
    list_select_related = ("seller",)
    list_filter = (("seller", RelatedDropdownFilter), ("environment", ChoicesDropdownFilter))
    search_fields = ("tariff_id",)
    search_help_text = "Part of the tariff id"
    empty_text = "Sellers publish their tariffs by the API."

    @display(description="Environment", label=ENVIRONMENT_TONES)
    def environment_label(self, tariff) -> str:
        return tariff.environment

    def story(self, request, obj) -> Story:
        versions = list(obj.versions.order_by("-version"))
        notices = TariffNotice.objects.filter(version__tariff=obj).select_related(
            "version__tariff", "buyer"
        )
        facts = Facts(
            "",
            [
                ("Seller", link(obj.seller)),
                ("Currency", obj.currency),
                ("Environment", obj.environment),
            ],
        )
        sections: list[object] = [facts, _versions(versions), _notices(notices.order_by("-id"))]
        if versions:
            newest = versions[0]
            body = ExactEncoder().encode(newest.content)
            sections.append(Text(f"Version {newest.version} as published", body))
        return Story(sections)


@admin.register(TariffNotice)
class TariffNoticeAdmin(KeysetPaging, EvidenceAdmin):
    list_display = (
        "tariff_version",
        "buyer",
        "state_label",
        "increase",
        "told_at",
        "counts_from_at",
    )
    list_select_related = ("version__tariff", "buyer")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("buyer", RelatedDropdownFilter),
        ("version__tariff__seller", RelatedDropdownFilter),
    )
    empty_text = "A notice is written for each buyer when its seller publishes a tariff."

    @display(description="Tariff")
    def tariff_version(self, notice) -> str:
        return str(notice.version)

    @display(description="State", label=_STATE_TONES)
    def state_label(self, notice) -> str:
        return notice.state

    @display(description="Increase")
    def increase(self, notice) -> str:
        # No tick and cross: a price that goes up is not the good case.
        return "yes" if notice.is_increase else "no"

    def name_of(self, notice) -> str:
        return f"{notice.version} for {notice.buyer}"

    def story(self, request, obj) -> Story:
        version = obj.version
        facts = Facts(
            "",
            [
                ("Tariff", link(version.tariff)),
                ("Version", version.version),
                ("Buyer", link(obj.buyer)),
                ("State", Badge(obj.state, _BADGES[obj.state])),
                ("Meant to hold from", version.valid_from_at),
                ("Told", obj.told_at),
                ("Notice ends", obj.notice_ends_at),
                ("Counts from", obj.counts_from_at),
                ("Answered", obj.answered_at),
                ("Answered by", obj.answered_by),
                ("Reason", obj.reason),
            ],
        )
        return Story([*_what_next(obj), facts, *_effect(obj)])


def _what_next(notice: TariffNotice):
    if notice.state != TariffNotice.State.COUNTS and timezone.now() < notice.notice_ends_at:
        yield Note(
            "The old version counts until the notice has run, or until the buyer consents, by the"
            " API or on the portal. Records claimed at the new price are held (V502) and go on by"
            " themselves then.",
            INFO,
        )


def _effect(notice: TariffNotice):
    """Prices before and after, and last month by both."""
    told = notice.effect
    rows = [
        (word, told_component(one["component"]), one["price"], one["unit"])
        for word, key in (("old", "old_prices"), ("new", "new_prices"))
        for one in told.get(key, ())
    ]
    currency = told.get("currency", "")
    headers = ("Version", "Component", f"Price in {currency}", "Per")
    yield Table("What the buyer was told", headers, rows, frozenset({2}))
    if "records" in told:
        sample = "the newest ones of that month" if told.get("is_sample") else ""
        yield Facts(
            f"The records of {told['month']} by both versions",
            [
                ("Records", told["records"]),
                ("By the old version", f"{told['old_amount']} {currency}"),
                ("By the new version", f"{told['new_amount']} {currency}"),
                ("Difference per record", told.get("average_difference", "")),
                ("Difference in percent", told.get("difference_percent", "")),
                ("Taken from", sample),
            ],
        )


def _versions(versions: list[TariffVersion]) -> Table:
    rows = [
        (
            one.version,
            one.published_at,
            one.valid_from_at,
            Badge("cannot be used", BAD) if one.unusable_reason else Badge("usable", GOOD),
            one.unusable_reason,
        )
        for one in versions
    ]
    headers = ("Version", "Published", "Valid from", "State", "Why not")
    return Table("Versions", headers, rows, frozenset({0}), empty="None is published yet.")


def _notices(notices) -> Table:
    rows = [
        (
            link(one, f"Version {one.version.version}"),
            one.buyer.code,
            Badge(one.state, _BADGES[one.state]),
            "yes" if one.is_increase else "no",
            one.counts_from_at,
        )
        for one in notices[:200]
    ]
    headers = ("Notice", "Buyer", "State", "Increase", "Counts from")
    return Table("What the buyers were told", headers, rows, empty="Nobody was told yet.")

"""Offers of agreements between partners, for staff to read: the two sides alone answer them."""

from django.contrib import admin
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from partners.admin.base import EvidenceAdmin
from partners.admin.story import Facts, Story
from partners.models import AgreementOffer
from partners.rules.offers import standing

_TONES = {
    "Waits for an answer": "warning",
    "Accepted": "success",
    "Declined": "danger",
    "Ran out": "info",
}


@admin.register(AgreementOffer)
class AgreementOfferAdmin(EvidenceAdmin):
    list_display = ("offered_by", "offered_to", "sells", "stands", "starts_at", "made_at")
    list_select_related = ("maker", "taker", "group", "base", "agreement", "counter")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("maker", RelatedDropdownFilter),
        ("taker", RelatedDropdownFilter),
    )
    search_fields = ("maker__name", "taker__name", "taker_code")
    search_help_text = "Either side, or the code that was written"
    ordering = ("-made_at", "-pk")
    empty_text = "Partners offer each other agreements in the portal; each offer stands here."

    @display(description="Offered by")
    def offered_by(self, offer) -> str:
        return f"{offer.maker.name} {offer.maker}"

    @display(description="Offered to")
    def offered_to(self, offer) -> str:
        if offer.taker is None:
            return f"{offer.taker_code} {offer.taker_role}, which nobody here has"
        return f"{offer.taker.name} {offer.taker}"

    @display(description="Its maker")
    def sells(self, offer) -> str:
        return "sells" if offer.maker_sells else "buys"

    @display(description="Stands", label=_TONES)
    def stands(self, offer) -> str:
        state = standing(offer.state, expires_at=offer.expires_at, now=timezone.now())
        return str(AgreementOffer.State(state).label)

    def story(self, request, offer) -> Story:
        return Story(
            [
                Facts(
                    "The offer",
                    [
                        ("Offered by", self.offered_by(offer)),
                        ("Offered to", self.offered_to(offer)),
                        ("Its maker", self.sells(offer)),
                        ("By", offer.made_by),
                        ("Made", offer.made_at),
                        ("Runs out", offer.expires_at),
                        ("A word to the other side", offer.note),
                        ("Follows", offer.base),
                    ],
                ),
                Facts(
                    "How it stands",
                    [
                        ("Stands", self.stands(offer)),
                        ("Decided by", offer.decided_by),
                        ("Decided", offer.decided_at),
                        ("Why", offer.reason),
                        ("Agreement", offer.agreement),
                        ("Counter-offer", offer.counter),
                    ],
                ),
                Facts(
                    "Terms",
                    [
                        ("Environment", offer.environment),
                        ("Mode", offer.get_mode_display()),
                        ("Service", offer.service_class),
                        ("Settlement group", offer.group),
                        ("Price basis", offer.price_basis),
                        ("Price reduction", f"{(offer.reduction * 100).normalize():f} %"),
                        ("Acceptance", offer.get_acceptance_display()),
                        ("Days", offer.acceptance_days),
                        ("Noted as late after days", offer.warn_after_days),
                        ("Refused after days", offer.refuse_after_days),
                        ("Announcing an increase, days", offer.tariff_notice_days),
                        ("From", offer.starts_at),
                        ("Until", offer.ends_at or "open"),
                    ],
                ),
            ]
        )

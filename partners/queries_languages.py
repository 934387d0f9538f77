"""In which language letters to a person or a company are written."""

from uuid import UUID

from django.conf import settings

from partners.models import PartnerFacts, User


def language_of(user: User) -> str:
    """For letters to a person, whom no browser speaks for: else that of the company's letters."""
    if user.language:
        return user.language
    return language_of_company(user.partner_id) if user.partner_id else settings.LANGUAGE_CODE


def language_of_company(partner_id: UUID) -> str:
    """The language that the company's newest facts name for its letters."""
    named = PartnerFacts.objects.filter(partner=partner_id).order_by("-starts_at")
    return named.values_list("language", flat=True).first() or settings.LANGUAGE_CODE

"""Numbers of invoices: gapless per legal issuer, type and year (finance.md 5.4)."""

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from billing.models import DocumentIssuer
from billing.rules.invoicing.drafts import issuer_code
from billing.services.invoice_contents import HOUSE_CODE
from billing.services.numbers import take_numbers
from partners.models import Partner


def issuer_codes(partners: Iterable[UUID]) -> dict[UUID, str]:
    """The code of each legal issuer; one that has none gets it now, for good."""
    wanted = set(partners)
    while True:
        known = dict(
            DocumentIssuer.objects.filter(partner__in=wanted).values_list("partner_id", "code")
        )
        missing = Partner.objects.filter(pk__in=wanted - known.keys()).order_by("pk")
        if not missing:
            return known
        taken = [*DocumentIssuer.objects.values_list("code", flat=True), HOUSE_CODE]
        for partner in missing:
            code = HOUSE_CODE if partner.is_clearing_house else issuer_code(partner.name, taken)
            taken.append(code)
            # Another transaction may give the code, or name the partner, first: look again.
            DocumentIssuer.objects.bulk_create(
                [DocumentIssuer(partner=partner, code=code)], ignore_conflicts=True
            )


def take_for(series: Iterable[str], *, year: int, environment: str) -> dict[str, list[str]]:
    """Numbers for documents, one per mention of a series; whoever takes the first goes last.

    Series are locked in the order of their names, so that no two settlements wait for each other.
    """
    return {
        name: take_numbers(name, year=year, environment=environment, count=count)
        for name, count in sorted(Counter(series).items())
    }

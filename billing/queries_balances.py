"""Balance confirmations of a partner."""

from django.db.models import OuterRef, QuerySet, Subquery

from billing.models import BalanceConfirmation, DocumentFile
from partners.models import Partner


def confirmations_of(partner: Partner, *, environment: str) -> QuerySet[BalanceConfirmation]:
    """The partner's own, each with its document and the hash of its PDF ("" not rendered yet)."""
    files = DocumentFile.objects.filter(document=OuterRef("document"), media_type="application/pdf")
    own = BalanceConfirmation.objects.filter(partner=partner, environment=environment)
    return (
        own.select_related("document")
        .defer("document__content")
        .annotate(pdf_sha256=Subquery(files.values("sha256")[:1]))
    )

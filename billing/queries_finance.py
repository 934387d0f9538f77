"""A partner's windows, positions, payments, postings and invoices: its own rows alone."""

from django.db.models import F, FilteredRelation, Q, QuerySet

from billing.models import (
    Account,
    ClearingWindow,
    Invoice,
    InvoicedSdr,
    Payment,
    Position,
    Settlement,
    Transfer,
)
from partners.models import Partner

# A payment that was only proposed is ours; it may never leave.
_NOT_YET = (Payment.State.PROPOSED, Payment.State.CANCELLED)


def windows_for(partner: Partner, *, environment: str) -> QuerySet[ClearingWindow]:
    """Windows of the groups that the partner's contracts join, and those it has a position in."""
    return (
        ClearingWindow.objects.filter(
            Q(group__contracts__partner=partner)
            | Q(settlements__positions__partner=partner, settlements__state="ISSUED"),
            environment=environment,
        )
        .select_related("group")
        .order_by("-id")
        .distinct()
    )


def positions_for(partner: Partner, *, environment: str) -> QuerySet:
    """The partner's positions in issued settlements, with the money and the statement of each.

    Annotated with ``statement_id`` and ``statement_number``.
    """
    return (
        Position.objects.filter(
            partner=partner,
            settlement__environment=environment,
            settlement__state=Settlement.State.ISSUED,
        )
        .annotate(
            own=FilteredRelation(
                "settlement__documents",
                condition=Q(
                    settlement__documents__partner=partner,
                    settlement__documents__kind="STATEMENT",
                ),
            ),
            statement_id=F("own__id"),
            statement_number=F("own__number"),
        )
        .select_related("settlement__window__group", "money")
        .order_by("-id")
    )


def payments_for(partner: Partner, *, environment: str) -> QuerySet:
    """What was sent to the bank for the partner, newest first; with its ``execution_date``."""
    return (
        Payment.objects.filter(partner=partner, environment=environment)
        .exclude(state__in=_NOT_YET)
        # The file's bytes name other partners too.
        .annotate(execution_date=F("file__execution_date"))
        .order_by("-id")
    )


def postings_for(partner: Partner, *, environment: str) -> QuerySet[Transfer]:
    """Transfers with an account of the partner on a side, newest first."""
    own = Account.objects.filter(partner=partner, environment=environment).values("pk")
    return (
        Transfer.objects.filter(Q(debit_account__in=own) | Q(credit_account__in=own))
        .select_related("debit_account__partner", "credit_account__partner")
        .order_by("-id")
    )


def invoices_for(partner: Partner, *, environment: str) -> QuerySet[Invoice]:
    """Invoices and credit notes that the partner sold or bought by, newest first."""
    return (
        Invoice.objects.filter(Q(seller=partner) | Q(buyer=partner), environment=environment)
        .select_related("seller", "buyer", "objection")
        .prefetch_related("preceding__preceding")
        .order_by("-id")
    )


def records_of(invoice: Invoice) -> QuerySet[InvoicedSdr]:
    """What each record brings to an invoice, by record and kind."""
    return InvoicedSdr.objects.filter(invoice=invoice).order_by("sdr_id", "kind")

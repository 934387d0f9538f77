"""Tasks: invoices that we may not issue, with what to do and the XML for whoever may."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.models import IssuingBlock
from billing.services.invoice_files import offered_xml
from billing.services.invoicing import NotIssuable, issue_blocked
from clearinghouse.retry import in_transaction
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask
from partners.admin.story import WARN, ActionLink, Facts, Note, Story, link
from partners.admin_paging import KeysetPaging
from partners.services import audit


@admin.register(IssuingBlock)
class IssuingBlockAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("seller", "buyer", "gross", "code", "state", "opened_at")
    list_select_related = ("seller", "buyer", "resolved_by", "settlement__window__group")
    list_filter = (
        ("resolved_at", admin.EmptyFieldListFilter),
        ("seller", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    empty_text = "Every invoice could be issued. What we may not issue waits here with its reason."

    def get_urls(self):
        site, name = self.admin_site, "billing_issuingblock"
        return [
            path("<uuid:row_id>/issue/", site.admin_view(self.issue_view), name=f"{name}_issue"),
            path(
                "<uuid:row_id>/offered.<slug:syntax>.xml",
                site.admin_view(self.xml_view),
                name=f"{name}_xml",
            ),
            *super().get_urls(),
        ]

    @display(description="With VAT")
    def gross(self, row) -> str:
        totals = row.content["totals"]
        return amount(totals["incl_tax_minor"], row.content["currency"])

    @display(description="State", label={"waits": "warning", "resolved": "success"})
    def state(self, row) -> str:
        return "resolved" if row.resolved_at else "waits"

    def name_of(self, row) -> str:
        return f"Invoice of {row.seller} to {row.buyer}, not issued"

    def story(self, request, obj) -> Story:
        offered = [
            ActionLink(
                f"XML as {syntax.upper()}",
                reverse("admin:billing_issuingblock_xml", args=[obj.pk, syntax]),
            )
            for syntax in ("cii", "ubl")
        ]
        again = ActionLink(
            "Issue it now…", reverse("admin:billing_issuingblock_issue", args=[obj.pk])
        )
        is_open = obj.resolved_at is None
        may_issue = is_open and request.user.has_perm("billing.change_issuingblock")
        note = Note(obj.what_to_do, tone=WARN, title="What to do")
        return Story(
            [*([note] if is_open else []), _facts(obj, self.gross(obj))],
            [*([again] if may_issue else []), *offered],
        )

    def issue_view(self, request, row_id):
        """Try again: the reason may be gone."""
        row = self._row(request, row_id)
        if not request.user.has_perm("billing.change_issuingblock"):
            raise PermissionDenied

        def act(form: dict[str, object]) -> str:
            now = timezone.now()

            def issued():
                invoice = issue_blocked(row, now=now)
                audit.record(
                    "invoice.issued_after_block",
                    row,
                    actor=request.user.get_username(),
                    at=now,
                    after={"number": invoice.number, "reason": form["reason"]},
                )
                return invoice

            try:
                invoice = in_transaction(issued)
            except NotIssuable as error:
                raise NotPossible(str(error)) from error
            return f"Issued as {invoice.number}. Its files are made within some minutes."

        question = Question(
            title="Issue this invoice now?",
            sentence="It takes the next number of its series and the date of today.",
            button="Issue it",
            act=act,
            effect=[_facts(row, self.gross(row))],
            is_possible=row.resolved_at is None,
        )
        return ask(request, self, row, question)

    def xml_view(self, request, row_id, syntax):
        """The document without a number, for whoever may issue it."""
        row = self._row(request, row_id)
        if syntax not in ("cii", "ubl"):
            raise Http404("there is no such syntax")
        audit.record(
            "issuing_block.offered",
            row,
            actor=request.user.get_username(),
            at=timezone.now(),
            after={"syntax": syntax},
        )
        xml = offered_xml(row, syntax="CII" if syntax == "cii" else "UBL")
        return HttpResponse(
            xml,
            content_type="application/xml",
            headers={
                "Content-Disposition": f'attachment; filename="draft-{row.pk}.{syntax}.xml"',
                "Cache-Control": "private, no-store",
            },
        )

    def _row(self, request, row_id) -> IssuingBlock:
        if not self.has_view_permission(request):
            raise PermissionDenied
        row = self.get_queryset(request).filter(pk=row_id).first()
        if row is None:
            raise Http404("there is no such block")
        return row


def _facts(row: IssuingBlock, gross: str) -> Facts:
    return Facts(
        "Not issued",
        [
            ("Seller", link(row.seller)),
            ("Buyer", link(row.buyer)),
            ("With VAT", gross),
            ("Reason", row.code),
            ("Settlement", link(row.settlement, name_of(row.settlement.window))),
            ("Since", row.opened_at),
            (
                "Resolved by",
                link(row.resolved_by, row.resolved_by.number) if row.resolved_by else None,
            ),
            ("Environment", row.environment),
        ],
    )

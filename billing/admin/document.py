"""Documents and their files: what was handed out first is what is always handed out."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.admin.package import PackagePages
from billing.models import Document, DocumentFile
from billing.services import annex_job
from billing.services.annex_files import MEDIA_TYPES, make_annex
from billing.stored_files import stream
from partners.admin.base import EvidenceAdmin
from partners.admin.story import ActionLink, Facts, Figure, Figures, Note, Story, Table, link
from partners.admin_paging import KeysetPaging
from partners.services import audit
from partners.tasks import wake_worker

# What is settled record by record, and can list them.
_WITH_RECORDS = {Document.Kind.STATEMENT, Document.Kind.PROVISIONAL}
_SUFFIXES = {"application/pdf": ".pdf", "text/csv": ".csv", "application/xml": ".xml"}


@admin.register(Document)
class DocumentAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("number", "kind", "partner", "about", "issued_at", "environment")
    list_select_related = ("partner", "settlement__window__group")
    empty_text = "Statements are issued when a window closes."
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("partner", RelatedDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    search_fields = ("=number",)
    search_help_text = "Exact number"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("content")

    def get_urls(self):
        download = path(
            "files/<uuid:file_id>/",
            self.admin_site.admin_view(self.download_view),
            name="billing_documentfile_download",
        )
        annex = path(
            "<uuid:document_id>/annex.<slug:kind>",
            self.admin_site.admin_view(self.annex_view),
            name="billing_document_annex",
        )
        return [download, annex, *PackagePages(self).urls(), *super().get_urls()]

    @display(description="Kind")
    def kind(self, document) -> str:
        return document.get_kind_display()

    @display(description="About")
    def about(self, document) -> str:
        return name_of(document.settlement.window) if document.settlement else ""

    def story(self, request, obj) -> Story:
        files = list(obj.files.defer("content").order_by("media_type"))
        actions = [
            ActionLink(
                f"Download {_file_name(file)}",
                reverse("admin:billing_documentfile_download", args=[file.pk]),
            )
            for file in files
        ]
        if obj.kind in _WITH_RECORDS:
            actions += [
                ActionLink(
                    f"Records as {kind.upper()}",
                    reverse("admin:billing_document_annex", args=[obj.pk, kind]),
                )
                for kind in MEDIA_TYPES
            ]
        missing = [Note("Its file is being rendered; come back in a minute.")] if not files else []
        table = Table(
            "Files",
            ("File", "Size", "Rendered", "SHA-256"),
            [
                (
                    _file_name(f),
                    f"{f.size_bytes:,} bytes",
                    f"{f.rendered_at:%Y-%m-%d %H:%M} UTC",
                    f.sha256,
                )
                for f in files
            ],
            frozenset({1}),
            empty="Not rendered yet.",
        )
        facts = Facts(
            "Document",
            [
                ("Number", obj.number),
                ("Kind", obj.get_kind_display()),
                ("Partner", link(obj.partner)),
                (
                    "Settlement",
                    link(obj.settlement, name_of(obj.settlement.window))
                    if obj.settlement_id
                    else None,
                ),
                *_other_status(obj),
                ("Issued", obj.issued_at),
                ("Frozen content (SHA-256)", obj.content_sha256),
                ("Environment", obj.environment),
            ],
        )
        return Story([*missing, *_position(obj), facts, table, _letters(obj)], actions)

    def download_view(self, request, file_id):
        """The stored bytes, never a fresh rendering; each download is in the audit trail."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        file = (
            DocumentFile.objects.select_related("document")
            .defer("document__content")
            .filter(pk=file_id)
            .first()
        )
        if file is None:
            raise Http404("there is no such file")
        audit.record(
            "document.downloaded",
            file.document,
            actor=request.user.get_username(),
            at=timezone.now(),
            after={"sha256": file.sha256},
        )
        return HttpResponse(
            bytes(file.content),
            content_type=file.media_type,
            headers={
                "Content-Disposition": f'attachment; filename="{_file_name(file)}"',
                "Cache-Control": "private, no-store",
            },
        )

    def annex_view(self, request, document_id, kind):
        """The records behind a statement, large ones by a job; each download is audited."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        statements = Document.objects.filter(kind__in=_WITH_RECORDS).select_related("settlement")
        document = statements.filter(pk=document_id).first()
        if document is None or kind not in MEDIA_TYPES:
            raise Http404("there is no such file")
        path = annex_job.made(document, kind) if annex_job.is_large(document, kind) else None
        if path is None and annex_job.is_large(document, kind):
            job = annex_job.order(document, kind, requested_by=request.user)
            wake_worker()
            return redirect("admin:partners_job_change", job.pk)
        audit.record(
            "annex.downloaded",
            document,
            actor=request.user.get_username(),
            at=timezone.now(),
            after={"format": kind},
        )
        file = path.open("rb") if path else make_annex(document, kind)
        return stream(file, name=f"{document.number}-sdrs.{kind}", media_type=MEDIA_TYPES[kind])


def _position(document: Document) -> list[object]:
    """What a statement comes to, with the way down to the rows of each figure."""
    if document.kind not in _WITH_RECORDS or document.settlement is None:
        return []
    one = document.settlement.positions.filter(partner=document.partner).first()
    if one is None:
        return []
    currency = document.settlement.currency

    def told(name: str, minor: int, note: str = "") -> Figure:
        return Figure(name, amount(minor, currency), note)

    way = format_html(
        'Each figure leads to its rows in the table of positions of <a class="ch-link"'
        ' href="{}">the settlement</a>.',
        reverse("admin:billing_settlement_change", args=[document.settlement.pk]),
    )
    return [
        Figures(
            [
                told("Receives", one.receivable_minor),
                told("Pays", one.payable_minor),
                told("VAT", one.vat_minor),
                told("Fees", one.fees_minor),
                told("Net", one.net_minor, "pays" if one.net_minor < 0 else "gets"),
            ]
        ),
        Note(way, title="How it comes about"),
    ]


def _letters(document: Document) -> Table:
    """Who was told, and what the mail server said to each attempt."""
    rows = []
    for mail in document.mails.prefetch_related("log").order_by("pk"):
        rows.append(
            (mail.recipient, mail.get_state_display(), f"{mail.created_at:%Y-%m-%d %H:%M} UTC", "")
        )
        rows += [
            (
                "",
                "accepted" if attempt.is_accepted else "not accepted",
                f"{attempt.at:%Y-%m-%d %H:%M:%S} UTC",
                f"{attempt.answer} {attempt.message_id}",
            )
            for attempt in sorted(mail.log.all(), key=lambda one: one.pk)
        ]
    return Table(
        "Letters",
        ("To", "State", "When", "The mail server's answer"),
        rows,
        empty=(
            "Nobody was told by mail: there is no mail address among the partner's facts, or the"
            " file is not rendered yet."
        ),
    )


def _other_status(document: Document) -> list[tuple[str, object]]:
    """The final statement of a provisional one, and the other way round."""
    others = Document.objects.filter(
        settlement=document.settlement_id, partner=document.partner_id, kind__in=_WITH_RECORDS
    )
    other = others.exclude(kind=document.kind).defer("content").first()
    if document.kind not in _WITH_RECORDS or document.settlement_id is None or other is None:
        return []
    is_final = other.kind == Document.Kind.STATEMENT
    return [("Replaced by" if is_final else "Replaces", link(other))]


def _file_name(file: DocumentFile) -> str:
    return f"{file.document.number}{_SUFFIXES.get(file.media_type, '')}".replace("/", "-")

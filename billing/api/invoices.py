"""/api/v1/invoices/: invoices and credit notes, their files, and the records behind each."""

from typing import TypeVar
from uuid import UUID

import msgspec
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.views import APIView

from billing.api import documentation_finance as documentation
from billing.api.handing_out import hand_out, not_rendered_yet
from billing.api.own_lists import OwnList, json_of
from billing.api.parameters import address_of, cursor_of, limit_of, refuse_unknown
from billing.api.reading_finance import (
    InvoicedRecordPage,
    InvoicedRecordRow,
    InvoicePage,
    InvoiceRow,
    NewInvoice,
    PrecedingRow,
    Refusal,
)
from billing.models import Invoice, InvoicingMode
from billing.queries_finance import invoices_for, records_of
from billing.queries_invoices import OwnInvoice, own_invoices
from billing.services.invoice_files import file_of
from billing.services.invoice_objections import NotRefusable, refuse_self_billed
from billing.services.invoice_reports import NotReported, Reported, report
from partners.api.bodies import JSON, not_json, read_body
from partners.api.idempotency import answer_once
from partners.api.permissions import client_of
from partners.api.problems import RequestRefused, problem
from roaming.models import Sdr

_IN_CONFLICT = ("INVOICE_KNOWN", "ISSUED_BY_US", "NOTHING_TO_INVOICE")
# A file of 10 MiB as base64, and the ids of a large month.
_REPORT_BYTES, _OBJECTION_BYTES = 24 * 1024 * 1024, 16 * 1024
_T = TypeVar("_T", NewInvoice, Refusal)
# How each kind of file is addressed, and how its name ends.
_PLACES = {"pdf": "invoice-pdf", "cii": "invoice-cii", "ubl": "invoice-xml"}
_ENDINGS = {"pdf": "pdf", "cii": "cii.xml", "ubl": "xml"}


class Invoices(OwnList):
    page = InvoicePage
    filters = {
        "number": ("number", ()),
        "mode": ("mode", tuple(InvoicingMode.values)),
        "type_code": ("type_code", tuple(Invoice.TypeCode.values)),
        "currency": ("currency", ()),
        "settlement": ("settlement", ()),
    }

    required_scopes = {"GET": ["settlement:read"], "POST": ["settlement:write"]}

    @documentation.list_invoices
    def get(self, request):
        _check_uuid(request, "settlement")
        return self.answer(request)

    @documentation.report_invoice
    def post(self, request):
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_REPORT_BYTES)
        order = _decode(body, NewInvoice)
        return answer_once(request, body=body, work=lambda: _report(request, order))

    def own(self, request):
        return _own(request)

    def rows_of(self, request, found):
        return _rows(request, found)


class InvoiceDetail(APIView):
    required_scopes = {"GET": ["settlement:read"]}

    @documentation.get_invoice
    def get(self, request, invoice_id: UUID):
        [row] = _rows(request, [_one(request, invoice_id)])
        return json_of(row)


class InvoiceObjections(APIView):
    required_scopes = {"POST": ["settlement:write"]}

    @documentation.refuse_invoice
    def post(self, request, invoice_id: UUID):
        invoice = _one(request, invoice_id)
        body, _ = read_body(request, media_types=[JSON], limit_bytes=_OBJECTION_BYTES)
        order = _decode(body, Refusal)
        return answer_once(request, body=body, work=lambda: _refuse(request, invoice, order))


class InvoiceRecords(APIView):
    """Which records an invoice is over: what OCPI 2.3.0 calls invoice reconciliation."""

    required_scopes = {"GET": ["settlement:read"]}

    @documentation.list_invoiced_records
    def get(self, request, invoice_id: UUID):
        refuse_unknown(request, {"cursor", "limit"})
        invoice, limit = _one(request, invoice_id), limit_of(request)
        rows = records_of(invoice)
        if cursor := cursor_of(request):
            rows = rows.filter(sdr_id__gt=cursor)
        page, last = _whole_records(list(rows[: limit + 3]), limit)
        names = dict(
            Sdr.objects.filter(id__in={row.sdr_id for row in page}).values_list("id", "sdr_id")
        )
        return json_of(
            InvoicedRecordPage(
                invoice_id=invoice.pk,
                invoice_number=invoice.number,
                results=[
                    InvoicedRecordRow(
                        record_id=row.sdr_id,
                        sdr_id=names.get(row.sdr_id, ""),
                        kind=row.kind,
                        amount_minor=row.amount_minor,
                    )
                    for row in page
                ],
                next=address_of(request, cursor=last) if last else None,
            )
        )


class InvoiceFile(APIView):
    required_scopes = {"GET": ["settlement:read"]}
    kind = "pdf"

    def get(self, request, invoice_id: UUID):
        invoice = _one(request, invoice_id)
        if invoice.document is None:
            raise Http404
        file = file_of(invoice.document, self.kind)
        if file is None:
            raise not_rendered_yet(
                "FILE_NOT_RENDERED",
                "The invoice is issued, its files are being made. Ask again as Retry-After says.",
            )
        ending = _ENDINGS[self.kind]
        return hand_out(
            request,
            file,
            number=invoice.number,
            ending=ending,
            object_type="invoice",
            details={"file": ending},
        )


class InvoicePdf(InvoiceFile):
    @documentation.get_invoice_pdf
    def get(self, request, invoice_id: UUID):
        return super().get(request, invoice_id)


class InvoiceCii(InvoiceFile):
    kind = "cii"

    @documentation.get_invoice_cii
    def get(self, request, invoice_id: UUID):
        return super().get(request, invoice_id)


class InvoiceXml(InvoiceFile):
    kind = "ubl"

    @documentation.get_invoice_xml
    def get(self, request, invoice_id: UUID):
        return super().get(request, invoice_id)


def _report(request, order: NewInvoice) -> HttpResponse:
    client = client_of(request)
    told = Reported(
        settlement_id=order.settlement_id,
        buyer_name=order.buyer,
        type_code=order.type_code,
        number=order.number,
        issue_date=order.issue_date,
        due_date=order.due_date,
        net_minor=order.net_minor,
        vat_minor=order.vat_minor,
        gross_minor=order.gross_minor,
        sdr_ids=tuple(order.sdr_ids),
        file_name=order.file_name,
        media_type=order.media_type,
        content=order.content,
        channel_reference=order.channel_reference,
    )
    try:
        invoice = report(
            client.partner,
            told,
            environment=client.environment,
            by=f"client {client.name}",
            now=timezone.now(),
        )
    except NotReported as refused:
        status = 409 if refused.code in _IN_CONFLICT else 422
        return problem(status, refused.code, str(refused), errors=refused.errors)
    [row] = _rows(request, [_one(request, invoice.pk)])
    return json_of(row, status=201)


def _refuse(request, invoice: Invoice, order: Refusal) -> HttpResponse:
    client = client_of(request)
    try:
        refuse_self_billed(
            invoice,
            client.partner,
            reason=order.reason,
            by=f"client {client.name}",
            now=timezone.now(),
        )
    except NotRefusable as refused:
        raise RequestRefused(409, refused.code, str(refused)) from refused
    [row] = _rows(request, [_one(request, invoice.pk)])
    return json_of(row, status=201)


def _decode(body: bytes, type_: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=type_)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_json(error) from error


def _own(request):
    client = client_of(request)
    return invoices_for(client.partner, environment=client.environment)


def _one(request, invoice_id: UUID) -> Invoice:
    invoice = _own(request).filter(pk=invoice_id).first()
    if invoice is None:
        raise Http404
    return invoice


def _rows(request, found: list[Invoice]) -> list[InvoiceRow]:
    return [_row(request, own) for own in own_invoices(found, partner=client_of(request).partner)]


def _row(request, own: OwnInvoice) -> InvoiceRow:
    one = own.invoice

    def address(kind: str) -> str | None:
        if kind not in own.files:
            return None
        return request.build_absolute_uri(reverse(f"billing:{_PLACES[kind]}", args=[one.pk]))

    return InvoiceRow(
        id=one.pk,
        number=one.number,
        type_code=one.type_code,
        mode=one.mode,
        role="SELLER" if own.is_sold else "BUYER",
        seller=one.seller.name,
        buyer=one.buyer.name,
        currency=one.currency,
        issue_date=one.issue_date,
        due_date=one.due_date,
        supply_starts_at=one.supply_starts_at,
        supply_ends_at=one.supply_ends_at,
        sdrs=one.sdrs,
        net_minor=one.net_minor,
        vat_minor=one.vat_minor,
        gross_minor=one.gross_minor,
        is_objected=hasattr(one, "objection"),
        preceding=[
            PrecedingRow(
                id=row.preceding_id,
                number=row.preceding.number,
                issue_date=row.preceding.issue_date,
            )
            for row in one.preceding.all()
        ],
        settlement_id=one.settlement_id,
        pdf=address("pdf"),
        cii=address("cii"),
        xml=address("ubl"),
        records=request.build_absolute_uri(reverse("billing:invoice-records", args=[one.pk])),
    )


def _whole_records(rows: list, limit: int):
    """At most ``limit`` rows, ending with a whole record, and the cursor if more follow.

    A record has up to three rows, one per kind; a page that ended within one would lose the rest.
    """
    if len(rows) <= limit:
        return rows, None
    cut = limit
    while cut and rows[cut].sdr_id == rows[cut - 1].sdr_id:
        cut -= 1
    if not cut:
        cut = limit
        while cut < len(rows) and rows[cut].sdr_id == rows[cut - 1].sdr_id:
            cut += 1
    return rows[:cut], rows[cut - 1].sdr_id if cut < len(rows) else None


def _check_uuid(request, name: str) -> None:
    try:
        UUID(request.query_params.get(name, "0" * 32))
    except ValueError:
        raise ValidationError({name: "is no id"}) from None

"""Payment files: proposed by one person, approved by another, exported once, followed to the bank.

Proposing and exporting is for whoever may change payment files; approving is a right of its own
(``billing.approve_paymentfile``).
"""

from functools import partial
from uuid import UUID

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from billing.admin.amounts import amount
from billing.admin.close import name_of
from billing.admin.payment_acts import ACTS, may_approve, may_change, question_of
from billing.admin.payment_notes import NOTHING_YET as _NOTHING_YET
from billing.admin.payment_notes import notes_before_proposing
from billing.admin.payment_report import import_view
from billing.messages.sepa_text import NotSendable
from billing.models import Payment, PaymentFile, Settlement
from billing.services.payments import approving
from billing.services.payments.candidates import candidates
from billing.services.payments.proposing import NotProposable, Wanted, propose
from partners.admin.base import EvidenceAdmin
from partners.admin.confirm import NotPossible, Question, ask, change_url
from partners.admin.story import (
    BAD,
    GOOD,
    WARN,
    ActionLink,
    Badge,
    Facts,
    Figure,
    Figures,
    Note,
    Step,
    Story,
    Table,
    Timeline,
    link,
)
from partners.admin_paging import KeysetPaging
from partners.services import audit

STATE_TONES = {
    "DRAFT": "warning",
    "APPROVED": "info",
    "EXPORTED": "info",
    "ACKNOWLEDGED": "info",
    "PART_REJECTED": "danger",
    "FAILED": "danger",
    "BOOKED": "success",
    "CANCELLED": "",
}
PAYMENT_TONES = {"REJECTED": BAD, "RETURNED": BAD, "BOOKED": GOOD, "PROPOSED": WARN}
_LIST = "admin:billing_paymentfile_changelist"
_LEFT = ("EXPORTED", "ACKNOWLEDGED", "PART_REJECTED", "FAILED", "BOOKED")


@admin.register(PaymentFile)
class PaymentFileAdmin(KeysetPaging, EvidenceAdmin):
    list_display = ("told", "total", "payments_count", "state_label", "execution_date", "settled")
    list_select_related = ("settlement__window__group", "approval__maker", "approval__checker")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("environment", ChoicesDropdownFilter),
    )
    empty_text = "No payment file yet: propose payouts or collections of an issued settlement."
    change_list_template = "admin/billing/payment_files.html"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("content")

    @display(description="File")
    def told(self, file) -> str:
        return file.get_kind_display()

    @display(description="Total")
    def total(self, file) -> str:
        return amount(file.total_minor, file.currency)

    @display(description="State", label=STATE_TONES)
    def state_label(self, file) -> str:
        return file.state

    @display(description="Settlement")
    def settled(self, file) -> str:
        return name_of(file.settlement.window) if file.settlement else ""

    def name_of(self, file) -> str:
        return f"{file.get_kind_display()} of {self.total(file)}"

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("propose/", view(self.choose_view), name="billing_paymentfile_choose"),
            path(
                "propose/<uuid:settlement_id>/<str:kind>/",
                view(self.propose_view),
                name="billing_paymentfile_propose",
            ),
            path("report/", view(partial(import_view, self)), name="billing_paymentfile_report"),
            path("<uuid:file_id>/file/", view(self.file_view), name="billing_paymentfile_file"),
            *(
                path(
                    f"<uuid:file_id>/{name}/",
                    view(partial(self.act_view, name)),
                    name=f"billing_paymentfile_{name}",
                )
                for name in ACTS
            ),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = {"may_propose": may_change(request)}
        return super().changelist_view(request, may | (extra_context or {}))

    def story(self, request, obj) -> Story:
        payments = obj.payments.select_related("partner").order_by("place")
        return Story(
            [
                *_next_step(request, obj),
                Figures(
                    [
                        Figure("Total", self.total(obj), _how_many(obj.payments_count)),
                        Figure("Leaves", obj.execution_date, "TARGET day"),
                    ]
                ),
                _payments_table(list(payments)),
                self._facts(obj),
                _timeline(obj),
            ],
            _actions(request, obj),
        )

    def _facts(self, file) -> Facts:
        approval = file.approval
        return Facts(
            "File",
            [
                ("Settlement", link(file.settlement, self.settled(file))),
                ("Message id", file.message_id),
                ("SHA-256 of the bytes", file.content_sha256),
                ("Proposed by", file.proposed_by),
                ("Proposed", file.proposed_at),
                ("Approved by", approval.checker if approval else None),
                ("Approved", approval.decided_at if approval else None),
                ("Exported by", file.exported_by),
                ("Exported", file.exported_at),
                ("Cancelled because", file.cancel_reason),
                ("Environment", file.environment),
            ],
        )

    def choose_view(self, request):
        """Which settlement: each issued one with what could be paid and collected now."""
        _refuse_unless(may_change(request))
        now = timezone.now()
        notes = notes_before_proposing(now=now)
        if settings.MONEY_FLOW == "INSTRUCTION_ONLY":
            return _page(self, request, "Propose a payment file", Story(notes))
        issued = Settlement.objects.filter(state="ISSUED", currency="EUR")
        rows = []
        for settlement in issued.select_related("window__group").order_by("-issued_at")[:12]:
            cells: list[object] = [link(settlement, name_of(settlement.window))]
            for kind in PaymentFile.Kind:
                found = candidates(settlement, kind, now=now)
                minor = sum(one.amount_minor for one in found)
                url = reverse("admin:billing_paymentfile_propose", args=[settlement.pk, kind])
                open_minor = sum(one.open_minor for one in found)
                told = f"{amount(minor, 'EUR')} of {amount(open_minor, 'EUR')}"
                cells.append(_anchor(url, told) if open_minor else "nothing open")
            rows.append(cells)
        table = Table(
            "Issued settlements",
            ("Settlement", "Payouts now", "Collections now"),
            rows,
            frozenset({1, 2}),
            empty="No settlement in EUR is issued yet.",
            note="Payouts wait for final pay-ins, collections for a mandate and its notice.",
        )
        return _page(self, request, "Propose a payment file", Story([*notes, table]))

    def propose_view(self, request, settlement_id: UUID, kind: str):
        _refuse_unless(may_change(request))
        settlement = Settlement.objects.select_related("window__group").filter(pk=settlement_id)
        found = settlement.filter(state="ISSUED").first()
        if found is None or kind not in PaymentFile.Kind.values:
            raise Http404
        label = PaymentFile.Kind(kind).label
        rows = candidates(found, kind, now=timezone.now())
        minor = sum(one.amount_minor for one in rows)
        question = Question(
            title=f"Propose {label.lower()} of {name_of(found.window)}?",
            sentence="The file is made now and never changes. A second person looks at exactly its"
            " hash; nothing leaves before.",
            button="Make the file and ask a second person",
            effect=[
                *(notes_before_proposing(now=timezone.now()) or ([] if minor else [_NOTHING_YET])),
                _candidates_table(rows),
            ],
            is_possible=minor > 0,
            act=partial(_propose, request, Wanted(settlement=found, kind=kind)),
        )
        return ask(request, self, None, question, back_url=reverse(_LIST))

    def act_view(self, name: str, request, file_id: UUID):
        act = ACTS[name]
        _refuse_unless(act.may(request))
        file = self.get_object(request, str(file_id))
        if file is None:
            raise Http404
        effect = [_payments_table(list(file.payments.select_related("partner"))), self._facts(file)]
        return ask(request, self, file, question_of(name, request, file, effect))

    def file_view(self, request, file_id: UUID):
        """The bytes for the bank, once they were exported; each download is in the audit trail."""
        _refuse_unless(may_change(request))
        file = PaymentFile.objects.filter(pk=file_id, state__in=_LEFT).first()
        if file is None:
            raise Http404("there is no exported file")
        approving.check_bytes(file)
        audit.record(
            "payment_file.downloaded",
            file,
            actor=request.user.get_username(),
            at=timezone.now(),
            after={"content_sha256": file.content_sha256},
        )
        return HttpResponse(
            bytes(file.content),
            content_type="application/xml",
            headers={
                "Content-Disposition": f'attachment; filename="{file.message_id}.xml"',
                "Cache-Control": "private, no-store",
            },
        )


def _how_many(count: int) -> str:
    return "1 payment" if count == 1 else f"{count} payments"


def _refuse_unless(may: bool) -> None:
    if not may:
        raise PermissionDenied


def _propose(request, wanted: Wanted, answers):
    try:
        file = propose(wanted, reason=answers["reason"], maker=request.user, now=timezone.now())
    except (NotProposable, NotSendable) as error:
        raise NotPossible(str(error)) from error
    return HttpResponseRedirect(change_url(file))


def _candidates_table(rows) -> Table:
    return Table(
        "What goes into it, and what waits",
        ("Partner", "Still open", "In this file", "What the rest waits for"),
        [
            (
                link(one.partner),
                amount(one.open_minor, "EUR"),
                amount(one.amount_minor, "EUR"),
                one.why_not,
            )
            for one in rows
        ],
        frozenset({1, 2}),
        empty="Nothing is open.",
    )


def _payments_table(payments: list[Payment]) -> Table:
    return Table(
        "Payments",
        ("Partner", "Account", "EndToEndId", "State", "Reason", "Amount"),
        [
            (
                link(one, one.partner),
                f"{one.iban[:2]} … {one.iban[-4:]}",
                one.end_to_end_id,
                Badge(one.state, PAYMENT_TONES.get(one.state, "")),
                one.reason_code,
                amount(one.amount_minor, one.currency),
            )
            for one in payments
        ],
        frozenset({5}),
    )


def _timeline(file: PaymentFile) -> Timeline:
    """Each change of a payment's state, told once where several changed together."""
    events: dict[tuple, list[str]] = {}
    for payment in file.payments.prefetch_related("events"):
        for event in payment.events.all():
            key = (event.at, event.to_state, event.source, event.reason_code)
            events.setdefault(key, []).append(payment.end_to_end_id)
    steps = [
        Step(at, f"{state} {code}".strip(), f"{source}: {', '.join(ids[:5])}")
        for (at, state, source, code), ids in sorted(events.items(), key=lambda item: item[0])
    ]
    return Timeline("What happened", steps)


def _next_step(request, file: PaymentFile) -> list[Note]:
    if file.state == "DRAFT":
        asked = approving.open_request(file, now=timezone.now())
        if asked is None:
            return [Note("Nobody decided in time. Ask anew, or cancel it.", tone=WARN)]
        if asked.maker_id == request.user.pk or not may_approve(request):
            return [Note(f"{asked.maker} asked for it; a second person must approve.", tone=WARN)]
        return [Note(f"{asked.maker} asked for it. You can decide.", tone=WARN)]
    told = {
        "APPROVED": "Approved. Export it, then hand it to the bank before its day.",
        "EXPORTED": "Hand the file to the bank; import its answer (pain.002) when it comes.",
        "PART_REJECTED": "The bank refused a part; what was refused is due again.",
        "FAILED": "The bank refused all of it; everything is due again.",
        "CANCELLED": f"“{file.cancel_reason}”. What it was to pay can be proposed anew.",
    }
    text = told.get(file.state)
    return [Note(text, tone=WARN)] if text else []


def _actions(request, file: PaymentFile) -> list[ActionLink]:
    found = [
        ActionLink(
            act.label,
            reverse(f"admin:billing_paymentfile_{name}", args=[file.pk]),
            is_dangerous=act.is_dangerous,
        )
        for name, act in ACTS.items()
        if act.may(request) and act.fits(request, file)
    ]
    if file.state in _LEFT and may_change(request):
        url = reverse("admin:billing_paymentfile_file", args=[file.pk])
        found.append(ActionLink("Download the file", url))
    return found


def _anchor(url: str, text: str) -> SafeString:
    return format_html('<a class="ch-link" href="{}">{}</a>', url, text)


def _page(model_admin, request, title: str, story: Story):
    request.current_app = model_admin.admin_site.name
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": title,
        "story": story,
        "has_view_permission": True,
    }
    return TemplateResponse(request, "admin/story.html", context)

"""The data package of a partner: asked for by staff, made by a job, downloaded from its page."""

from functools import partial

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone

from billing.services import data_package
from partners.admin.confirm import Question, ReasonForm, ask, change_url
from partners.admin.life import PAGE, also_offer
from partners.admin.story import Facts, link
from partners.models import Partner
from partners.services import audit
from partners.tasks import wake_worker

_ASK = "admin:billing_document_package"
also_offer("Data package…", _ASK)


class PackagePages:
    """Below the documents: who may see a partner's documents may hand them out."""

    def __init__(self, model_admin):
        self.admin = model_admin

    def urls(self):
        view = self.admin.admin_site.admin_view
        return [
            path("package/<uuid:partner_id>/", view(self.ask_view), name="billing_document_package")
        ]

    def ask_view(self, request, partner_id):
        if not self.admin.has_view_permission(request) or not request.user.has_perm(
            "partners.change_partner"
        ):
            raise PermissionDenied
        of = get_object_or_404(Partner, pk=partner_id, is_clearing_house=False)
        last = data_package.newest(of)
        question = Question(
            title=f"Make the data package of {of.name}?",
            sentence="All its records, documents, ledger lines and agreements as one zip, for the"
            " partner to take along. It can download it in the portal too.",
            button="Make it",
            effect=[
                Facts(
                    "The newest one",
                    [
                        ("Job", link(last, last.state) if last else "none was made yet"),
                        ("Finished", last.finished_at if last else None),
                    ],
                )
            ],
            form_class=ReasonForm,
            act=partial(_order, request, of),
        )
        return ask(request, self.admin, None, question, back_url=reverse(PAGE, args=[of.pk]))


def _order(request, of: Partner, answers):
    job = data_package.order(of, requested_by=request.user)
    audit.record(
        "partner.package_ordered",
        of,
        actor=request.user.get_username(),
        at=timezone.now(),
        reason=answers["reason"],
    )
    wake_worker()
    return HttpResponseRedirect(change_url(job))

"""Users and roles of the own company: who may do what, who is invited, who is switched off."""

from uuid import UUID

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from partners.models import Invitation, Partner, User
from partners.portal import for_partner, partner_of, user_of
from partners.rules.roles import ADMINISTER, PARTNER_PREFIX, PARTNER_ROLES
from partners.services import invitations, people
from partners.services.invitations import InvitationRefused
from partners.services.roles import RoleRefused

_CHOICES = [(name, gettext_lazy(role.label)) for name, role in PARTNER_ROLES.items()]
# More people than a company has; who has more is helped by the clearing house.
_SHOWN = 500


class InviteForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=_CHOICES, initial="partner-read-only"
    )


@require_safe
@for_partner(right=ADMINISTER)
def people_list(request: HttpRequest) -> HttpResponse:
    return _page(request, InviteForm())


@require_POST
@for_partner(right=ADMINISTER)
def invite(request: HttpRequest) -> HttpResponse:
    """Take the invitation down, then send the letter."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    asked = form.cleaned_data
    try:
        invitation = invitations.invite(
            partner_of(request),
            asked["email"],
            asked["role"],
            by=user_of(request),
            now=timezone.now(),
        )
    except InvitationRefused as refused:
        form.add_error(None, str(refused))
        return _page(request, form, status=422)
    try:
        invitations.send_letter(invitation)
    except OSError:
        messages.error(
            request,
            gettext("The letter to %(email)s could not be sent. Invite again later.")
            % {"email": invitation.email},
        )
    else:
        messages.success(
            request,
            gettext("%(email)s gets a letter; it is good for seven days.")
            % {"email": invitation.email},
        )
    return redirect("people:list")


@require_POST
@for_partner(right=ADMINISTER)
def withdraw(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    own = Invitation.objects.filter(partner=partner_of(request))
    invitation = get_object_or_404(own, pk=invitation_id)
    if invitations.withdraw(invitation, by=user_of(request), now=timezone.now()):
        messages.success(
            request, gettext("The letter to %(email)s is void.") % {"email": invitation.email}
        )
    else:
        messages.error(request, gettext("That invitation was answered or withdrawn before."))
    return redirect("people:list")


@require_POST
@for_partner(right=ADMINISTER)
def change_role(request: HttpRequest, user_id: int) -> HttpResponse:
    person = _found(request, user_id)
    try:
        people.change_role(
            person, request.POST.get("role", ""), by=user_of(request), now=timezone.now()
        )
    except RoleRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            gettext("%(name)s has the new role from now on.") % {"name": person.get_username()},
        )
    return redirect("people:list")


@require_POST
@for_partner(right=ADMINISTER)
def switch(request: HttpRequest, user_id: int) -> HttpResponse:
    """Off, or on again: the form says what is meant; a stale page does not turn it round."""
    person, is_active = _found(request, user_id), request.POST.get("to") == "on"
    try:
        people.switch(person, is_active=is_active, by=user_of(request), now=timezone.now())
    except RoleRefused as refused:
        messages.error(request, str(refused))
    else:
        done = (
            gettext("%(name)s may log in again.")
            if is_active
            else gettext("%(name)s is switched off and logged out.")
        )
        messages.success(request, done % {"name": person.get_username()})
    return redirect("people:list")


@require_POST
@for_partner(right=ADMINISTER)
def second_factor(request: HttpRequest) -> HttpResponse:
    """Demand it of everybody in the company, or leave it to them."""
    demands = request.POST.get("demand") == "yes"
    people.demand_second_factor(
        partner_of(request), demands=demands, by=user_of(request), now=timezone.now()
    )
    if demands:
        messages.success(
            request, gettext("Everybody needs a second factor at the next page they open.")
        )
    else:
        messages.success(request, gettext("A second factor is left to each person."))
    return redirect("people:list")


def _found(request: HttpRequest, user_id: int) -> User:
    """A person of the own company; of another nobody learns anything."""
    return get_object_or_404(User, partner=partner_of(request), pk=user_id)


def _page(request: HttpRequest, form: InviteForm, status: int = 200) -> HttpResponse:
    partner = partner_of(request)
    context = {
        "section": "people",
        "form": form,
        "lines": _lines(partner),
        "roles": PARTNER_ROLES.values(),
        "choices": _CHOICES,
        "invitations": [
            (one, gettext(PARTNER_ROLES[one.role].label), one.expires_at <= timezone.now())
            for one in partner.invitations.filter(accepted_at=None, withdrawn_at=None).order_by(
                "-invited_at"
            )[:_SHOWN]
        ],
        "demands": partner.demands_second_factor,
    }
    return render(request, "portal/people.html", context, status=status)


def _lines(partner: Partner) -> list[tuple[User, str, bool]]:
    """Each person with the role, and whether a second factor is set up; active ones first."""
    rows = (
        User.objects.filter(partner=partner)
        .order_by("-is_active", "username")
        .prefetch_related("groups")[:_SHOWN]
    )
    factors = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    protected = set(
        Authenticator.objects.filter(user__partner=partner, type__in=factors).values_list(
            "user_id", flat=True
        )
    )
    return [
        (
            person,
            next((g.name for g in person.groups.all() if g.name.startswith(PARTNER_PREFIX)), ""),
            person.pk in protected,
        )
        for person in rows
    ]

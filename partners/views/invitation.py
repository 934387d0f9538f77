"""What the address in an invitation opens: user name and password, once."""

from django import forms
from django.contrib import messages
from django.contrib.auth.password_validation import validate_password
from django.core.validators import ProhibitNullCharactersValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from partners.models import Invitation, User
from partners.rules.roles import PARTNER_ROLES
from partners.services import invitations
from partners.services.invitations import InvitationRefused, Newcomer


class NewcomerForm(forms.Form):
    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=150,
        validators=[*User._meta.get_field("username").validators],
        widget=forms.TextInput({"autocomplete": "username"}),
    )
    first_name = forms.CharField(
        label=gettext_lazy("First name"),
        max_length=150,
        required=False,
        validators=[ProhibitNullCharactersValidator()],
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"),
        max_length=150,
        required=False,
        validators=[ProhibitNullCharactersValidator()],
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("Password once more"),
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean(self):
        said = super().clean() or {}
        password = said.get("password")
        if password and said.get("again") != password:
            self.add_error("again", gettext("The two passwords differ."))
        elif password:
            somebody = User(
                username=said.get("username", ""),
                first_name=said.get("first_name", ""),
                last_name=said.get("last_name", ""),
            )
            try:
                validate_password(password, somebody)
            except forms.ValidationError as refused:
                self.add_error("password", refused)
        return said


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The form for whoever has the letter; one answer for all that cannot be accepted."""
    invitation = invitations.found_by(token, now=timezone.now())
    if invitation is None:
        return render(request, "account/invitation_over.html", status=404)
    form = NewcomerForm(request.POST or None, initial={"username": invitation.email})
    if request.method == "POST" and form.is_valid() and _accepted(request, invitation, form):
        return redirect("account_login")
    context = {
        "invitation": invitation,
        "role": PARTNER_ROLES[invitation.role],
        "form": form,
    }
    return render(request, "account/invitation.html", context, status=422 if form.errors else 200)


def _accepted(request: HttpRequest, invitation: Invitation, form: NewcomerForm) -> bool:
    said = form.cleaned_data
    newcomer = Newcomer(
        user_name=said["username"],
        password=said["password"],
        first_name=said["first_name"],
        last_name=said["last_name"],
    )
    try:
        invitations.accept(invitation.pk, newcomer, now=timezone.now())
    except InvitationRefused as refused:
        form.add_error(None, str(refused))
        return False
    messages.success(request, gettext("Your login is ready: log in with it now."))
    return True

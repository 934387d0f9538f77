"""Log in, log out, change the password: Django's own views with our pages."""

from django.contrib.auth import views as auth_views
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator

from partners.portal import for_partner, in_english


class PartnerAuthenticationForm(AuthenticationForm):
    """Takes people of a partner, and staff, who are sent on to the admin."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": (
            "User name and password do not belong together. Check both; capitals matter."
        ),
        "no_partner": (
            "This login belongs to no partner. Ask the clearing house to connect it to your"
            " company."
        ),
    }

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.fields["username"].label = "User name"

    def confirm_login_allowed(self, user) -> None:
        super().confirm_login_allowed(user)
        if user.partner_id is None and not user.is_staff:
            raise ValidationError(self.error_messages["no_partner"], code="no_partner")


class OwnPasswordForm(PasswordChangeForm):
    """Saves the password alone: the portal's database role may change nothing else of a user."""

    def save(self, commit: bool = True):
        self.user.set_password(self.cleaned_data["new_password1"])
        if commit:
            self.user.save(update_fields=["password"])
        return self.user


@method_decorator(in_english, name="dispatch")
class LoginView(auth_views.LoginView):
    template_name = "portal/login.html"
    authentication_form = PartnerAuthenticationForm

    def dispatch(self, request: HttpRequest, *arguments, **options) -> HttpResponseBase:
        # Who belongs nowhere may log in as somebody else.
        user = request.user
        self.redirect_authenticated_user = user.is_authenticated and (
            user.is_staff or user.partner_id is not None
        )
        return super().dispatch(request, *arguments, **options)

    def get_default_redirect_url(self) -> str:
        is_staff = getattr(self.request.user, "is_staff", False)
        return reverse("admin:index" if is_staff else "portal:home")


class LogoutView(auth_views.LogoutView):
    def get_default_redirect_url(self) -> str:
        return reverse("portal:login")


@method_decorator(for_partner, name="dispatch")
class PasswordView(auth_views.PasswordChangeView):
    template_name = "portal/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("portal:password-changed")


@method_decorator(for_partner, name="dispatch")
class PasswordChangedView(auth_views.PasswordChangeDoneView):
    template_name = "portal/password_changed.html"

"""How people log in: django-allauth, told our words, our database role and our rules.

Accounts are made by staff and invitations, never by signing up. Secrets of second factors are
sealed. Who logs in, and what changes about how, is written into the audit trail.
"""

import base64
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext, gettext_lazy

from clearinghouse.sealing import Sealer
from partners.models import Partner, User
from partners.portal import partner_of
from partners.queries_languages import language_of
from partners.rules.second_factor import is_second_factor_needed
from partners.services import audit

_INSIDE = ("/portal/", "/admin/")
# Where a session remembers that its person has a second factor; it cannot be lost while needed.
_HAS_SECOND_FACTOR = "has_second_factor"


def address_of(request: HttpRequest) -> str:
    """The caller's address, which our own proxy writes; what callers claim, it overwrites."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").strip()
    return forwarded or request.META.get("REMOTE_ADDR", "")


def name_tried(request: HttpRequest, credentials: dict | None) -> str:
    """Whom somebody tries to log in as: one name in any case, as it is when it is looked up."""
    tried = (credentials or {}).get("username") or request.POST.get("login", "")
    return str(tried).strip().lower()


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": gettext_lazy(
            "User name and password do not belong together. Check both; capitals matter."
        ),
        "too_many_login_attempts": gettext_lazy(
            "Too many attempts. Wait a quarter of an hour, then try again."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        is_staff = getattr(request.user, "is_staff", False)
        return reverse("admin:index" if is_staff else "portal:home")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Below our own address, whatever host the request named."""
        path = urlsplit(super().get_reset_password_from_key_url(key)).path
        return f"{settings.PUBLIC_URL}{path}"

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """In the language of whose login it is, whatever the browser that asked speaks."""
        user = context.get("user")
        language = language_of(user) if isinstance(user, User) else translation.get_language()
        with translation.override(language):
            super().send_mail(template_prefix, email, context)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_change_password")

    def set_password(self, user, password: str) -> None:
        """The password alone: the pages' database role may change nothing else of a user."""
        user.set_password(password)
        user.save(update_fields=["password"])


class SecondFactorAdapter(DefaultMFAAdapter):
    def get_totp_label(self, user) -> str:
        return user.get_username()

    def encrypt(self, text: str) -> str:
        return base64.b64encode(_sealer().seal(text.encode())).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _sealer().open(base64.b64decode(encrypted_text)).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one stays where one is needed; another is added first."""
        factors = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=factors)
        return (
            not needs_second_factor(authenticator.user, authenticator.user.partner)
            or others.exclude(pk=authenticator.pk).exists()
        )


class EntryForm(LoginForm):
    """Takes people of a partner, and staff, who are sent on to the admin."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.fields["login"].label = gettext("User name")
        for name in ("login", "password"):
            self.fields[name].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""

    def clean(self):
        cleaned = super().clean()
        user = self.user
        if user is not None and user.partner_id is None and not user.is_staff:
            raise ValidationError(
                gettext(
                    "This login belongs to no partner. Ask the clearing house to connect it to"
                    " your company."
                ),
                code="no_partner",
            )
        return cleaned


class ForgottenForm(ResetPasswordForm):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.fields["email"].label = gettext("E-mail address")
        self.fields["email"].widget.attrs.pop("placeholder", None)


def needs_second_factor(user: User, partner: Partner | None) -> bool:
    """``partner``: the person's own, if any."""
    return is_second_factor_needed(
        is_staff=user.is_staff,
        staff_need=settings.STAFF_NEED_SECOND_FACTOR,
        partner_demands=partner is not None and partner.demands_second_factor,
    )


class SecondFactorMiddleware:
    """Lets nobody further who needs a second factor and has none: first it is set up."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_INSIDE) and _is_missing(request):
            messages.warning(
                request,
                gettext(
                    "Your login needs a second factor. Set up an authenticator app or a security "
                    "key; then you can go on."
                ),
            )
            return redirect("mfa_index")
        return self.get_response(request)


class NeverKeptMiddleware:
    """Lets no browser keep the pages of logins: some show a secret, and the next person goes back.

    The library says so of some of its pages alone.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith("/account/"):
            add_never_cache_headers(response)
        return response


def _is_missing(request: HttpRequest) -> bool:
    user = request.user
    if not isinstance(user, User):
        return False
    if not needs_second_factor(user, partner_of(request) if user.partner_id else None):
        return False
    if request.session.get(_HAS_SECOND_FACTOR):
        return False
    factors = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    if not Authenticator.objects.filter(user_id=user.pk, type__in=factors).exists():
        return True
    request.session[_HAS_SECOND_FACTOR] = True
    return False


def _sealer() -> Sealer:
    return Sealer(settings.PERSONAL_DATA_KEY, purpose="second factor")


def note_login(*, request: HttpRequest, user: User, **_) -> None:
    _note("user.logged_in", user)


def note_password(*, user: User, **_) -> None:
    _note("user.password_changed", user)


def note_factor_added(*, user: User, authenticator: Authenticator, **_) -> None:
    _note("user.second_factor_added", user, kind=authenticator.type)


def note_factor_removed(*, user: User, authenticator: Authenticator, **_) -> None:
    _note("user.second_factor_removed", user, kind=authenticator.type)


def note_codes_made(*, user: User, authenticator: Authenticator, **_) -> None:
    _note("user.recovery_codes_made", user, kind=authenticator.type)


def note_lock_out(*, username: str, ip_address: str, **_) -> None:
    """Whether such a user exists or not: somebody has tried often enough."""
    user = User.objects.filter(username__iexact=username).first()
    if user is not None:
        _note("user.locked_out", user)


def _note(action: str, user: User, **after: object) -> None:
    audit.record(
        action,
        user,
        actor=user.get_username(),
        at=timezone.now(),
        after=after or None,
    )

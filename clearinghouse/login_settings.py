"""How people log in, as libraries want it told; what an installation decides is in settings.py."""

from datetime import timedelta

AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "partners.login_backend.LoginBackend",
]
ACCOUNT_ADAPTER = "partners.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Nobody learns from us whether an address has a login.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 a class
ACCOUNT_FORMS = {
    "login": "partners.accounts.EntryForm",
    "reset_password": "partners.accounts.ForgottenForm",
}
# Guessing one name from everywhere, or many names from one place; below that is the lock-out.
ACCOUNT_RATE_LIMITS = {"login_failed": "60/m/ip,20/900s/key"}
MFA_ADAPTER = "partners.accounts.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Clearing house"
# A name is locked out at an address after so many failures in a row; staff may lift it sooner.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "partners.accounts.name_tried"
AXES_CLIENT_IP_CALLABLE = "partners.accounts.address_of"
AXES_LOCKOUT_TEMPLATE = "account/locked.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

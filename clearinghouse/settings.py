"""One settings file, read from the environment; it fails loudly on half-configuration."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url

from clearinghouse import env, logs
from clearinghouse.login_settings import *  # noqa: F403 names that libraries read
from clearinghouse.unfold import UNFOLD  # noqa: F401 read by the admin

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCTION = env.env_str("CLEARINGHOUSE_ENV", "development") == "production"
VAR_DIR = Path(env.env_str("CLEARINGHOUSE_VAR", str(BASE_DIR / "var")))
DEBUG = env.env_bool("DEBUG", default=False)

# --- Services: those of the environment, else the embedded ones ---------------------------------

_starts_services = env.env_str("CLEARINGHOUSE_START", "1") != "0"
_as_owner = env.env_str("CLEARINGHOUSE_DB_ROLE", "app") == "owner"
_database_url = env.env_str("DATABASE_URL", "")
_redis_url = env.env_str("REDIS_URL", "").rstrip("/")
_nowhere = "postgres://nobody@%2Fnowhere/clearinghouse"
if _database_url and _as_owner:
    _database_url = env.env_str("DATABASE_OWNER_URL", _database_url)
if (not _database_url or not _redis_url) and _starts_services:
    from clearinghouse import embedded

    _services = embedded.ensure_running()
    _database_url = _database_url or (
        _services.owner_database_url if _as_owner else _services.database_url
    )
    if not _redis_url:
        CELERY_BROKER_URL, CELERY_RESULT_BACKEND = _services.broker_url, _services.result_url
        _cache_url = _services.cache_url
if _redis_url:
    CELERY_BROKER_URL, CELERY_RESULT_BACKEND = f"{_redis_url}/0", f"{_redis_url}/1"
    _cache_url = f"{_redis_url}/2"
elif not _starts_services:
    CELERY_BROKER_URL = CELERY_RESULT_BACKEND = _cache_url = "redis://nowhere.invalid:0"

DATABASES = {
    "default": dj_database_url.parse(_database_url or _nowhere, conn_max_age=600)
    | {"CONN_HEALTH_CHECKS": True}
}
# Allows what asks for it to be prepared, which Django forbids by itself; see statements.py.
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("prepare_threshold", 1)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _cache_url}
}

# --- Secrets ------------------------------------------------------------------------------------

SECRET_KEY = env.env_secret("SECRET_KEY", development="development-only-" + "x" * 50)
# Encrypts contract ids and raw records; 32 bytes, base64.
PERSONAL_DATA_KEY = env.env_secret(
    "PERSONAL_DATA_KEY", development="RGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMhISE="
)
# Keys the pseudonyms that partners see in place of contract ids; base64.
PSEUDONYM_KEY = env.env_secret(
    "PSEUDONYM_KEY", development="RGV2ZWxvcG1lbnQtb25seS1wc2V1ZG9ueW0ta2V5ISE="
)
# Signs receipts: an Ed25519 seed, 32 bytes, base64. Whoever changes it names the public key of the
# old one (manage.py receipt_key) among the retired ones, so that its receipts stay verifiable.
RECEIPT_SIGNING_KEY = env.env_secret(
    "RECEIPT_SIGNING_KEY", development="RGV2ZWxvcG1lbnQtb25seS1yZWNlaXB0LWtleS0zMiE="
)
RECEIPT_RETIRED_KEYS = env.env_list("RECEIPT_RETIRED_KEYS", [])

# --- Django -------------------------------------------------------------------------------------

ALLOWED_HOSTS = env.env_list("ALLOWED_HOSTS", [] if PRODUCTION else ["*"])
CSRF_TRUSTED_ORIGINS = env.env_list("CSRF_TRUSTED_ORIGINS", [])
INSTALLED_APPS = [
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "partners",
    "roaming",
    "billing",
    "clearinghouse.apps.ClearinghouseConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "clearinghouse.apps.StaffAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "oauth2_provider",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "csp",
    "health_check",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clearinghouse.admin_policy.PolicyMiddleware",
    "clearinghouse.admin_policy.AdminPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "clearinghouse.nul_guard.NulGuardMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "clearinghouse.database_roles.PartnerRoleMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "partners.languages.LanguageMiddleware",
    "partners.accounts.NeverKeptMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "partners.accounts.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "clearinghouse.urls"
WSGI_APPLICATION = "clearinghouse.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "partners.portal_context.told",
            ]
        },
    }
]
AUTH_USER_MODEL = "partners.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:home"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "clearinghouse" / "locale"]
FORMAT_MODULE_PATH = "clearinghouse.formats"
TIME_ZONE = "Europe/Brussels"
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
# Uploads and results lie outside the web root; only views that check the reader hand them out.
MEDIA_ROOT = VAR_DIR / "files"
# A batch of 10,000 records is about 9 MB of JSON.
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o600

# --- Security -----------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env.env_bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 63_072_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

_self = "'self'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [_self],
        "img-src": [_self, "data:"],
        "object-src": ["'none'"],
        "base-uri": [_self],
        "form-action": [_self],
        "frame-ancestors": ["'none'"],
    },
}

# --- Logins -------------------------------------------------------------------------------------

# Passkeys need https; without it browsers offer them at localhost alone.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
# Staff without a second factor are led to set one up before anything else.
STAFF_NEED_SECOND_FACTOR = env.env_bool("STAFF_NEED_SECOND_FACTOR", default=PRODUCTION)

# --- Partner API --------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["partners.api.authentication.PartnerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["partners.api.permissions.IsPartnerClient"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "partners.api.negotiation.OneMediaType",
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "partners.api.problems.problem_response",
    "DATETIME_FORMAT": "iso-8601",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
}
OAUTH2_PROVIDER_APPLICATION_MODEL = "partners.ApiClient"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "partners.AccessToken"  # noqa: S105 a model
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "partners.RefreshToken"  # noqa: S105 a model
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "partners.IDToken"  # noqa: S105 a model
OAUTH2_PROVIDER = {
    "SCOPES": {
        "sdr:write": "Send service detail records",
        "sdr:read": "Read your service detail records",
        "settlement:read": "Read your settlement statements",
        "settlement:write": "Object to your settlement statements",
        "dispute:write": "Open and answer disputes, accept and withdraw records",
        "dispute:read": "Read your disputes",
        "counter:write": "Send counter-records",
        "counter:read": "Read your counter-records and what matching found",
        "registry:write": "Send EVSEs, meter keys, credentials and authorizations",
        "registry:read": "Read your registries",
        "manifest:write": "Send your daily manifests",
        "tariff:write": "Publish tariffs, consent to or refuse increases",
        "tariff:read": "Read your tariffs, and what counts for you",
        "session:write": "Tell of the service sessions at your stations",
        "session:read": "Read the service sessions at your stations and of your drivers",
        "remote:write": "Start, stop, reserve and unlock from afar, and tell the outcome",
        "remote:read": "Read remote requests and reservations",
        "location:write": "Tell your locations and how their EVSEs stand",
        "location:read": "Read your locations, and those of CSOs that you have an agreement with",
        "authorization:write": "Ask whether somebody may charge",
        "directory:read": "Read with whom your parties roam",
    },
    "SCOPES_BACKEND_CLASS": "partners.api.scopes.ClientScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "PKCE_REQUIRED": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    # RFC 9700, OAuth 2.0 Security Best Current Practice; tokens are stored as checksums only.
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,
    "COMPLIANT_BCP_RFC9700_REFRESH_TOKEN": True,
    "COMPLIANT_BCP_RFC9700_REDIRECT_URI_SCHEME": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Clearing house partner API",
    "DESCRIPTION": "Service detail records in, settlement statements out.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["partners.api.schema.add_components"],
    "OAUTH2_FLOWS": ["clientCredentials"],
    "OAUTH2_TOKEN_URL": "/o/token/",
    "OAUTH2_SCOPES": OAUTH2_PROVIDER["SCOPES"],
}
# Records in one batch; bytes of one batch after decompression.
BATCH_MAX_RECORDS = 10_000
BATCH_MAX_BYTES = 32 * 1024 * 1024
# Evidence: bytes of one file, and files of one dispute.
DISPUTE_FILE_MAX_BYTES = 10 * 1024 * 1024
DISPUTE_FILES_MAX = 20
# Partners' webhooks at plain http and at private addresses: never in production.
WEBHOOKS_MAY_BE_LOCAL = env.env_bool("WEBHOOKS_MAY_BE_LOCAL", default=DEBUG and not PRODUCTION)

# --- Roaming ------------------------------------------------------------------------------------

# The clearing house's own party code on the wire, as DE*CLH.
HUB_COUNTRY_CODE = env.env_str("HUB_COUNTRY_CODE", "DE")
HUB_PARTY_ID = env.env_str("HUB_PARTY_ID", "CLH")
# Where partners' systems reach this installation, as https://clearing.example; what is told outside
# of a request (addresses for call-backs) begins with it.
PUBLIC_URL = env.env_str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
# Partners' systems at plain http and at private addresses: a laboratory's, never in production.
PARTNERS_MAY_BE_LOCAL = env.env_bool(
    "PARTNERS_MAY_BE_LOCAL", default=WEBHOOKS_MAY_BE_LOCAL and not PRODUCTION
)
# Calls to one partner's system at once in one process. Below WEB_THREADS, so that a system which
# hangs leaves threads for the others; further calls are refused at once.
PARTNER_CALLS_AT_ONCE = int(env.env_str("PARTNER_CALLS_AT_ONCE", "6"))

# Where certifications that staff and labs start listen for a partner's answers, and where partners
# reach that place. Empty: cases that wait for a call of the partner's fail unless it is local.
CERTIFICATION_BIND = env.env_str("CERTIFICATION_BIND", "127.0.0.1:0")
CERTIFICATION_PUBLIC_URL = env.env_str("CERTIFICATION_PUBLIC_URL", "")

# How long a CSP may take to say whether somebody may charge; somebody stands at the station.
AUTHORIZATION_TIMEOUT_S = float(env.env_str("AUTHORIZATION_TIMEOUT_S", "5"))

# --- Jobs ---------------------------------------------------------------------------------------

CELERY_TASK_DEFAULT_QUEUE = env.env_str("CELERY_QUEUE", "clearinghouse")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_RESULT_EXPIRES = 86_400

# --- Money --------------------------------------------------------------------------------------

# INSTRUCTION_ONLY: positions become instructions between partners; we hold nobody's money.
MONEY_FLOW = env.env_choice(
    "MONEY_FLOW", ["INSTRUCTION_ONLY", "PI_PARTNER", "CCP"], default="INSTRUCTION_ONLY"
)
# The clearing house's SEPA creditor identifier, such as DE98ZZZ09999999999; collections need it.
SEPA_CREDITOR_ID = env.env_str("SEPA_CREDITOR_ID", "")

# The ECB's main refinancing rate in percent, by the day from which it is in force; interest for
# late payment is 8 points above it. Enter each change here, as "2025-06-11=2.15,2026-02-04=2.00".
MAIN_REFINANCING_RATES = env.env_str("MAIN_REFINANCING_RATES", "2025-06-11=2.15")

# --- Seal ---------------------------------------------------------------------------------------

# PKCS #12 file with the certificate and key that seal documents (PAdES), and its password; empty:
# documents are not sealed.
SEAL_CERTIFICATE = env.env_str("SEAL_CERTIFICATE", "")
SEAL_PASSWORD = env.env_str("SEAL_PASSWORD", "")

# --- Letters ------------------------------------------------------------------------------------

# Where letters about documents leave: smtp+tls://user:password@mail.example:587; empty: nowhere.
EMAIL_URL = env.env_str("EMAIL_URL", "")
# Letters about logins and bank accounts leave by the same server; without one they lie as files.
_mail = urlsplit(EMAIL_URL)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_URL else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "letters"
EMAIL_HOST = _mail.hostname or "localhost"
EMAIL_PORT = _mail.port or {"smtp+tls": 587, "smtps": 465}.get(_mail.scheme, 25)
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = unquote(_mail.username or ""), unquote(_mail.password or "")
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.scheme == "smtp+tls", _mail.scheme == "smtps"
EMAIL_TIMEOUT = 30
# Whom those letters come from.
DEFAULT_FROM_EMAIL = env.env_str("MAIL_FROM", "clearing-house@localhost")

# --- Logs ---------------------------------------------------------------------------------------

# logs.py tells it, from what our own proxy says.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOGGING = logs.configure(
    as_json=PRODUCTION,
    level=env.env_str("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING"),
)

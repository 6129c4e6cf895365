"""The one settings file. Everything an operator can set is read through ``env``, which also makes the documents' table.

Faults are collected in SETTINGS_PROBLEMS; serving processes and ``manage.py check`` refuse to go on with any.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF

from accounts.plans.prices import problems_of_prices
from glucose_platform.api_settings import API_DOCUMENT
from glucose_platform.api_settings import REST_FRAMEWORK as REST_FRAMEWORK
from glucose_platform.embedded import completed_environment, state_directory
from glucose_platform.env import NOT_USED_YET, Env, database_from_url
from glucose_platform.redis_urls import redis_url_for
from reports.theme import UNFOLD as UNFOLD
from tenancy.origins import problems_of_origins

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = state_directory(os.environ)
# What the embedded services wrote at their start stands in for what the environment does not give.
env = Env(completed_environment(STATE_DIR, os.environ))

VERSION = "0.1.0"
API_VERSION = "1"

APP_ENV = env.choice(
    "APP_ENV",
    "production",
    ("production", "development", "demo", "test"),
    help="production refuses demo credentials and insists on TLS; demo and development run over plain HTTP on loopback",
)
PRODUCTION = APP_ENV == "production"
DEMO = APP_ENV == "demo"
TESTING = APP_ENV == "test"

SECRET_KEY = env.required(
    "SECRET_KEY",
    secret=True,
    help="signs sessions and tokens; at least 32 characters",
    advice="Give 32 or more random characters: python -c 'import secrets; print(secrets.token_urlsafe(48))'",
)
if not SECRET_KEY:
    # Commands that help to repair the settings still run; nothing that serves does.
    SECRET_KEY = secrets.token_urlsafe(48)
elif len(SECRET_KEY) < 32:
    env.problems.append("SECRET_KEY must have at least 32 characters.")
DEBUG = env.boolean("DEBUG", False, help="Django's debug pages; never with patients' data")
if DEBUG and PRODUCTION:
    env.problems.append("DEBUG must be false in production: its pages show patients' data.")

HOST = env.text("HOST", "127.0.0.1", help=f"{NOT_USED_YET}: give the web server its address by its own --host")
PORT = env.integer("PORT", 8000, help="port that PUBLIC_URL names where it is not given", minimum=1, maximum=65_535)
ALLOWED_HOSTS = env.items("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"), help="host names that are served")
PUBLIC_URL = env.text(
    "PUBLIC_URL", f"http://127.0.0.1:{PORT}", help="address under which people reach the platform"
).rstrip("/")
if PRODUCTION and not PUBLIC_URL.startswith("https://"):
    # No exception for loopback: links that set passwords are made from it.
    env.problems.append(f"PUBLIC_URL must begin with https:// in production, not be {PUBLIC_URL}.")
CORS_ORIGINS = env.items(
    "CORS_ORIGINS", help="origins whose web pages may call the API: JSON list or commas; * for all, not in production"
)
env.problems += problems_of_origins(CORS_ORIGINS, production=PRODUCTION)
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type", "last-event-id", "x-api-key", "x-request-id")
CORS_EXPOSE_HEADERS = ("Retry-After", "X-Request-ID")
CORS_ALLOW_CREDENTIALS = False  # the API ignores cookies: a bearer token only

# Production names its keys, so that they can be rotated and kept apart; elsewhere they follow from SECRET_KEY.
_derive_from = None if PRODUCTION else SECRET_KEY
TOKEN_SIGNING_KEYS = env.keyring(
    "TOKEN_SIGNING_KEYS", derive_from=_derive_from, help="Ed25519 seeds that sign access tokens"
)
KMS_KEY_ID = env.text(
    "KMS_KEY_ID", help="AWS KMS key (ARN, id or alias) that wraps new keys in the place of ENCRYPTION_KEYS; extra aws"
)
KMS_REGION = env.text("KMS_REGION", help="its region, where the AWS configuration of the host does not tell")
ENCRYPTION_KEYS = env.keyring(
    "ENCRYPTION_KEYS",
    derive_from=_derive_from,
    optional=bool(KMS_KEY_ID),
    help="keys that wrap the data keys of clinics and patients, where KMS_KEY_ID does not",
)
AUDIT_SIGNING_KEYS = env.keyring(
    "AUDIT_SIGNING_KEYS", derive_from=_derive_from, help="Ed25519 seeds that sign the seals of the audit ledger"
)
AUDIT_S3_BUCKET = env.text(
    "AUDIT_S3_BUCKET", help="bucket with object lock that keeps the heads of the audit ledger; needs the extra aws"
)

env.refuse("JWT_SECRET", "Access tokens are signed with TOKEN_SIGNING_KEYS: set that (`manage.py keys generate`).")
env.refuse("ALGORITHM", "The algorithm of access tokens is fixed: remove it.")
env.refuse("API_KEY_SECRET", "Device keys are random and kept as digests (`manage.py device_key issue`): remove it.")

INSTALLED_APPS = [
    "glucose_platform",
    "simulator",
    "reports",
    "alerts",
    "dexcom_sync",
    "vitals",
    "readings",
    "devices",
    "patients",
    "accounts",
    "audit",
    "tenancy",
    # Not "unfold": that would put its own site in the place of ours.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "glucose_platform.admin_site.GlucoseAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_structlog",
    "corsheaders",
    "csp",
]

MIDDLEWARE = [
    "glucose_platform.middleware.observe_requests",
    "glucose_platform.request_log.RequestLog",
    "glucose_platform.security_headers.add_security_headers",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "glucose_platform.origins.AllowedOrigins",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "glucose_platform.middleware.answer_when_the_database_is_away",
    "glucose_platform.middleware.resolve_principal",
    "glucose_platform.ledger.keep_the_ledger",
    "glucose_platform.request_limits.limit_requests",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "glucose_platform.urls"
WSGI_APPLICATION = "glucose_platform.wsgi.application"
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
            ],
            "builtins": ["reports.clinic_forms"],
        },
    }
]


def _database_url() -> str:
    if url := env.text(
        "DATABASE_URL", secret=True, help="PostgreSQL as glucose_app: postgresql://user:password@host/db"
    ):
        return url
    name = env.text("DB_NAME", "glucose", help="database name, where DATABASE_URL is not given")
    user = env.text("DB_USER", "glucose_app", help="database role, where DATABASE_URL is not given")
    password = env.text("DB_PASSWORD", secret=True, help="its password")
    host = env.text("DB_HOST", help="database host, where DATABASE_URL is not given")
    port = env.integer("DB_PORT", 5432, help="database port, where DATABASE_URL is not given")
    return f"postgresql://{user}:{password}@{host}:{port}/{name}" if host else ""


DB_POOL_MIN = env.integer("DB_POOL_MIN", 1, help="connections that a web process keeps open")
DB_POOL_MAX = env.integer("DB_POOL_MAX", 10, help="connections that a web process opens at most", minimum=1)
WEB_THREADS = env.integer(
    "WEB_THREADS", 8, help="requests that asgi.py lets Django work on at once; no more than DB_POOL_MAX", minimum=1
)
# Only web processes pool: a pool's threads do not survive the fork of a Celery worker.
_POOLED = os.environ.get("GLUCOSE_PROCESS") == "web"


def _database(url: str) -> dict[str, Any]:
    try:
        parts = database_from_url(url)
    except ValueError as error:
        env.problems.append(f"A database URL cannot be read: {error}.")
        return {"ENGINE": "tenancy.postgresql", "NAME": "unconfigured"}
    options = dict(parts.pop("OPTIONS"))  # type: ignore[call-overload]
    options.setdefault("application_name", f"glucose-{os.environ.get('GLUCOSE_PROCESS', 'command')}")
    if _POOLED:
        options["pool"] = {"min_size": DB_POOL_MIN, "max_size": max(DB_POOL_MIN, DB_POOL_MAX), "timeout": 5}
    else:
        options["connect_timeout"] = 5
    return {
        "ENGINE": "tenancy.postgresql",
        "CONN_MAX_AGE": 0 if _POOLED else 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": True,
        "OPTIONS": options,
        **parts,
    }


if not (_url := _database_url()):
    env.problems.append(
        "DATABASE_URL is not set. Run `manage.py services start` for an embedded PostgreSQL, "
        "or `manage.py database prepare --admin-url URL` for your own and set the lines it prints."
    )
DATABASES: dict[str, Any] = {"default": _database(_url or "postgresql:///unconfigured")}
# Migrations, backups and tests only; wsgi and celery refuse to serve where it is present.
_owner_url = env.text("DATABASE_OWNER_URL", secret=True, help="the owner's URL: migrate and backup, never serving")
_serving = "GLUCOSE_PROCESS" in os.environ
_owner_given = any(os.environ.get(name) for name in ("DATABASE_OWNER_URL", "DATABASE_OWNER_URL_FILE"))
if _owner_url and (not _serving or _owner_given):
    DATABASES["owner"] = {**_database(_owner_url), "ATOMIC_REQUESTS": False}
DATABASE_EDGE_URL = env.text(
    "DATABASE_EDGE_URL", secret=True, help="the data plane's URL (glucose_edge); needed where asgi.py is served"
)
EDGE_POOL_MIN = env.integer("EDGE_POOL_MIN", 2, help="connections that a process of the data plane keeps open")
EDGE_POOL_MAX = env.integer("EDGE_POOL_MAX", 12, help="connections that it opens at most", minimum=2)
EDGE_PREPARED_STATEMENTS = env.boolean(
    "EDGE_PREPARED_STATEMENTS", True, help="false behind a pooler that does not keep them: PgBouncer before 1.21"
)
LIVE_STREAMS = env.integer("LIVE_STREAMS", 2000, help="live streams of a process of the data plane", minimum=1)
LIVE_STREAMS_PER_PERSON = env.integer("LIVE_STREAMS_PER_PERSON", 10, help="of them of one person", minimum=1)
DATABASE_PLATFORM_URL = env.text(
    "DATABASE_PLATFORM_URL", secret=True, help=f"read-only URL across clinics, for reports by psql; {NOT_USED_YET}"
)
TEST_DATABASE_URL = env.text("TEST_DATABASE_URL", secret=True, help="a superuser's URL that `make test` may use")
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _redis_url() -> str:
    if url := env.text("REDIS_URL", secret=True, help="Valkey or Redis: redis://:password@host:6379"):
        return url
    host = env.text("REDIS_HOST", help="host, where REDIS_URL is not given")
    port = env.integer("REDIS_PORT", 6379, help="port, where REDIS_URL is not given")
    password = env.text("REDIS_PASSWORD", secret=True, help="its password")
    return f"redis://:{password}@{host}:{port}" if host else ""


if not (_redis := _redis_url()):
    env.problems.append(
        "REDIS_URL is not set. Run `manage.py services start` for an embedded Valkey, or give your own server's URL."
    )
    _redis = "redis://127.0.0.1:6379"
REDIS_DATABASES = {"broker": 0, "cache": 1, "limits": 2}
LIMITS_REDIS_URL = redis_url_for(_redis, REDIS_DATABASES["limits"], "client")
# Redis is never load-bearing for truth: a request waits this long for it, and goes on without.
REDIS_BUDGET_SECONDS = 0.1

_CACHE = {
    "BACKEND": "django_redis.cache.RedisCache",
    "LOCATION": redis_url_for(_redis, REDIS_DATABASES["cache"], "client"),
    "KEY_FUNCTION": "tenancy.cache.organization_key",
}
_CACHE_OPTIONS = {
    "SOCKET_CONNECT_TIMEOUT": REDIS_BUDGET_SECONDS,
    "SOCKET_TIMEOUT": REDIS_BUDGET_SECONDS,
    "IGNORE_EXCEPTIONS": True,
}
CACHES = {
    "default": {**_CACHE, "OPTIONS": _CACHE_OPTIONS},
    # Results of analytics, sealed (reports/glucose/kept.py).
    "results": {
        **_CACHE,
        "KEY_PREFIX": "results",
        "OPTIONS": {**_CACHE_OPTIONS, "SERIALIZER": "tenancy.cache.Bytes"},
    },
}

CELERY_BROKER_URL = redis_url_for(_redis, REDIS_DATABASES["broker"], "celery")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "celerybeat-schedule")

AUTH_USER_MODEL = "accounts.User"
# The e-mail is unique whatever its case, by a constraint that this check does not read.
SILENCED_SYSTEM_CHECKS = ["auth.W004"]
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    # Of earlier systems: read, and hashed anew with the first at the next sign-in.
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
    "accounts.passwords.WholePasswordBcryptHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "accounts.passwords.MaximumLengthValidator", "OPTIONS": {"max_length": 128}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.passwords.NoDemoPasswordValidator"},
]
ACCESS_TOKEN_EXPIRE_MINUTES = env.integer("ACCESS_TOKEN_EXPIRE_MINUTES", 10, help="life of an access token", minimum=1)

# A moving window each; what is counted by is said in the help. `tenancy.limits` answers by these names.
RATE_LIMITS = {
    "public": env.rate("LIMIT_PUBLIC", "1200/minute", help="requests without a sign-in, of one address"),
    "sign_in": env.rate("LIMIT_SIGN_IN", "60/minute", help="requests to /auth without a sign-in, of one address"),
    "reads": env.rate("LIMIT_READS", "600/minute", help="reads of one person or device key"),
    "writes": env.rate("LIMIT_WRITES", "300/minute", help="writes of one person"),
    "device_writes": env.rate("LIMIT_DEVICE_WRITES", "6000/minute", help="posts with one device key"),
    "sign_in_failures": env.rate(
        "LIMIT_SIGN_IN_FAILURES", "5/15 minutes", help="failed sign-ins of one account from one address, then a lock"
    ),
    "proofs": env.rate(
        "LIMIT_PROOFS", "5/15 minutes", help="wrong codes, and passwords asked for once more, of one person"
    ),
    "sign_in_failures_account": env.rate(
        "LIMIT_SIGN_IN_FAILURES_ACCOUNT", "50/hour", help="failed sign-ins of one account from all addresses"
    ),
    "sign_in_failures_slowed": env.rate(
        "LIMIT_SIGN_IN_FAILURES_SLOWED",
        "2/15 minutes",
        help="tries from each address while LIMIT_SIGN_IN_FAILURES_ACCOUNT is reached: slower for all, shut for nobody",
    ),
    "sign_in_failures_address": env.rate(
        "LIMIT_SIGN_IN_FAILURES_ADDRESS", "100/15 minutes", help="failed sign-ins of all accounts from one address"
    ),
    "channel_tests": env.rate("LIMIT_CHANNEL_TESTS", "10/15 minutes", help="tests of one clinic's alarm channels"),
    "provisioning": env.rate("LIMIT_PROVISIONING", "60/15 minutes", help="tries to claim a device, from one address"),
    "provisioning_failures": env.rate(
        "LIMIT_PROVISIONING_FAILURES", "10/15 minutes", help="wrong claim codes from one address, then a lock"
    ),
    "provisioning_code": env.rate("LIMIT_PROVISIONING_CODE", "5/15 minutes", help="tries with one claim code"),
    "mails": env.rate("LIMIT_MAILS", "5/hour", help="mails that anybody can have sent to one address"),
}

MAX_GLUCOSE_READING_RATE = env.integer(
    "MAX_GLUCOSE_READING_RATE", 30, help="seconds between two single readings of a device", minimum=1
)
GLUCOSE_MIN_VALUE = env.integer("GLUCOSE_MIN_VALUE", 40, help="lowest value a device may post, mg/dL", minimum=10)
GLUCOSE_MAX_VALUE = env.integer(
    "GLUCOSE_MAX_VALUE", 400, help="highest value a device may post, mg/dL", minimum=100, maximum=1000
)
if GLUCOSE_MIN_VALUE >= GLUCOSE_MAX_VALUE:
    env.problems.append("GLUCOSE_MIN_VALUE must be below GLUCOSE_MAX_VALUE.")
DEVICE_LOG_ENTRIES = env.integer(
    "DEVICE_LOG_ENTRIES", 10_000, help="entries of a device's own log that are kept", minimum=500, maximum=1_000_000
)
DEVICE_LOG_DAYS = env.integer("DEVICE_LOG_DAYS", 30, help="days for which they are kept", minimum=7, maximum=365)
DEVICE_HEARTBEAT_DAYS = env.integer(
    "DEVICE_HEARTBEAT_DAYS",
    90,
    help="days for which a heartbeat of each quarter of an hour is kept; they go month by month",
    minimum=30,
    maximum=730,
)
ENCRYPTION_KEY = env.text("ENCRYPTION_KEY", secret=True, help="Fernet key of an earlier system, for `import_history`")
# Dexcom registers an application for each of its regions. The plain names are for DEXCOM_ENVIRONMENT; people of another
# region can connect once that region's names are set.
DEXCOM_CLIENT_ID = env.text("DEXCOM_CLIENT_ID", help="from Dexcom's developer portal; empty: nobody can connect")
DEXCOM_CLIENT_SECRET = env.text("DEXCOM_CLIENT_SECRET", secret=True, help="from Dexcom's developer portal")
DEXCOM_REDIRECT_URI = env.text(
    "DEXCOM_REDIRECT_URI", help="where Dexcom sends people back, exactly as registered: https://.../auth/callback"
)
DEXCOM_ENVIRONMENT = env.choice(
    "DEXCOM_ENVIRONMENT", "sandbox", ("sandbox", "us", "eu", "jp"), help="region that DEXCOM_CLIENT_ID is registered in"
)
DEXCOM_APPLICATIONS = {
    region: (
        env.text(f"DEXCOM_{region.upper()}_CLIENT_ID", help=f"of the application in the region {region}"),
        env.text(f"DEXCOM_{region.upper()}_CLIENT_SECRET", secret=True, help="belongs to it"),
    )
    for region in ("us", "eu", "jp")
}
DEXCOM_APPLICATIONS = {region: pair for region, pair in DEXCOM_APPLICATIONS.items() if pair[0]} | (
    {DEXCOM_ENVIRONMENT: (DEXCOM_CLIENT_ID, DEXCOM_CLIENT_SECRET)} if DEXCOM_CLIENT_ID else {}
)
DEXCOM_SANDBOX_URL = env.text(
    "DEXCOM_SANDBOX_URL",
    "https://sandbox-api.dexcom.com",
    help="the region sandbox; `manage.py dexcom_sandbox` is another one",
).rstrip("/")
DEXCOM_OAUTH_VERSION = env.choice("DEXCOM_OAUTH_VERSION", "v3", ("v2", "v3"), help="of the addresses of the consent")
COMMAND_RETENTION_DAYS = env.integer(
    "COMMAND_RETENTION_DAYS", 365, help="how long commands of devices are kept after their end", minimum=1
)
DEXCOM_CALLS_PER_HOUR = env.integer(
    "DEXCOM_CALLS_PER_HOUR",
    48_000,
    help="calls to each region, of 60,000 that Dexcom allows",
    minimum=1,
    maximum=60_000,
)
DEXCOM_CALL_BURST = env.integer("DEXCOM_CALL_BURST", 200, help="calls at once beyond the steady rate", minimum=1)
DEXCOM_POLL_MINUTES = env.integer(
    "DEXCOM_POLL_MINUTES", 60, help="between two looks at one connection", minimum=1, maximum=1440
)
DEXCOM_RAW_DAYS = env.integer("DEXCOM_RAW_DAYS", 90, help="how long answers are kept as they came", minimum=1)
DEXCOM_WORKERS = env.integer(
    "DEXCOM_WORKERS",
    4,
    help="worker processes that call Dexcom: what each may do alone while Valkey is away",
    minimum=1,
)
if DEXCOM_CLIENT_ID and not (DEXCOM_CLIENT_SECRET and DEXCOM_REDIRECT_URI):
    env.problems.append("DEXCOM_CLIENT_ID needs DEXCOM_CLIENT_SECRET and DEXCOM_REDIRECT_URI beside it.")
DEFAULT_PLAN = env.choice(
    "DEFAULT_PLAN",
    "unlimited",
    ("unlimited", "free"),
    help="plan of clinics that have no subscription, or none any more",
)
BILLING_GRACE_DAYS = env.integer(
    "BILLING_GRACE_DAYS",
    14,
    help="days in which everything goes on after a payment failed or the plan became smaller",
    minimum=1,
    maximum=365,
)
STRIPE_SECRET_KEY = env.text("STRIPE_SECRET_KEY", secret=True, help="owners pay by Stripe; empty: invoices by hand")
STRIPE_WEBHOOK_SECRET = env.text(
    "STRIPE_WEBHOOK_SECRET", secret=True, help="signs what Stripe posts to /api/v1/billing/stripe/webhook"
)
STRIPE_PRICES = env.items(
    "STRIPE_PRICES", help="Stripe's price of each plan and period that is sold: clinic:monthly:price_1, ..."
)
STRIPE_URL = env.text("STRIPE_URL", "https://api.stripe.com", help="Stripe's API").rstrip("/")
if STRIPE_SECRET_KEY and not STRIPE_WEBHOOK_SECRET:
    env.problems.append("STRIPE_SECRET_KEY needs STRIPE_WEBHOOK_SECRET beside it: payments are told by webhook.")
env.problems += problems_of_prices(STRIPE_PRICES)
FIREBASE_PROJECT_ID = env.text("FIREBASE_PROJECT_ID", help="project whose ID tokens may sign in; empty: none")
FIREBASE_CERTIFICATES_URL = env.text(
    "FIREBASE_CERTIFICATES_URL",
    "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com",
    help="where the certificates that sign ID tokens are published",
)

# Where services that take alarms are; others than these only for their other regions and for tests.
PAGERDUTY_URL = env.text(
    "PAGERDUTY_URL",
    "https://events.pagerduty.com",
    help="PagerDuty's events API; Europe: https://events.eu.pagerduty.com",
).rstrip("/")
TWILIO_URL = env.text("TWILIO_URL", "https://api.twilio.com", help="Twilio's API, which sends SMS").rstrip("/")
FCM_URL = env.text("FCM_URL", "https://fcm.googleapis.com", help="Firebase Cloud Messaging, which sends push").rstrip(
    "/"
)
GOOGLE_TOKEN_URL = env.text(
    "GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token", help="where Google gives access tokens for push"
)
# Not an operator's choice: tests run receivers of webhooks on this machine.
WEBHOOKS_MAY_REACH_LOOPBACK = False

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
# Files that are sent hold patients' readings: they stay in memory, since the other handler writes them to the disk in
# plain. A larger one does not arrive. The multipart frame around the largest file that is taken has its place, too.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 21 * 1024 * 1024

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
FORMAT_MODULE_PATH = "glucose_platform.formats"
USE_TZ = True

STATIC_URL = "/static/"
# Collected once for production; elsewhere the files are served from where they lie.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = _serving and not PRODUCTION
WHITENOISE_AUTOREFRESH = APP_ENV == "development"

EMAIL_HOST = env.text(
    "EMAIL_HOST", help="mail server; without it demo and development print mails, production cannot send"
)
_print_mails = "accounts.mail.NoMailServer" if PRODUCTION else "django.core.mail.backends.console.EmailBackend"
EMAIL_BACKEND = env.text(
    "EMAIL_BACKEND",
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else _print_mails,
    help="Django mail backend; follows from EMAIL_HOST where it is not given",
)
EMAIL_PORT = env.integer("EMAIL_PORT", 587, help="the mail server's port", minimum=1, maximum=65_535)
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", True, help="talk to the mail server over STARTTLS")
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", help="who signs in to the mail server; empty: nobody has to")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", secret=True, help="their password")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text(
    "EMAIL_FROM", f"Glucose Platform <no-reply@{urlsplit(PUBLIC_URL).hostname}>", help="sender of the platform's mails"
)

STAFF_SECOND_FACTOR = env.choice(
    "STAFF_SECOND_FACTOR",
    "offered" if DEMO or TESTING else "required",
    ("required", "offered"),
    help="whether staff need a one-time password to sign in; the platform's support always does",
)

# Not an operator's choice; tests sign the support in by the hundred.
SUPPORT_SECOND_FACTOR = "offered" if TESTING else "required"

SESSION_ENGINE = "accounts.browser_sessions.engine"
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
SESSION_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
SECURE_SSL_REDIRECT = PRODUCTION and env.boolean("SECURE_SSL_REDIRECT", True, help="send plain HTTP to HTTPS")
SECURE_REDIRECT_EXEMPT = [r"^health$", r"^api/v1/health$", r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUST_PROXY = env.boolean(
    "TRUST_PROXY", False, help="requests come through a proxy that sets X-Forwarded-Proto and X-Forwarded-For itself"
)
PROXY_COUNT = env.integer(
    "PROXY_COUNT", 1, help="proxies in a row that append to X-Forwarded-For, with TRUST_PROXY", minimum=1, maximum=9
)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

SPECTACULAR_SETTINGS = {**API_DOCUMENT, "VERSION": VERSION}

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOG_LEVEL = env.text("LOG_LEVEL", "INFO", help=", ".join(LOG_LEVELS)).upper()
if LOG_LEVEL not in LOG_LEVELS:
    env.problems.append(f"LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not {LOG_LEVEL!r}.")
    LOG_LEVEL = "INFO"
LOGGING_CONFIG = "glucose_platform.logs.configure"
LOGGING = {"level": LOG_LEVEL, "json": PRODUCTION, "messages": DEBUG}
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestLog has looked at it

EVENTS_DYNAMODB_TABLE = env.text(
    "EVENTS_DYNAMODB_TABLE", help="DynamoDB table that also keeps events, errors and audit actions; needs the extra aws"
)
SENTRY_DSN = env.text(
    "SENTRY_DSN", secret=True, help="a Sentry that is told of errors, without texts or values; needs the extra sentry"
)
OTEL_EXPORTER_OTLP_ENDPOINT = env.text(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    help="an OpenTelemetry collector (http://host:4318) that gets spans of requests and tasks; needs the extra tracing",
).rstrip("/")
LOGGING["events"] = bool(EVENTS_DYNAMODB_TABLE)

METRICS_TOKEN = env.text("METRICS_TOKEN", secret=True, help="bearer token for /metrics from beyond loopback")

SETTINGS_PROBLEMS: list[str] = env.problems

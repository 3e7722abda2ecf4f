"""Every setting of Lampwalk, read from top to bottom; outside values come through `env` alone.

Production differs from a laptop by variables only. docs/settings.md lists them all.
"""

from pathlib import Path
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from kombu import Exchange, Queue

from ecosystem.config import env
from ecosystem.config.logs import configure_structlog, logging_config

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# What this process is

DATA_DIR = env.folder(
    "DATA_DIR", BASE_DIR / ".data", shown=".data", help="Where the embedded servers and the mail sink keep their files."
)
# Commands of a checkout where `bin/up` has run find its servers and secrets here, unless told of another database.
if not env.is_given("DATABASE_URL"):
    env.load_file(DATA_DIR / "embedded.env")
DEBUG = env.flag(
    "DEBUG", default=False, help="Development mode: error pages with details, no secrets needed. Never in production."
)
EMBEDDED = env.flag(
    "EMBEDDED", default=False, help="Set by `bin/up` itself: this process belongs to the embedded servers."
)
PROCESS_KIND = env.text(
    "PROCESS_KIND",
    "command",
    help="`web`, `worker` or `command`: chooses the limit on how long one statement may take.",
)
PRODUCT_NAME = env.text("PRODUCT_NAME", "Lampwalk", help="The name that pages and mails show.")

# Where it is reached

PUBLIC_URL = env.url(
    "PUBLIC_URL",
    "http://127.0.0.1:8000",
    help="The address under which people reach this installation; every link in a mail starts with it.",
)
_public = urlsplit(PUBLIC_URL)
HTTPS = _public.scheme == "https"
_on_this_machine = _public.hostname in {"127.0.0.1", "localhost", "::1"}
if not DEBUG and not HTTPS and not _on_this_machine:
    raise env.SettingsRefused("PUBLIC_URL must begin with https:// outside this machine.")
ALLOWED_HOSTS = env.words(
    "ALLOWED_HOSTS",
    tuple({_public.hostname or "", "localhost", "127.0.0.1"} - {""}) if _on_this_machine else (_public.hostname or "",),
    shown="the host of PUBLIC_URL",
    help="Host names this installation answers to.",
)
LEAVING_FILE = env.text(
    "LEAVING_FILE",
    help="While this file is there, `/readyz` says no: made before the web processes are asked to stop. `bin/up` does.",
)
TRUSTED_PROXIES = env.number(
    "TRUSTED_PROXIES",
    0,
    help="How many proxies of ours stand in front. 0: forwarding headers are believed from nobody.",
)

# Secrets, one for each use, so that each can be changed alone


def _for_development(name: str) -> str | None:
    return f"development-only-{name}-of-more-than-fifty-characters-in-all" if DEBUG else None


SECRET_KEY = env.secret(
    "SECRET_KEY",
    min_length=50,
    debug_default=_for_development("session-key"),
    help="Signs sessions and forms; 50 characters or more.",
)
SECRET_KEY_FALLBACKS = env.words(
    "SECRET_KEY_FALLBACKS", help="Former SECRET_KEYs that are still accepted while one is changed."
)
PUBLIC_TOKEN_KEYS = env.keys(
    "PUBLIC_TOKEN_KEYS",
    debug_default=f"d1:{_for_development('token-key')}" if DEBUG else None,
    help="Signs the links in mails: `id:secret,id:secret`; the first signs, all open. Keep old ones two years.",
)
FIELD_KEYS = env.keys(
    "FIELD_KEYS",
    debug_default=f"d1:{_for_development('field-key')}" if DEBUG else None,
    help="Encrypts what is stored sealed: `id:secret,id:secret`; the first encrypts, all decrypt.",
)
ADDRESS_HASH_KEYS = env.keys(
    "ADDRESS_HASH_KEYS",
    debug_default=f"d1:{_for_development('address-hash-key')}" if DEBUG else None,
    help="Keys the hashes of suppressed addresses: `id:secret,id:secret`; the first is used, old ones must stay.",
)

# What it is made of

INSTALLED_APPS = [
    "ecosystem",
    "contacts",
    "campaigns",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "django_htmx",
    "django_cotton",
    "django_structlog",
]
MIDDLEWARE = [
    "ecosystem.middleware.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ecosystem.compression.PageCompressionMiddleware",
    "ecosystem.middleware.FailureMiddleware",
    "ecosystem.body_limits.BodyLimitMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "ecosystem.middleware.FramedMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ecosystem.session_limits.SessionLimitsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ecosystem.middleware.TenantMiddleware",
    "ecosystem.visits.VisitsMiddleware",
    "ecosystem.rest.entry.KeyMiddleware",
]
ROOT_URLCONF = "ecosystem.config.urls"
WSGI_APPLICATION = "ecosystem.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "ecosystem.context.business_context",
            ],
        },
    }
]
COTTON_DIR = "cotton"
FORM_RENDERER = "ecosystem.forms.rendering.DesignRenderer"

# The database: one role for work, another one for migrations (only where MIGRATION_DATABASE_URL is given)

DATABASE_URL = env.url(
    "DATABASE_URL",
    shown="the embedded PostgreSQL",
    help="PostgreSQL 18 or newer as the role crm_app: postgres://crm_app:...@host/name.",
)
MIGRATION_DATABASE_URL = env.url(
    "MIGRATION_DATABASE_URL", help="The same database as crm_owner. For `migrate` alone: never given to web or workers."
)
if not DATABASE_URL:
    raise env.SettingsRefused(
        "DATABASE_URL is not set and no embedded server has been made here yet; start bin/up once."
    )
# How long one statement may take; the database backend sets it on every connection it opens.
STATEMENT_TIMEOUT = {"web": "5s", "worker": "60s"}.get(PROCESS_KIND, "0")


def _database(url: str) -> dict[str, object]:
    config = environ.Env.db_url_config(url)
    options = {"connect_timeout": 5, "application_name": f"lampwalk-{PROCESS_KIND}", **config.get("OPTIONS", {})}
    return {**config, "ENGINE": "ecosystem.base.postgres", "OPTIONS": options}


DATABASES = {
    "default": {
        **_database(DATABASE_URL),
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 60, help="Seconds a database connection is kept between requests."),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "TEST": {"MIRROR": "owner"},
    },
}
if MIGRATION_DATABASE_URL:
    DATABASES["owner"] = {**_database(MIGRATION_DATABASE_URL), "TEST": {"DEPENDENCIES": []}}
PREPARED_STATEMENTS = env.flag(
    "PREPARED_STATEMENTS",
    default=True,
    help="Plan long statements once a connection. 0 where PgBouncer stands in front in transaction mode.",
)
DATABASE_ROUTERS = ["ecosystem.base.postgres.routing.OwnerMigrates"]

# Redis wakes and caches; it remembers nothing that must not be lost

REDIS_URL = env.url(
    "REDIS_URL",
    "redis://127.0.0.1:6379/0",
    shown="the embedded Redis",
    help="The broker of Celery; policy `noeviction`.",
)
CACHE_URL = env.url(
    "CACHE_URL", REDIS_URL.rpartition("/")[0] + "/1", shown="database 1 of REDIS_URL", help="A Redis that may forget."
)
CACHES = {
    "default": {
        "BACKEND": "ecosystem.config.cache.ForgivingRedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": "lampwalk",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

# Language, time, files

LANGUAGE_CODE = "en"
# What a business may write to its customers in. The team's own pages are in English.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["ecosystem.formats"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATIC_ROOT = env.folder(
    "STATIC_ROOT",
    BASE_DIR / "staticfiles",
    shown="staticfiles",
    help="Where `collectstatic` puts the files that are served.",
)
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = DATA_DIR / "media"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
FILE_UPLOAD_PERMISSIONS = 0o600

# What browsers are told (spec: one strict policy, no third party, no frame)

SECURE_SSL_REDIRECT = HTTPS
# The API answers 403 over plain http instead of redirecting a key; health checks come from inside.
SECURE_REDIRECT_EXEMPT = [r"^api/", r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# Sessions and cookies: `__Host-` names wherever https is spoken

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "__Host-sid" if HTTPS else "sid"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 30 * 24 * 3600
# Only "keep me signed in" outlives the browser; ecosystem/session_limits.py ends the others sooner.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if HTTPS else []
LANGUAGE_COOKIE_SECURE = HTTPS
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Accounts

AUTH_USER_MODEL = "ecosystem.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "ecosystem.passwords.GuessablePasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
PASSWORD_RESET_TIMEOUT = 3600
ACCOUNT_ADAPTER = "ecosystem.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "ecosystem.forms.account.LoginForm",
    "signup": "ecosystem.forms.account.SignupForm",
}
# allauth's own limits live in the cache and are lost with it; ecosystem/login_limits.py counts in PostgreSQL.
ACCOUNT_RATE_LIMITS = False
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_HMAC = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Whoever confirms in the browser that signed up is signed in; in another one they sign in first.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "website"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "ecosystem.accounts.MFAAdapter"
MFA_FORMS = {
    "authenticate": "ecosystem.forms.account.AuthenticateForm",
    "reauthenticate": "ecosystem.forms.account.ReauthenticateForm",
    "activate_totp": "ecosystem.forms.account.ActivateForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = PRODUCT_NAME
# Phones go wrong by some seconds: the code before and the code after count too.
MFA_TOTP_TOLERANCE = 1
USERSESSIONS_TRACK_ACTIVITY = False

# The API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ecosystem.rest.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["ecosystem.rest.authentication.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["ecosystem.rest.formats.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["ecosystem.rest.formats.JsonRenderer"],
    "DEFAULT_SCHEMA_CLASS": "ecosystem.api.schema.ScopedSchema",
    "EXCEPTION_HANDLER": "ecosystem.rest.errors.answer_error",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": PRODUCT_NAME,
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "People, consents and letters of one business, for programs. See /api/docs.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "ecosystem.api.schema.add_problems"],
    "SERVERS": [{"url": PUBLIC_URL}],
    "ENUM_NAME_OVERRIDES": {
        "Channel": "contacts.models.Channel",
        "ConsentChannel": "contacts.api.consents.CHANNELS",
        "Stage": "contacts.models.Stage",
        "Kind": "contacts.api.people_filter.KINDS",
        "SideKind": "contacts.models.RoleAssignment.Kind",
        "StepKind": "campaigns.models.Step.Kind",
        "ConsentAct": "contacts.models.Act",
        "BulkEditAct": "contacts.models.BulkEdit.Act",
        "NextStepOutcome": "contacts.models.NextStep.Outcome",
        "SequenceState": "campaigns.models.Sequence.State",
        "EnrollmentState": "campaigns.models.Enrollment.State",
        "MessageState": "campaigns.models.Message.State",
        "JobState": "ecosystem.models.Job.State",
        "DifferingField": "contacts.api.import_reviews.FIELDS",
        "MergeField": "contacts.api.merges.FIELDS",
    },
}

# Mail out

MAIL_SINK_DIR = env.text(
    "MAIL_SINK_DIR", help="Set by `bin/up` when it runs the mail sink: where the mails lie that /dev/mail/ shows."
)
RUNNING_MARKS_DIR = env.text(
    "RUNNING_MARKS_DIR",
    "/dev/shm",  # noqa: S108 - a folder of our own is made in it, for us alone
    help="Where in memory a worker notes which mail it has begun. Empty, or not there: in the database, slower.",
)
EMAIL_URL = env.url(
    "EMAIL_URL",
    "smtp://127.0.0.1:2525",
    shown="the embedded mail sink",
    help="The SMTP server of this installation: smtp://, smtp+tls:// or smtp+ssl://user:password@host:port.",
)
vars().update(environ.Env.email_url_config(EMAIL_URL))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text(
    "DEFAULT_FROM_EMAIL", f"{PRODUCT_NAME} <hello@example.com>", help="The sender of sign-in and verification mails."
)

MAIL_PROVIDER_URLS = dict(
    word.partition("=")[::2]
    for word in env.words(
        "MAIL_PROVIDER_URLS",
        help="Where a mail provider is reached, if not at its own address: `postmark=https://proxy.example.com`.",
    )
)
DNS_SERVERS = env.words(
    "DNS_SERVERS",
    shown="those of the machine",
    help="Resolvers that are asked whose a domain is and who receives for it: `10.0.0.53,[2001:db8::53]:5353`.",
)
MAY_REACH_THIS_MACHINE = env.flag(
    "MAY_REACH_THIS_MACHINE",
    default=DEBUG,
    shown="1 in DEBUG",
    help="Let a mail server that a business names stand on this machine. For development; never in production.",
)

# Texts out and in

TEXT_SINK_DIR = env.text(
    "TEXT_SINK_DIR", help="Set by `bin/up` when it runs the text sink: where the texts lie that /dev/texts/ shows."
)
SMS_URL = env.url(
    "SMS_URL",
    shown="the embedded text sink",
    help="The account for texts: sms+https://name:secret@host/path?from=+12025550100 or twilio://SID:TOKEN@api.twilio.com"
    "?from=+12025550100. Without one no text is sent.",
)
SMS_SECOND_SECRET = env.text(
    "SMS_SECOND_SECRET",
    help="Another secret that what the provider of texts sends to us may be signed with, while the one in SMS_URL is"
    " changed.",
)

# How fast letters and texts may leave: 0 is no limit but what providers and receivers ask for

SENDS_PER_SECOND = env.number("SENDS_PER_SECOND", 0, help="What one account at a provider takes a second; 0: no limit.")
SENDS_PER_SECOND_BUSINESS = env.number(
    "SENDS_PER_SECOND_BUSINESS", 0, help="What one business may send a second; 0: no limit."
)
SENDS_PER_SECOND_SENDER = env.number(
    "SENDS_PER_SECOND_SENDER", 0, help="What may be sent a second from one domain or number; 0: no limit."
)
SENDS_PER_SECOND_RECEIVERS = env.number(
    "SENDS_PER_SECOND_RECEIVERS",
    0,
    help="What Google, Microsoft, Yahoo and every other house that receives get a second, each; 0: no limit.",
)
SENDS_PER_DAY = env.number("SENDS_PER_DAY", 0, help="What one business may send in a day of its own; 0: no limit.")
SENDS_FIRST_DAYS = [
    int(count)
    for count in env.words(
        "SENDS_FIRST_DAYS",
        ("50", "100", "250", "500", "1000", "2500", "5000", "10000", "25000", "50000"),
        help="What a new business may send on its first day of sending, its second, and so on; `0` for no such steps.",
    )
    if int(count) > 0
]

# How much of the installation one business may use; `set_quota` gives a single one a figure of its own

MOST_PEOPLE = env.number("MOST_PEOPLE", 2_000_000, help="How many people one business may hold; 0: no limit.")
MOST_STORAGE_MB = env.number(
    "MOST_STORAGE_MB", 5_000, help="How many megabytes of files one business may keep; 0: no limit."
)
MOST_IMPORTS_AT_ONCE = env.number(
    "MOST_IMPORTS_AT_ONCE", 3, help="How many lists of one business come in at once; 0: no limit."
)

# The log

LOG_LEVEL = env.text(
    "LOG_LEVEL", "INFO", help="The least important level that is written: DEBUG, INFO, WARNING or ERROR."
)
LOG_JSON = env.flag("LOG_JSON", default=not DEBUG, shown="1 outside DEBUG", help="Write log lines as JSON.")
configure_structlog()
LOGGING = logging_config(as_json=LOG_JSON, level=LOG_LEVEL)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = 10
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = 10
DJANGO_STRUCTLOG_CELERY_TASK_SUCCESS_LOG_LEVEL = 10

# Faults on purpose, for tests on this machine only

FAULT_PLAN = env.text(
    "FAULT_PLAN", help="Where a test breaks this process: `point:n:kill`. Ignored on a public address."
)
if not _on_this_machine:
    FAULT_PLAN = ""
FAULT_DIR = env.folder("FAULT_DIR", DATA_DIR / "faults", shown=".data/faults", help="Where FAULT_PLAN counts its hits.")

# Background work: Celery only wakes, PostgreSQL remembers

LANES = ("transactional", "sequence", "broadcast", "import", "webhooks", "maintenance")
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "socket_connect_timeout": 2}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 50
# A wake-up that cannot be sent is dropped at once: the row waits and the sweep finds it.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_TASK_DEFAULT_QUEUE = "maintenance"
CELERY_TASK_QUEUES = [Queue(lane, Exchange(lane), routing_key=lane) for lane in LANES]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_TIMEZONE = "UTC"

# Which task travels in which lane; what is not named here travels with `maintenance`.
CELERY_TASK_ROUTES: dict[str, dict[str, str]] = {}

# What beat wakes, and how often. `expires`: a tick that nobody took is worthless when the next one comes.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, object]] = {
    **{
        f"work-{lane}": {
            "task": "ecosystem.work_lane",
            "schedule": 1.0,
            "args": [lane],
            "options": {"queue": lane, "expires": 2},
        }
        for lane in LANES
    },
    "account-emails": {
        "task": "ecosystem.send_account_emails",
        "schedule": 1.0,
        "options": {"queue": "transactional", "expires": 2},
    },
    "look-up-receivers": {
        "task": "campaigns.look_up_receivers",
        "schedule": 5.0,
        "options": {"queue": "maintenance", "expires": 10},
    },
    "sweep-agenda": {
        "task": "ecosystem.sweep_agenda",
        "schedule": 10.0,
        "options": {"queue": "maintenance", "expires": 15},
    },
}

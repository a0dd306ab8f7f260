"""The portal's settings: the production truth, read from the environment, secure by default.

Every variable is listed in `.env.example` and explained in `docs/operations.md`.
"""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.utils.csp import CSP

from demarches.rules.sms import gateway_problem
from uzes_portal.country_names import COUNTRY_NAMES
from uzes_portal.env import env_bool, env_int, env_list, env_secret, env_str

# Lets typed code write ModelForm[Dossier] and ModelAdmin[Dossier] at run time as well.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_str("VAR_DIR") or BASE_DIR / "var")
VAR_DIR.mkdir(parents=True, exist_ok=True)

DEBUG = env_bool("DEBUG", default=False)


def _generated_once(name: str, make: Callable[[], str] = get_random_secret_key) -> str:
    """A secret for development, made at the first start and kept in var/."""
    path = VAR_DIR / name
    if not path.exists():
        path.write_text(make(), encoding="utf-8")
        path.chmod(0o600)
    return path.read_text(encoding="utf-8")


SECRET_KEY = env_secret("SECRET_KEY")
if not SECRET_KEY:
    if not DEBUG:
        raise ImproperlyConfigured(
            "SECRET_KEY manque : réglez SECRET_KEY ou SECRET_KEY_FILE (DEBUG=1 en fait une)."
        )
    SECRET_KEY = _generated_once("secret_key")

#: While it is being changed: the keys before it, separated by commas. They open, and sign nothing.
SECRET_KEY_FALLBACKS = [
    key.strip() for key in env_secret("SECRET_KEY_FALLBACKS").split(",") if key.strip()
]
#: Secrets that seal the journal, one after the other: the first one signs, all of them verify.
JOURNAL_KEYS = [key for key in env_secret("JOURNAL_KEYS").split(",") if key] or [SECRET_KEY]

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS") or (["127.0.0.1", "localhost", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
#: Public address of the portal, used for the links in mails and on paper.
SITE_URL = env_str("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
#: Legal notice: who hosts the portal (name, address, phone) and who answers for what it says.
LEGAL_HOST = env_str("LEGAL_HOST")
LEGAL_PUBLISHER = env_str("LEGAL_PUBLISHER")
#: Whom to tell about a weakness (mailto: or https:), in /.well-known/security.txt.
SECURITY_CONTACT = env_str("SECURITY_CONTACT")
#: Result of an accessibility audit, as docs/accessibility.md describes it; none by default.
ACCESSIBILITY_AUDIT_FILE = env_str("ACCESSIBILITY_AUDIT_FILE")
#: Whoever holds it reads the figures of `/mesures/`; empty: the address is not there.
METRICS_TOKEN = env_secret("METRICS_TOKEN")
METRICS_DIR = VAR_DIR / "metrics"
if METRICS_TOKEN:
    METRICS_DIR.mkdir(exist_ok=True)
    # Read by prometheus_client when it is imported: processes then count in files.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(METRICS_DIR)
ADMIN_PATH = env_str("ADMIN_PATH", "agents").strip("/")

INSTALLED_APPS = [
    "uzes_portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "crispy_forms",
    "phonenumber_field",
    "django_countries",
    "demarches.apps.OutboxConfig",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.mfa",
    "uzes_portal.apps.PortalConfig",
    "demarches.apps.DemarchesConfig",
    "pacs.apps.PacsConfig",
    "vitale.apps.VitaleConfig",
]

MIDDLEWARE = [
    "uzes_portal.metrics.RequestMiddleware",
    "uzes_portal.metrics.MetricsMiddleware",
    "uzes_portal.headers.EveryAnswerMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "uzes_portal.headers.MethodsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "uzes_portal.address_guard.AddressGuardMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "demarches.web.request_memory.RequestMemoryMiddleware",
    "demarches.serving.kept_pages.KeptPagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "demarches.accounts.staff_sessions.StaffSessionMiddleware",
    "uzes_portal.middleware.DoorsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "uzes_portal.headers.WaysOutMiddleware",
    "demarches.mail.limits.MailLimitsMiddleware",
    "demarches.accounts.devices.DeviceMiddleware",
    "uzes_portal.middleware.RefusalsLogMiddleware",
    "uzes_portal.middleware.PrivacyHeadersMiddleware",
    "uzes_portal.middleware.RefusalPagesMiddleware",
    "uzes_portal.answers.AnswerByRedirectMiddleware",
    "uzes_portal.middleware.TimeLimitMiddleware",
    "uzes_portal.middleware.DeskTextMiddleware",
]

ROOT_URLCONF = "uzes_portal.urls"
WSGI_APPLICATION = "uzes_portal.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.csp",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "demarches.serving.context_processors.mairie",
                "uzes_portal.context_processors.accessibility",
            ],
            "builtins": ["demarches.templatetags.portal", "django.templatetags.i18n"],
        },
    },
]

# Parts of pages that depend on the values in their key alone: in the process, ten minutes at most.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "fragments": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "fragments",
    },
}

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        env_str("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'portal.sqlite3'}",
        conn_max_age=env_int("CONN_MAX_AGE", 600),
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a writer takes its lock when the transaction opens, so that « read, decide,
    # write » is serialised as SELECT … FOR UPDATE does on PostgreSQL.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # Nobody waits for long behind somebody else's lock: they are told, and choose again.
    DATABASES["default"]["OPTIONS"] = {"options": "-c lock_timeout=3000 -c statement_timeout=20000"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "demarches.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "demarches.accounts.adapter.CodeBackend",
    "demarches.oidc.links.ProConnectBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "demarches.accounts.local_words.LocalWordsValidator"},
    {"NAME": "demarches.accounts.breached_passwords.BreachedPasswordsValidator"},
]
#: Passwords stolen elsewhere, ordered by their digests; empty: the common ones of Django alone.
BREACHED_PASSWORDS_FILE = env_str("BREACHED_PASSWORDS_FILE")
# Residents have no password: they type a code sent to their address.
ACCOUNT_ADAPTER = "demarches.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # the code is the proof
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 3
ACCOUNT_LOGIN_TIMEOUT = 3600
ACCOUNT_RATE_LIMITS = False  # ours count across processes, see RATE_LIMITS
#: Scope: (times, seconds). An address may be shared by a whole building. A procedure adds its own.
RATE_LIMITS: dict[str, tuple[int, int]] = {
    "sign_in_ip": (30, 600),
    # Codes: for an address and a place, by hour and by day; for an address, from everywhere,
    # and how many a place may still ask for once that is used up (`demarches.mail.limits`).
    "sign_in_email": (8, 3600),
    "sign_in_email_day": (20, 86_400),
    "sign_in_target": (40, 86_400),
    "sign_in_target_share": (3, 86_400),
    # Mails that residents make leave: by sender, by sender and reader, by unknown reader.
    "mail_sender": (40, 86_400),
    "mail_pair": (12, 86_400),
    "mail_target": (6, 86_400),
    "code_ip": (60, 600),
    # Tries of one code, whoever types it; longer than any code lives.
    "code_tries": (5, 3600),
    "staff_ip": (30, 600),
    "staff_account": (10, 600),
    "staff_account_anywhere": (60, 3600),
    "staff_device": (10, 600),
    "staff_factor": (5, 900),
    "staff_recover": (5, 3600),
    "upload": (120, 3600),
    "upload_account": (60, 3600),
    "unlock": (20, 600),
    "pdf": (60, 600),
    # A program reads the agenda every hour, or minute by minute; agents share an address.
    "agenda_feed": (240, 3600),
    "booking": (60, 600),
    # The first letters of a name, behind the link of a mail: for one link, and for a place.
    "mail_link": (6, 86_400),
    "mail_link_ip": (20, 3600),
    "search": (120, 600),
    "compute": (600, 600),
    "dossier_open": (20, 3600),
    "message": (30, 3600),
    "feedback": (10, 3600),
    # One opinion a person: longer than a dossier is kept after it was sent.
    "feedback_once": (1, 2 * 365 * 86_400),
    "csp_report": (60, 600),
    # Every text of a busy day, told by one machine.
    "sms_receipt": (1200, 600),
}
#: Heavy works on this machine: at once, waiting, the seconds they wait (`demarches.files.places`).
#: The threads of one web server process must be more than their sum (docs/operations.md).
PLACES: dict[str, tuple[int, int, float]] = {
    "checks": (env_int("CHECKS_AT_ONCE", 2), 2, 3),
    "previews": (1, 3, 5),
    "renderings": (env_int("RENDERINGS_AT_ONCE", 2), 4, 4),
}
PLACES_DIR = VAR_DIR / "places"
#: Memory of a process for public pages, which are kept while what they say is true; none where
#: somebody works on the templates.
KEPT_PAGES_BYTES = 0 if DEBUG else 16 * 1024 * 1024
#: Memory of a process for papers made lately, and for how many seconds: the same text is the same
#: paper. They tell of people: they stay in the process, and not for long.
KEPT_PAPERS_BYTES, KEPT_PAPERS_SECONDS = 8 * 1024 * 1024, 600
#: Seconds that checking all the files of one request may take, and making one document.
CHECK_SECONDS = 12
RENDER_SECONDS = 15
#: Seconds a request may take once its body has arrived, and after which a process that cannot
#: stop it ends; 0 means no limit.
REQUEST_SECONDS = env_int("REQUEST_SECONDS", 30)
REQUEST_LAST_SECONDS = 2 * REQUEST_SECONDS
#: How many proxies of ours stand in front and append to X-Forwarded-For; 0 means none.
TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 0)
# Agents come in by a password, then a second factor; their sessions end by themselves.
STAFF_SECOND_FACTOR = env_bool("STAFF_SECOND_FACTOR", default=not DEBUG)
STAFF_IDLE_SECONDS = env_int("STAFF_IDLE_SECONDS", 30 * 60)
STAFF_SESSION_SECONDS = env_int("STAFF_SESSION_SECONDS", 12 * 3600)
#: How long the link of a forgotten password opens.
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "demarches.accounts.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a telephone's clock may be half a minute late
MFA_RECOVERY_CODE_DIGITS = 10
#: Identity providers, each off until its issuer, client and secret are given (`manage.py check`
#: refuses half of it). No login of django-allauth's own is served: see `demarches.oidc`.
OPENID_PROVIDERS: dict[str, dict[str, Any]] = {
    "franceconnect": {
        "issuer": env_str("FRANCECONNECT_ISSUER"),
        "client_id": env_str("FRANCECONNECT_CLIENT_ID"),
        "client_secret": env_secret("FRANCECONNECT_CLIENT_SECRET"),
        "algorithm": env_str("FRANCECONNECT_ALGORITHM", "RS256"),
        "scope": env_str("FRANCECONNECT_SCOPE", "openid given_name family_name email"),
        "acr": env_str("FRANCECONNECT_ACR", "eidas1"),
        "pkce": env_bool("FRANCECONNECT_PKCE", default=False),
        "button": env_str("FRANCECONNECT_BUTTON"),
    },
    "proconnect": {
        "issuer": env_str("PROCONNECT_ISSUER"),
        "client_id": env_str("PROCONNECT_CLIENT_ID"),
        "client_secret": env_secret("PROCONNECT_CLIENT_SECRET"),
        "algorithm": env_str("PROCONNECT_ALGORITHM", "RS256"),
        "scope": env_str("PROCONNECT_SCOPE", "openid given_name usual_name email"),
        "pkce": env_bool("PROCONNECT_PKCE", default=False),
        "second_factor": STAFF_SECOND_FACTOR,
        "button": env_str("PROCONNECT_BUTTON"),
    },
}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "demarches:account"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français")]
#: The other languages of the public pages: `demarches.web.languages`.
LOCALE_PATHS = [BASE_DIR / "uzes_portal" / "locale"]
#: The town’s clock; `manage.py nouvelle_mairie` tells the one of an overseas town.
TIME_ZONE = env_str("TIME_ZONE", "Europe/Paris")
USE_I18N = True
USE_TZ = True
PHONENUMBER_DEFAULT_REGION = "FR"
PHONENUMBER_DEFAULT_FORMAT = "NATIONAL"
COUNTRIES_FIRST = ["FR"]
COUNTRIES_OVERRIDE = COUNTRY_NAMES

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
#: Files that `manage.py build_assets` makes (style sheet, subset fonts); never committed.
BUILD_DIR = VAR_DIR / "build"
BUILD_DIR.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static", BUILD_DIR]
#: The colours of the town, beside those of `static/css/tokens.css`: `nouvelle_mairie` writes it.
TOWN_STYLE = VAR_DIR / "couleurs.css"
#: Its logo (`demarches.files.logo`), written by the same command.
TOWN_LOGO = VAR_DIR / "logo.png"
#: Where the pieces sent by residents are kept, encrypted; never under a public folder.
PRIVATE_ROOT = Path(env_str("PRIVATE_ROOT") or VAR_DIR / "private")
#: The bucket that keeps the pieces in place of `PRIVATE_ROOT`, on a server that speaks S3
#: (`demarches.files.bucket`).
S3_BUCKET = env_str("S3_BUCKET")
S3_SERVER = {
    "endpoint_url": env_str("S3_ENDPOINT"),
    "region_name": env_str("S3_REGION", "us-east-1"),
    "access_key": env_secret("S3_ACCESS_KEY"),
    "secret_key": env_secret("S3_SECRET_KEY"),
}
#: Where the nightly backup goes: a folder, or « s3:bucket » on the same server (empty: none is
#: made); archives leave beyond so many, or so many days.
BACKUP_DIR = env_str("BACKUP_DIR")
BACKUPS_KEPT = env_int("BACKUPS_KEPT", 30)
BACKUP_DAYS = env_int("BACKUP_DAYS", 35)


def _kept_in(bucket: str, folder: Path) -> dict[str, Any]:
    """A storage for what is sealed: the bucket when one is named, else the folder, ours alone."""
    if not bucket:
        options = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, **options},
        }
    if not all(S3_SERVER.values()):
        raise ImproperlyConfigured(
            "Un bucket demande S3_ENDPOINT, S3_ACCESS_KEY et S3_SECRET_KEY : l’un d’eux manque."
        )
    return {
        "BACKEND": "demarches.files.bucket.Bucket",
        "OPTIONS": S3_SERVER | {"bucket_name": bucket},
    }


STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
    # What `manage.py backup` writes: sealed archives, best on another machine.
    "backups": _kept_in(
        BACKUP_DIR.removeprefix("s3:") if BACKUP_DIR.startswith("s3:") else "",
        Path(BACKUP_DIR or VAR_DIR / "backups"),
    ),
    "private": _kept_in(S3_BUCKET, PRIVATE_ROOT),
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False  # no page of another site needs our files
#: Where the plan B is written each evening, a folder that a machine of the counter copies.
PLAN_B_DIR = env_str("PLAN_B_DIR")
#: « id:key,id:key », each key 32 bytes in base64: the first one encrypts the files, all decrypt.
FILE_KEYS = env_secret("FILE_KEYS")
if not FILE_KEYS:
    if not DEBUG:
        raise ImproperlyConfigured(
            "FILE_KEYS manque : réglez FILE_KEYS ou FILE_KEYS_FILE (DEBUG=1 en fait une)."
        )
    FILE_KEYS = "dev:" + _generated_once(
        "file_key", lambda: base64.b64encode(os.urandom(32)).decode()
    )
#: Files stay in memory until they are encrypted: none is ever on the disk in clear.
FILE_UPLOAD_HANDLERS = ["demarches.files.upload_handler.BoundedMemoryHandler"]
UPLOAD_MAX_BYTES_PER_REQUEST = env_int("UPLOAD_MAX_BYTES_PER_REQUEST", 40_000_000)
#: A phone's photo of 12 million points weighs 2 to 8 MB, a scanned page less than 2 MB.
UPLOAD_MAX_BYTES = env_int("UPLOAD_MAX_BYTES", 10_000_000)
#: Many phones write photos of 48 or 50 million points.
UPLOAD_MAX_PIXELS = 51_000_000
#: Longest side kept, in points: an A4 page at 210 dots an inch.
UPLOAD_MAX_SIDE = 2_500
UPLOAD_MAX_PAGES = 40
UPLOAD_MAX_FILES_PER_PIECE = 10
UPLOAD_MAX_BYTES_PER_DOSSIER = env_int("UPLOAD_MAX_BYTES_PER_DOSSIER", 150_000_000)
#: « host:port » or the path of the socket of a ClamAV daemon; empty means no antivirus.
CLAMD_ADDRESS = env_str("CLAMD_ADDRESS")
#: The archive of the national guidance (co-marquage), and whether it is fetched each night.
COMARQUAGE_URL = env_str(
    "COMARQUAGE_URL",
    "https://lecomarquage.service-public.gouv.fr/vdd/3.5/part/zip/vosdroits-latest.zip",
)
COMARQUAGE_DAILY = env_bool("COMARQUAGE_DAILY", default=not DEBUG)
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

CRISPY_ALLOWED_TEMPLATE_PACKS = "uzes"
CRISPY_TEMPLATE_PACK = "uzes"
CRISPY_FAIL_SILENTLY = False

# Security: section 7 of the quality bar. Development over plain HTTP cannot use Secure cookies.
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    # The icon of the tab is within its address: a picture runs nothing (ADR 0081).
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
    # Two ways to say where, for browsers old and new: uzes_portal/headers.py.
    "report-uri": ["/rapports/csp/"],
    "report-to": ["csp"],
}
SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_HSTS_SECONDS = 0 if DEBUG else env_int("SECURE_HSTS_SECONDS", 63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = not DEBUG
SECURE_HSTS_PRELOAD = not DEBUG
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if env_bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_NAME = "sessionid" if DEBUG else "__Host-sessionid"
SESSION_COOKIE_SECURE = not DEBUG
SESSION_ENGINE = "uzes_portal.sessions"
SESSION_COOKIE_AGE = 12 * 3600
DEVICE_COOKIE_NAME = "device" if DEBUG else "__Host-device"
CSRF_COOKIE_NAME = "csrftoken" if DEBUG else "__Host-csrftoken"
CSRF_COOKIE_SECURE = not DEBUG
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "uzes_portal.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 300
#: The page of the pieces has an input a piece, and an empty one counts; what they weigh together
#: and how long their checks last is bounded by the request.
DATA_UPLOAD_MAX_NUMBER_FILES = 40

DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "ne-pas-repondre@localhost")
SERVER_EMAIL = env_str("SERVER_EMAIL", DEFAULT_FROM_EMAIL)
#: Whatever Django sends becomes a row of the outbox; `manage.py send_mails` delivers the rows.
#: Without a server in development, they are only read at /courriels/.
SMTP_HOST = env_str("EMAIL_HOST")
if not SMTP_HOST and not DEBUG:
    raise ImproperlyConfigured("EMAIL_HOST manque : le nom du serveur qui envoie les mails.")
MAILERS: dict[str, Any] = {
    "default": {"BACKEND": "post_office.EmailBackend"},
    "smtp": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": SMTP_HOST,
            "port": env_int("EMAIL_PORT", 587),
            "username": env_str("EMAIL_HOST_USER"),
            "password": env_secret("EMAIL_HOST_PASSWORD"),
            "use_tls": env_bool("EMAIL_USE_TLS", default=True),
            "timeout": 20,
        },
    }
    if SMTP_HOST
    else {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"},
}
POST_OFFICE = {"DEFAULT_MAILER": "smtp"}
#: The mailbox of the sender's address, where mails come back; nobody reads it when it is empty.
BOUNCES_HOST = env_str("BOUNCES_HOST")
BOUNCES_PORT = env_int("BOUNCES_PORT", 993)
BOUNCES_USER = env_str("BOUNCES_USER")
BOUNCES_PASSWORD = env_secret("BOUNCES_PASSWORD")
BOUNCES_FOLDER = env_str("BOUNCES_FOLDER", "INBOX")
BOUNCES_USE_TLS = env_bool("BOUNCES_USE_TLS", default=True)
#: The gateway that sends SMS to whoever agreed and has no address; without it, there are none.
SMS_GATEWAY_URL = env_str("SMS_GATEWAY_URL")
SMS_GATEWAY_TOKEN = env_secret("SMS_GATEWAY_TOKEN")
SMS_SENDER = env_str("SMS_SENDER")
#: What the gateway shows when it tells what became of a text; without it, nobody can tell.
SMS_RECEIPT_TOKEN = env_secret("SMS_RECEIPT_TOKEN")
if SMS_GATEWAY_URL and (problem := gateway_problem(SMS_GATEWAY_URL, SMS_SENDER, is_trial=DEBUG)):
    raise ImproperlyConfigured(problem)

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
        },
        "json": {"()": "uzes_portal.log_lines.JsonLines"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line" if DEBUG else "json"}
    },
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    # Each tells every step of its work at the level INFO.
    "loggers": {"fontTools": {"level": "WARNING"}, "weasyprint.progress": {"level": "WARNING"}},
}

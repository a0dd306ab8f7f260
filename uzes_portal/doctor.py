"""What is wrong with this installation, in French, and the line that mends it (`manage.py doctor`).

Beside the checks of `demarches.desk.health`, which watch a portal that runs, these look at how it
was installed. Nothing is changed, and nothing here names a resident.
"""

import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parseaddr
from itertools import islice
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.checks import WARNING, run_checks
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q
from django.http.request import validate_host
from django.utils.timezone import localdate

from demarches.desk.health import Finding, database, look
from demarches.files import storage
from demarches.models import Mairie, Officer, User
from demarches.procedures import procedures
from demarches.rules.communes import department_code_of
from uzes_portal.town_file import CLOCKS

MANAGE = ".venv/bin/python manage.py"
#: Kept files that are opened to see whether the keys are there; `sweep_files` opens them all.
OPENED = 5
MAIL_SECONDS = 5


def examine(*, at: datetime) -> Iterator[Finding]:
    """Every finding, one after the other; those that need a table only once it is there."""
    yield from _settings()
    base = database()
    if not base.is_well:
        yield base
        return
    behind = _migrations()
    yield behind
    if not behind.is_well:
        return
    for check in CHECKS:
        yield from check(at)
    yield from look(at=at)


def _settings() -> Iterator[Finding]:
    found = run_checks(include_deployment_checks=True)
    serious = [one for one in found if one.level >= WARNING and not one.is_silenced()]
    yield Finding(
        "reglages",
        "Réglages",
        f"{len(serious)} à revoir : {', '.join(sorted(str(one.id) for one in serious))}."
        if serious
        else "",
        f"{MANAGE} check --deploy dit lesquels, et quoi écrire.",
    )
    host = urlsplit(settings.SITE_URL).hostname or ""
    yield Finding(
        "adresse",
        "Adresse publique",
        f"SITE_URL mène à « {host} », que ALLOWED_HOSTS ne sert pas."
        if not validate_host(host, settings.ALLOWED_HOSTS)
        else "",
        f"Ajoutez {host or 'le nom du site'} à ALLOWED_HOSTS, ou corrigez SITE_URL.",
    )


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    return Finding(
        "migrations",
        "Tables",
        f"{missing} migrations à faire." if missing else "",
        f"{MANAGE} migrate",
    )


def _assets(at: datetime) -> Iterator[Finding]:
    missing = not (settings.STATIC_ROOT / "staticfiles.json").exists()
    yield Finding(
        "statiques",
        "Feuille de style et images",
        "Elles ne sont pas prêtes : chaque page échouerait." if missing else "",
        f"{MANAGE} build_assets && {MANAGE} collectstatic --noinput",
    )


def _first_rows(at: datetime) -> Iterator[Finding]:
    missing = not (Mairie.objects.exists() and Group.objects.exists())
    yield Finding(
        "donnees",
        "Premières données",
        "La mairie, ou les groupes d’agents, manquent." if missing else "",
        f"{MANAGE} nouvelle_mairie mairie.toml (exemple : docs/deploy/mairie-exemple.toml).",
    )
    mairie = Mairie.objects.current()
    clock = CLOCKS.get(department_code_of(mairie.insee_code)) if mairie else None
    is_late = clock is not None and clock != settings.TIME_ZONE
    yield Finding(
        "heure",
        "Heure locale",
        f"Le portail suit TIME_ZONE={settings.TIME_ZONE} : ce n’est pas l’heure de la commune."
        if is_late
        else "",
        f"Écrivez TIME_ZONE={clock} dans l’environnement, puis redémarrez.",
    )


def _said(at: datetime) -> Iterator[Finding]:
    """What the law wants a public site to say of whoever answers for it."""
    mairie = Mairie.objects.current()
    yield Finding(
        "delegue",
        "Délégué à la protection des données",
        "Personne n’est nommé : « Données personnelles » ne dit pas à qui s’adresser (RGPD,"
        " article 13)."
        if mairie and not mairie.data_protection_contact.strip()
        else "",
        "« Contact pour les données personnelles », dans la mairie, au bureau.",
    )
    empty = [
        name
        for name in ("LEGAL_PUBLISHER", "LEGAL_HOST")
        if not str(getattr(settings, name)).strip()
    ]
    yield Finding(
        "mentions",
        "Mentions légales",
        f"{' et '.join(empty)} {'manquent' if len(empty) > 1 else 'manque'} : la page ne dit pas"
        " qui publie, ou qui héberge."
        if empty
        else "",
        f"Écrivez {' et '.join(empty)} dans l’environnement, puis redémarrez.",
    )
    yield Finding(
        "contact",
        "Contact écrit",
        "La mairie n’a pas d’adresse e-mail : un défaut d’accessibilité ne se signale que par"
        " courrier."
        if mairie and not mairie.email
        else "",
        "« Adresse e-mail », dans la mairie, au bureau.",
        is_minor=True,
    )


def _senders(at: datetime) -> Iterator[Finding]:
    """From where people are written to."""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    # A name without a dot is a machine's, which no other server takes a mail from.
    wrong = "." not in sender.rpartition("@")[2]
    yield Finding(
        "expediteur",
        "Expéditeur des mails",
        f"Les mails partent de « {sender} », que les autres serveurs refusent." if wrong else "",
        "Écrivez DEFAULT_FROM_EMAIL dans l’environnement : une adresse de la commune.",
    )
    others = ("SMS_SENDER", "SMS_GATEWAY_TOKEN", "SMS_RECEIPT_TOKEN")
    named = [name for name in others if str(getattr(settings, name)).strip()]
    yield Finding(
        "sms",
        "SMS",
        f"{' et '.join(named)} sans SMS_GATEWAY_URL : aucun SMS ne part."
        if named and not settings.SMS_GATEWAY_URL
        else "",
        "Écrivez l’adresse de la passerelle dans SMS_GATEWAY_URL, ou effacez ces lignes.",
    )


def _people(at: datetime) -> Iterator[Finding]:
    staff = User.objects.filter(is_staff=True, is_active=True)
    chiefs = staff.filter(Q(is_superuser=True) | Q(groups__name="administrateur")).distinct()
    count = chiefs.count()
    yield Finding(
        "administrateurs",
        "Administrateurs",
        "Personne ne peut administrer."
        if not count
        else "Il n’y en a qu’un : personne ne pourrait l’aider à rentrer."
        if count == 1
        else "",
        f"{MANAGE} createsuperuser, ou « Comptes » au bureau.",
        is_minor=count == 1,
    )
    yield Finding(
        "officiers",
        "Officiers d’état civil",
        ""
        if Officer.objects.in_force(localdate(at)).exists()
        else "Aucun n’est en fonction : rien ne peut être enregistré.",
        "« Officiers d’état civil » au bureau.",
    )
    for procedure in procedures():
        if procedure.findings:
            yield from procedure.findings(at)


def _mail_server(at: datetime) -> Iterator[Finding]:
    options = settings.MAILERS["smtp"].get("OPTIONS", {})
    host, port = options.get("host", ""), options.get("port", 0)
    wrong = "" if host else "Aucun serveur n’est nommé : aucun mail ne part."
    try:
        if host:
            socket.create_connection((host, port), timeout=MAIL_SECONDS).close()
    except OSError:
        wrong = f"Le serveur {host}:{port} ne répond pas : aucun mail ne part."
    yield Finding("smtp", "Serveur de messagerie", wrong, "Vérifiez EMAIL_HOST et EMAIL_PORT.")


def _files(at: datetime) -> Iterator[Finding]:
    inner = storages["private"]
    name = f"doctor-{uuid4().hex}"
    wrong = ""
    try:
        inner.delete(inner.save(name, ContentFile(b"")))
    except OSError as error:
        wrong = f"Rien ne s’y écrit ({type(error).__name__})."
    yield Finding(
        "pieces",
        "Dossier des pièces",
        wrong,
        "Donnez à ces clés le droit de lire, d’écrire, d’effacer et de lister dans S3_BUCKET."
        if settings.S3_BUCKET
        else f"Donnez {settings.PRIVATE_ROOT} à l’utilisateur du service, en 0700.",
    )
    if wrong:
        return
    damaged = 0
    for kept in islice(sorted(storage.owned_names()), OPENED):
        try:
            storage.read(kept)
        except storage.FileDamaged:
            damaged += 1
    yield Finding(
        "cles",
        "Clés des pièces",
        f"{damaged} pièces sur les {OPENED} essayées ne s’ouvrent pas." if damaged else "",
        "Remettez dans FILE_KEYS les clés d’avant ; sweep_files --dry-run dit lesquelles manquent.",
    )


CHECKS: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
    _assets,
    _first_rows,
    _said,
    _people,
    _senders,
    _mail_server,
    _files,
)

"""What the portal does with data about people outside of any procedure, for the register.

The purposes are written here, and nowhere else; how long things are kept is read where the code
that deletes them reads it. Procedures describe their own (`demarches.procedures.Procedure`).
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group as AgentGroup
from django.db.models import Model

from demarches.accounts import devices
from demarches.desk import journal
from demarches.dossiers.retention import CALENDAR, LOOSE_MAILS, UNUSED_ACCOUNT
from demarches.models import (
    AgendaFeed,
    Appointment,
    Closing,
    ClosingCall,
    ClosingLine,
    DeletionRequest,
    DeskReading,
    FeedbackCount,
    Mairie,
    Purge,
    RateCounter,
    Seal,
    SeatTime,
    SignIn,
    StaffSession,
    User,
    Verification,
)
from demarches.oidc.providers import configured
from demarches.rules.processing import (
    Access,
    Controller,
    Group,
    Held,
    KeptFor,
    Measure,
    Server,
    Serves,
    Sheet,
    days,
    length,
    months,
)
from demarches.steps import replay

PERSON: Final = "la personne"
PERSON_AND_AGENTS: Final = "la personne, les agents"
AGENTS: Final = "les agents"
MACHINE: Final = "personne : pour la machine seule"
_AGENT = "l’agent, les administrateurs"
_OFFICER = "le délégué à la protection des données"


def group(words: str, readers: str, columns: str) -> Group:
    return Group(words, readers, tuple(columns.split()))


def keys(columns: str) -> Group:
    """Numbers of rows, locks and the like: they say nothing of anybody, and no page shows them."""
    return Group("", MACHINE, tuple(columns.split()))


def held(model: type[Model], *groups: Group) -> Held:
    """What this model holds; a test wants each of its columns in one of the groups."""
    name = str(model._meta.verbose_name)
    return Held(f"{name[0].upper()}{name[1:]}", model._meta.label, groups)


def shared_sheets() -> list[Sheet]:
    """The sheets of what every procedure shares, as this installation is set."""
    sheets = [_appointments(), _accounts(), _security(), _mails(), _opinions()]
    return sheets + ([_backups()] if settings.BACKUP_DIR else [])


def _appointments() -> Sheet:
    return Sheet(
        title="Rendez-vous",
        purpose="Donner à chacun une heure et une place, et prévenir qui est attendu un jour que la"
        " mairie ferme.",
        basis=(
            "Mission d’intérêt public (RGPD, article 6-1-e) : Code des relations entre le public et"
            " l’administration, articles L112-8 et L112-9.",
        ),
        people=("les personnes attendues", "les agents qui tiennent l’agenda"),
        held=(
            held(
                Appointment,
                group(
                    "jour, heure, lieu, état, référence du dossier",
                    PERSON_AND_AGENTS,
                    "agenda starts_at ends_at status holder place",
                ),
                group(
                    "place, mode de prise, rappels envoyés",
                    AGENTS,
                    "seat capacity at_counter is_exceptional created_at held_until returns_at"
                    " kept_until reminded_week_at reminded_day_at",
                ),
                keys("id uid sequence"),
            ),
            held(SeatTime, keys("id appointment agenda seat at")),
            held(
                Closing,
                group(
                    "jour fermé, motif, agents qui l’ont fermé",
                    AGENTS,
                    "mairie service day last_day from_time until_time reason by at held_until"
                    " abandoned_at closed_at closed_by closure",
                ),
                keys("id"),
            ),
            held(
                ClosingLine,
                group(
                    "ce que devient chaque rendez-vous",
                    AGENTS,
                    "closing appointment seat outcome problem done_at",
                ),
                keys("id"),
            ),
            held(
                ClosingCall,
                group("appels à faire, sans nom", AGENTS, "line position called_at called_by"),
                keys("id"),
            ),
        ),
        access=(Access("Agents qui voient l’agenda", "demarches.view_agenda"),),
        recipients=(
            "Les agents de la démarche dont c’est le rendez-vous",
            "Un agent qui s’abonne lit des heures, jamais un nom",
        ),
        kept=(
            KeptFor(
                "La référence d’un rendez-vous, et un lieu convenu hors de la mairie",
                f"{length(CALENDAR)} après le jour ; aucun nom n’y est jamais",
            ),
            KeptFor("Une journée fermée", f"{length(CALENDAR)} après le jour", is_told=False),
        ),
        measures=(
            Measure(
                "Un agenda lu ailleurs ne dit aucun nom",
                "docs/adr/0085-days-in-a-row-an-hour-of-their-own-a-secret-address.md",
            ),
        ),
    )


def _accounts() -> Sheet:
    # The provider's key stands in a table of django-allauth.
    linked = [
        Held(
            "Lien avec FranceConnect ou ProConnect",
            "",
            [Group("numéro donné par le fournisseur, compte, deux dates", PERSON, ())],
        )
    ]
    is_linked = any(configured(slug) for slug in ("franceconnect", "proconnect"))
    return Sheet(
        title="Comptes",
        purpose="Faire entrer une personne dans son espace sans mot de passe, la prévenir par mail,"
        " et répondre à ses demandes sur ses données.",
        people=("les habitants qui ouvrent un compte", "les agents"),
        held=(
            held(
                User,
                group(
                    "adresse e-mail, jour d’ouverture, dernière entrée",
                    "la personne ; l’adresse, aussi les gens de son dossier et les agents",
                    "email date_joined last_login",
                ),
                group(
                    "nom affiché d’un agent, droits, compte actif",
                    "l’agent, les administrateurs",
                    "full_name is_staff is_superuser is_active",
                ),
                group("mot de passe d’un agent, haché", MACHINE, "password"),
                keys("id"),
            ),
            held(
                DeletionRequest,
                group(
                    "jour de la demande, réponse, motif d’un refus",
                    "la personne, les administrateurs",
                    "account asked_at status reason handled_at",
                ),
                group("qui a répondu", "les administrateurs", "handled_by"),
                keys("id"),
            ),
            *(linked if is_linked else ()),
        ),
        access=(
            Access("Agents qui voient les comptes", "demarches.view_user"),
            Access(
                "Agents qui répondent aux demandes d’effacement", "demarches.change_deletionrequest"
            ),
        ),
        uses=frozenset({Serves.MAILS, Serves.SIGN_IN}),
        kept=(
            KeptFor("Un compte et son adresse e-mail", "jusqu’à sa fermeture"),
            KeptFor("Un compte où personne n’est jamais entré", length(UNUSED_ACCOUNT)),
            *(
                [KeptFor("Le numéro donné par FranceConnect", "jusqu’à son retrait")]
                if configured("franceconnect")
                else ()
            ),
            KeptFor(
                "La réponse à une demande d’effacement",
                f"{months(DeletionRequest.KEPT_MONTHS)} après la réponse, ou avec le compte",
            ),
            KeptFor(
                "Une page refusée, avec ce qui était tapé (chiffrée)",
                "jusqu’à un nouvel envoi,"
                f" {length(timedelta(seconds=replay.KEPT_SECONDS))} au plus",
            ),
            KeptFor(
                "La marque d’un navigateur d’où l’on est entré (un cookie)",
                length(timedelta(seconds=devices.KEPT_SECONDS)),
            ),
        ),
        measures=(
            Measure("Qui peut entrer, et ce qui ralentit qui devine", "docs/security.md#Ways in"),
            Measure("Fermer un compte", "docs/adr/0066-closing-an-account.md"),
        ),
    )


def _security() -> Sheet:
    idle, absolute = (
        length(timedelta(seconds=count))
        for count in (settings.STAFF_IDLE_SECONDS, settings.STAFF_SESSION_SECONDS)
    )
    longest = max(seconds for _, seconds in settings.RATE_LIMITS.values())
    return Sheet(
        title="Journal des consultations et sécurité",
        purpose="Savoir qui a lu ou changé quoi, montrer que le journal n’a pas été réécrit,"
        " ralentir qui devine ou abuse, et protéger l’entrée des agents.",
        people=("les agents", "les habitants dont un dossier est lu", "qui essaie d’entrer"),
        held=(
            held(
                DeskReading,
                group("qui a regardé quoi, et quand", _OFFICER, "agent what detail at"),
                keys("id"),
            ),
            held(
                SignIn,
                group(
                    "essais d’entrée : quand, réseau abrégé, résultat",
                    _AGENT,
                    "user typed at result address",
                ),
                keys("id"),
            ),
            held(
                StaffSession,
                group(
                    "sessions ouvertes : quand, réseau abrégé, navigateur",
                    _AGENT,
                    "user started_at last_seen_at second_factor_at address browser",
                ),
                keys("id"),
            ),
            held(
                AgendaFeed,
                group(
                    "adresse secrète d’un agenda : faite le, lue le",
                    "l’agent",
                    "user made_at read_at",
                ),
                group("son empreinte", MACHINE, "digest"),
                keys("id"),
            ),
            held(
                Verification,
                group(
                    "vérifications du journal : par qui, quand, anomalies",
                    _OFFICER,
                    "at by seals head problems",
                ),
                keys("id"),
            ),
            held(
                Purge,
                group(
                    "effacements du journal : objet, numéro, jour",
                    MACHINE,
                    "at subject subject_id before",
                ),
                keys("id"),
            ),
            held(
                Seal,
                group(
                    "empreintes à clé du journal", MACHINE, "sequence at journal rows key digest"
                ),
            ),
            held(
                RateCounter,
                group("comptes de demandes, sous une empreinte à clé", MACHINE, "key hits ends_at"),
                keys("id"),
            ),
            Held(
                "Second facteur d’un agent",
                "",
                [Group("secret chiffré, ou clé d’accès", MACHINE, ())],
            ),
        ),
        access=(
            Access("Délégué, pour tout le journal", "demarches.read_journal"),
            Access("Agents qui voient les essais d’entrée", "demarches.view_signin"),
        ),
        recipients=(
            "La personne elle-même : quel jour son dossier a été lu, et combien de fois, sans nom",
        ),
        kept=(
            KeptFor("Qui a lu un dossier, et quand", "autant que le dossier"),
            KeptFor(
                "Une consultation qui n’est d’aucun dossier",
                length(journal.READINGS_KEPT),
                is_told=False,
            ),
            KeptFor("Les essais d’entrée des agents", months(SignIn.KEPT_MONTHS), is_told=False),
            KeptFor(
                "Une session d’agent",
                f"{idle} sans geste, {absolute} en tout",
                is_told=False,
            ),
            KeptFor("Un second facteur", "jusqu’à ce qu’il soit retiré", is_told=False),
            KeptFor(
                "L’adresse secrète d’un agenda", "jusqu’à ce qu’elle soit arrêtée", is_told=False
            ),
            KeptFor(
                "Une empreinte qui compte des demandes",
                f"le temps de la limite, {length(timedelta(seconds=longest))} au plus",
                is_told=False,
            ),
            KeptFor(
                "Sceaux, effacements et vérifications du journal",
                "gardés : des empreintes et des nombres de lignes",
                is_told=False,
            ),
            KeptFor(
                "Le journal technique, sans nom ni adresse",
                "réglé sur la machine, hors du portail : six mois à un an (CNIL)",
                is_told=False,
            ),
        ),
        measures=(
            Measure("Un journal qui ne se réécrit pas", "docs/adr/0055-the-journal.md"),
            Measure("Ce que le journal technique ne dit pas", "docs/security.md#Logs"),
        ),
    )


def _mails() -> Sheet:
    return Sheet(
        title="Mails",
        purpose="Prévenir les personnes de ce qui change dans leur démarche, et leur envoyer le"
        " code qui les fait entrer.",
        people=("les habitants qui ont donné une adresse", "les agents"),
        held=(
            Held(
                "Boîte d’envoi",
                "",
                [
                    Group(
                        "adresse, sujet, jour, sort de chaque mail",
                        "les agents qui en ont le droit",
                        (),
                    ),
                    Group(
                        "texte d’un code, d’une liste ou d’un lien : scellé, effacé une fois parti",
                        MACHINE,
                        (),
                    ),
                ],
            ),
        ),
        never="Un sujet ne porte ni un nom, ni la sorte de démarche.",
        access=(Access("Agents qui voient la boîte d’envoi", "post_office.view_email"),),
        uses=frozenset({Serves.MAILS, Serves.BOUNCES}),
        kept=(
            KeptFor("Les mails d’un dossier ou d’une demande", "autant que lui"),
            KeptFor("Les autres mails (codes, compte)", f"{length(LOOSE_MAILS)} après leur départ"),
        ),
        measures=(
            Measure("Une boîte d’envoi", "docs/adr/0022-outbox.md"),
            Measure("Un mail qui revient", "docs/adr/0090-mails-that-come-back.md"),
        ),
    )


def _opinions() -> Sheet:
    return Sheet(
        title="Statistiques : les deux questions de la fin",
        purpose="Savoir si une démarche est facile, par des nombres seuls.",
        people=("les habitants qui répondent, sans qu’aucun soit nommé",),
        held=(
            held(
                FeedbackCount,
                group(
                    "combien de fois chaque réponse, par mois",
                    AGENTS,
                    "procedure month question answer count",
                ),
                keys("id"),
            ),
        ),
        access=(Access("Agents qui lisent les comptes", "demarches.view_feedbackcount"),),
        kept=(
            KeptFor("Les comptes par mois", "gardés : ils ne nomment personne", is_told=False),
            KeptFor(
                "Qu’une personne a répondu (une empreinte à clé)",
                length(timedelta(seconds=settings.RATE_LIMITS["feedback_once"][1])),
                is_told=False,
            ),
        ),
    )


def _backups() -> Sheet:
    return Sheet(
        title="Sauvegardes",
        purpose="Retrouver le portail et les dossiers après une panne.",
        people=("toutes les personnes des autres traitements",),
        held=(
            Held(
                "Archives",
                "",
                [Group("la base et les fichiers, chiffrés", "qui tient les clés", ())],
            ),
        ),
        uses=frozenset({Serves.BACKUPS}),
        kept=(
            KeptFor(
                "Les sauvegardes, où reste jusque-là ce qui vient d’être effacé",
                f"{days(settings.BACKUP_DAYS)} au plus",
            ),
        ),
        measures=(Measure("Une archive scellée", "docs/adr/0072-one-sealed-archive.md"),),
    )


def servers() -> Iterator[Server]:
    """Who else receives data: what the settings name, and nobody that they do not."""
    yield Server(Serves.HOST, settings.LEGAL_HOST)
    bucket_at = urlsplit(settings.S3_SERVER["endpoint_url"]).hostname or ""
    named = {
        Serves.FILES: bucket_at if settings.S3_BUCKET else "",
        Serves.BACKUPS: bucket_at if settings.BACKUP_DIR.startswith("s3:") else "",
        Serves.MAILS: settings.SMTP_HOST,
        Serves.BOUNCES: settings.BOUNCES_HOST,
        Serves.TEXTS: urlsplit(settings.SMS_GATEWAY_URL).hostname or "",
        Serves.ANTIVIRUS: settings.CLAMD_ADDRESS.rpartition(":")[0],
    }
    yield from (Server(serves, name) for serves, name in named.items() if name)
    for slug in ("franceconnect", "proconnect"):
        if provider := configured(slug):
            yield Server(Serves.SIGN_IN, f"{provider.name} ({urlsplit(provider.issuer).hostname})")


def measures() -> Sequence[Measure]:
    """What protects everything alike; the second factor and the backups only while they are on."""
    return [
        Measure("Qui ouvre quoi : une ligne par adresse", "docs/security.md#Who may do what"),
        Measure("Sessions qui finissent", "docs/security.md#Sessions"),
        *(
            [Measure("Second facteur des agents", "docs/adr/0051-agents-sign-in.md")]
            if settings.STAFF_SECOND_FACTOR
            else ()
        ),
        Measure("Clés et secrets", "docs/security.md#Secrets and keys"),
        Measure(
            "Numéros privés refusés par les colonnes",
            "docs/adr/0053-private-numbers-are-refused-by-the-columns.md",
        ),
        *(
            [Measure("Sauvegarde chiffrée chaque nuit", "docs/adr/0072-one-sealed-archive.md")]
            if settings.BACKUP_DIR
            else ()
        ),
        Measure("Chaque exigence de l’ASVS, tenue ou non", "docs/asvs.csv"),
        Measure(
            "Que faire après une violation",
            "docs/data-protection.md#When something went wrong",
        ),
    ]


def controller() -> Controller:
    """The row of the mairie, as it is filled in."""
    mairie = Mairie.objects.current()
    if mairie is None:
        return Controller()
    return Controller(
        name=mairie.name,
        address=mairie.postal_address,
        phone=mairie.phone.as_national if mairie.phone else "",
        email=mairie.email,
        officer=mairie.data_protection_contact,
    )


def holders() -> dict[str, list[str]]:
    """Right -> the groups of agents that hold it."""
    found: dict[str, list[str]] = {}
    rows = AgentGroup.objects.exclude(permissions=None).order_by("name")
    fields = ("name", "permissions__content_type__app_label", "permissions__codename")
    for name, app, codename in rows.values_list(*fields):
        found.setdefault(f"{app}.{codename}", []).append(name)
    return found

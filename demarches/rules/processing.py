"""The register of processing activities (RGPD, article 30): its sheets, and the page they make.

Plain values in, French Markdown out: what a town must be able to show is written from what the
portal does. A legal basis is a proposal until the data-protection officer has confirmed it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from demarches.rules.dates_fr import NBSP, day_fr
from demarches.rules.enums import LabelledStrEnum
from demarches.rules.numbers import plural

TO_CONFIRM = "à confirmer par le délégué à la protection des données"
TO_FILL = "**à renseigner**"
YEAR = timedelta(days=365)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
UNITS = (
    (YEAR, "an", "ans"),
    (DAY, "jour", "jours"),
    (HOUR, "heure", "heures"),
    (timedelta(minutes=1), "minute", "minutes"),
    (timedelta(seconds=1), "seconde", "secondes"),
)


def length(span: timedelta) -> str:
    """« 30 jours », « 24 heures », « 1 an »: the largest unit that says it exactly."""
    for unit, one, many in UNITS:
        count = span // unit
        # « 24 heures » says more than « 1 jour », of what is deleted by the clock.
        if count and not span % unit and (unit, count) != (DAY, 1):
            return f"{count}{NBSP}{one if count == 1 else many}"
    return f"0{NBSP}seconde"


def days(count: int) -> str:
    """As settings count: « 1 jour », « 183 jours »."""
    return f"{count}{NBSP}jour{plural(count)}"


def months(count: int) -> str:
    return f"{count}{NBSP}mois"


class Serves(LabelledStrEnum):
    """What somebody outside of the mairie is there for."""

    HOST = "host", "fait fonctionner le site (hébergeur)"
    FILES = "files", "garde les fichiers, chiffrés avant de partir"
    BACKUPS = "backups", "garde les sauvegardes, chiffrées avant de partir"
    MAILS = "mails", "envoie les mails"
    BOUNCES = "bounces", "reçoit les mails qui reviennent"
    TEXTS = "texts", "remet les SMS à qui n’a pas d’adresse e-mail et les accepte"
    ANTIVIRUS = "antivirus", "cherche des virus dans les fichiers"
    SIGN_IN = "sign_in", "dit qui entre, à qui choisit ce bouton"


@dataclass(frozen=True, slots=True)
class Server:
    """Who receives data because this installation is set so."""

    serves: Serves
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """Columns of one model that the same people read; `words`: what they say."""

    words: str
    readers: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What a model holds about people; without a label, a table that is not ours."""

    title: str
    label: str
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class KeptFor:
    """How long something is kept; `is_told`: to everybody, on the page about personal data."""

    what: str
    until: str
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class Access:
    """Agents who may read: in words, and by the right that their group must hold."""

    words: str
    permission: str


class Fear(LabelledStrEnum):
    """What an impact assessment is afraid of, as the method of the CNIL names it."""

    ACCESS = "access", "Accès illégitime à des données"
    CHANGE = "change", "Modification non désirée de données"
    LOSS = "loss", "Disparition de données"


@dataclass(frozen=True, slots=True)
class Measure:
    """What protects the data, and what shows it: a test, or a document and its section.

    `against` is what the impact assessment counts it for. `missing` says what to set where this
    installation has it not; empty where it holds.
    """

    text: str
    shown: str
    against: frozenset[Fear] = frozenset()
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """A right of the people, how the portal serves it, and what shows that it does.

    Without a proof the portal does nothing of itself: the mairie says how it answers.
    """

    right: str
    how: str
    shown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One processing activity, as its procedure describes it."""

    title: str
    purpose: str
    #: As the sources of the project state it, no further; empty: nothing is proposed.
    basis: Sequence[str] = ()
    people: Sequence[str]
    held: Sequence[Held]
    #: Why some of it is sensitive (article 9); empty when nothing is.
    sensitive: str = ""
    #: What each fear, come true, would do to these people; a sensitive sheet says it of all.
    harms: Mapping[Fear, str] = field(default_factory=dict)
    #: What is refused or never asked.
    never: str = ""
    access: Sequence[Access] = ()
    #: Readers who are no agents.
    recipients: Sequence[str] = ()
    #: Servers of others that it goes through, when the installation has them.
    uses: frozenset[Serves] = frozenset()
    kept: Sequence[KeptFor]
    measures: Sequence[Measure] = ()
    #: Rights that each procedure serves in its own way.
    rights: Sequence[Served] = ()


@dataclass(frozen=True, slots=True)
class Controller:
    """The row of the mairie; empty where nobody has filled it in."""

    name: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    officer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """All that the page says."""

    controller: Controller
    sheets: Sequence[Sheet]
    servers: Sequence[Server]
    measures: Sequence[Measure]
    #: Right -> the groups that hold it.
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    on: date


def bases(sheet: Sheet) -> list[str]:
    """Its legal bases, and once that they are to be confirmed."""
    said = list(sheet.basis)
    return said if any(TO_CONFIRM in basis for basis in said) else [*said, TO_CONFIRM]


def told(sheets: Iterable[Sheet]) -> list[KeptFor]:
    """What everybody reads of how long things are kept."""
    return [row for sheet in sheets for row in sheet.kept if row.is_told]


def markdown(register: Register) -> str:
    """The draft of the register, to be completed and signed by the mairie."""
    return "\n".join(_page(register)).rstrip() + "\n"


def _page(register: Register) -> Iterator[str]:
    one = register.controller
    yield "# Registre des activités de traitement\n"
    yield (
        f"Projet écrit par `manage.py registre` le {day_fr(register.on)}, d’après le code et les"
        " réglages de cette installation (RGPD, article 30). La mairie le relit, le complète et"
        " l’adopte. Les bases légales sont des propositions, "
        f"{TO_CONFIRM}. Les traitements faits hors de ce portail n’y sont pas.\n"
    )
    yield "## Qui répond des traitements\n"
    contact = ", ".join(filter(None, (one_line(one.phone), one_line(one.email))))
    yield from bullets(
        f"Responsable du traitement : {one_line(one.name) or TO_FILL}, représenté par le maire",
        f"Adresse : {one_line(one.address) or TO_FILL}",
        f"Contact : {contact or TO_FILL}",
        "Délégué à la protection des données : "
        + (
            one_line(one.officer)
            or f"{TO_FILL} (« contact pour les données personnelles », dans la mairie, au bureau)"
        ),
    )
    yield "## Les traitements\n"
    yield from (f"{number}. {sheet.title}" for number, sheet in enumerate(register.sheets, 1))
    yield ""
    for number, sheet in enumerate(register.sheets, 1):
        yield from _sheet(number, sheet, register)
    yield "## Ce qui vaut pour tous\n"
    yield "### Sous-traitants et autres serveurs\n"
    yield from bullets(*(server_line(server) for server in register.servers))
    yield (
        "Le portail n’envoie de données sur des personnes à aucun autre serveur. Si la base de"
        " données ou les journaux techniques sont tenus par quelqu’un d’autre, ajoutez-le. Chaque"
        " contrat (RGPD, article 28) est à vérifier par la mairie.\n"
    )
    yield "### Mesures de sécurité\n"
    yield from bullets(*map(measure_line, register.measures))
    yield "### Analyse d’impact\n"
    sensitive = [sheet.title for sheet in register.sheets if sheet.sensitive]
    yield (
        "À signer par la mairie avant l’ouverture, "
        + (f"au moins pour : {', '.join(sensitive)}" if sensitive else "si le délégué la demande")
        + ". `manage.py aipd` en écrit le projet.\n"
    )


def _sheet(number: int, sheet: Sheet, register: Register) -> Iterator[str]:
    yield f"## {number}. {sheet.title}\n"
    yield f"**Finalité.** {sheet.purpose}\n"
    yield "**Base légale.**\n"
    yield from bullets(*(sentence([basis]) for basis in bases(sheet)))
    yield f"**Personnes concernées.** {sentence(sheet.people)}\n"
    yield "**Données.**\n"
    yield from table(
        ("objet", "données", "lues par"),
        (
            (held.title, group.words, group.readers)
            for held in sheet.held
            for group in held.groups
            if group.words
        ),
    )
    if sheet.sensitive:
        yield f"**Données sensibles.** {sheet.sensitive}\n"
    if sheet.never:
        yield f"**Jamais demandé ni écrit.** {sheet.never}\n"
    yield "**Destinataires.**\n"
    yield from bullets(
        *(access_line(access, register.groups) for access in sheet.access),
        *sheet.recipients,
        *(server_line(server) for server in _servers(sheet, register)),
    )
    yield (
        "**Transferts hors de l’Union européenne.** Le code n’envoie rien à d’autres."
        f" Le pays où chacun traite les données : {TO_CONFIRM}, d’après son contrat.\n"
    )
    yield "**Durées de conservation.**\n"
    yield from table(("quoi", "jusqu’à quand"), ((row.what, row.until) for row in sheet.kept))
    yield "**Sécurité.** Voir « Ce qui vaut pour tous ».\n"
    yield from bullets(*map(measure_line, sheet.measures))


def _servers(sheet: Sheet, register: Register) -> list[Server]:
    wanted = sheet.uses | {Serves.HOST}
    return [server for server in register.servers if server.serves in wanted]


def server_line(server: Server) -> str:
    return f"{one_line(server.name) or TO_FILL} : {server.serves.label}"


def access_line(access: Access, groups: Mapping[str, Sequence[str]]) -> str:
    holders = ", ".join(map(one_line, groups.get(access.permission, ())))
    return f"{access.words} : {holders or 'aucun groupe n’a ce droit, un superutilisateur l’a'}"


def measure_line(measure: Measure) -> str:
    return f"{measure.text} : {shown_at(measure.shown)}"


def shown_at(shown: str) -> str:
    """A path of the code, and the section of it, as the page writes it."""
    path, _, section = shown.partition("#")
    return f"`{path}`" + (f", « {section} »" if section else "")


def sentence(parts: Iterable[str]) -> str:
    text = " ; ".join(parts)
    return f"{text[0].upper()}{text[1:]}."


def bullets(*lines: str) -> Iterator[str]:
    yield from (f"- {line}" for line in lines)
    if lines:
        yield ""


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(map(one_line, row))} |"
    yield ""


def one_line(text: str) -> str:
    """What somebody typed, on one line and inside its cell; spaces that do not break stay."""
    return ", ".join(filter(None, map(str.strip, text.splitlines()))).replace("|", "\\|")

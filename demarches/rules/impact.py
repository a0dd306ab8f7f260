"""The impact assessment (AIPD; RGPD, article 35): what its draft says, and the page it makes.

Its parts are those of the method of the CNIL: context, principles, risks, validation. A program can
state what is done and what shows it. How grave and how likely a risk is, who was asked and what is
decided, only the mairie can say: those lines are left « à renseigner ».
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from demarches.rules.dates_fr import day_fr
from demarches.rules.processing import (
    TO_FILL,
    Fear,
    Measure,
    Register,
    Served,
    Sheet,
    access_line,
    bases,
    bullets,
    measure_line,
    one_line,
    sentence,
    server_line,
    shown_at,
    table,
)

LEVELS = "négligeable, limitée, importante ou maximale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """All that the page says."""

    register: Register
    #: What protects all of it; sheets add their own, and their own ways to serve a right.
    measures: Sequence[Measure]
    rights: Sequence[Served]
    #: Who or what could make a fear come true.
    sources: Sequence[str]
    #: Where the data stand in this installation.
    supports: Sequence[str]


def markdown(one: Assessment) -> str:
    """The draft of the assessment, to be completed, decided and signed by the mairie."""
    return "\n".join(_page(one)).rstrip() + "\n"


def _page(one: Assessment) -> Iterator[str]:
    yield "# Analyse d’impact relative à la protection des données\n"
    yield (
        f"Projet écrit par `manage.py aipd` le {day_fr(one.register.on)}, d’après le code et les"
        " réglages de cette installation (RGPD, article 35 ; méthode de la CNIL). Il dit ce que le"
        f" portail fait et ce qui le montre. Ce que la mairie seule peut dire est marqué {TO_FILL}."
        " Un test ou un document est nommé par son chemin dans le code du portail. Le détail des"
        " colonnes est dans le registre (`manage.py registre`).\n"
    )
    yield from _context(one)
    yield from _principles(one)
    yield from _risks(one)
    yield from _validation(one)


def _context(one: Assessment) -> Iterator[str]:
    who = one.register.controller
    yield "## 1. Contexte\n"
    yield "### 1.1 Vue d’ensemble\n"
    yield from bullets(
        f"Responsable du traitement : {one_line(who.name) or TO_FILL}, représenté par le maire",
        f"Délégué à la protection des données : {one_line(who.officer) or TO_FILL}",
        *(f"Sous-traitant ou autre serveur : {server_line(it)}" for it in one.register.servers),
        f"Codes de conduite, certifications, référentiels suivis : {TO_FILL}",
        f"Nombre de personnes par an, et si c’est une grande échelle : {TO_FILL}",
    )
    yield from table(
        ("traitement", "finalité", "données sensibles"),
        ((it.title, it.purpose, it.sensitive or "non") for it in one.register.sheets),
    )
    yield "### 1.2 Données, personnes et supports\n"
    yield from table(
        ("traitement", "personnes", "ce qui est gardé", "qui lit"),
        (
            (it.title, sentence(it.people), _held(it), _readers(it, one.register))
            for it in one.register.sheets
        ),
    )
    yield "Où sont les données :\n"
    yield from bullets(*one.supports, f"Les papiers et les postes de la mairie : {TO_FILL}")


def _held(sheet: Sheet) -> str:
    return ", ".join(dict.fromkeys(held.title for held in sheet.held))


def _readers(sheet: Sheet, register: Register) -> str:
    agents = (access_line(access, register.groups) for access in sheet.access)
    return " ; ".join([*agents, *sheet.recipients]) or TO_FILL


def _principles(one: Assessment) -> Iterator[str]:
    yield "## 2. Nécessité, proportionnalité et droits\n"
    yield "### 2.1 Chaque traitement\n"
    for sheet in one.register.sheets:
        yield f"**{sheet.title}**\n"
        yield from bullets(
            f"Finalité, explicite et légitime : {sheet.purpose}",
            *(f"Base légale : {basis}" for basis in bases(sheet)),
            *((f"Jamais demandé ni écrit : {sheet.never}",) if sheet.never else ()),
            *(f"Durée : {row.what} : {row.until}" for row in sheet.kept),
            *map(measure_line, sheet.measures),
            f"Ces données sont-elles toutes nécessaires ? {TO_FILL}",
        )
    yield "### 2.2 Droits des personnes\n"
    yield from table(
        ("droit", "comment il est servi", "ce qui le montre"),
        ((right, how, shown_at(shown) if shown else TO_FILL) for right, how, shown in _rights(one)),
    )
    yield "### 2.3 Sous-traitance et transferts\n"
    yield from bullets(
        f"Contrat avec chacun (RGPD, article 28) : {TO_FILL}",
        "Le portail n’envoie de données sur des personnes à aucun autre serveur que ceux du 1.1",
        f"Pays où chacun traite les données, et garanties hors de l’Union européenne : {TO_FILL}",
    )


def _rights(one: Assessment) -> Iterator[tuple[str, str, str]]:
    yield from ((it.right, it.how, it.shown) for it in one.rights)
    for sheet in one.register.sheets:
        yield from ((it.right, f"{sheet.title} : {it.how}", it.shown) for it in sheet.rights)


def _risks(one: Assessment) -> Iterator[str]:
    yield "## 3. Risques pour les personnes\n"
    yield "### 3.1 Mesures en place dans cette installation\n"
    yield from table(
        ("mesure", "contre", "ce qui la montre"),
        ((it.text, _fears(it), shown_at(it.shown)) for it in _measures(one) if not it.missing),
    )
    yield (
        "L’organisation de la mairie (habilitations, formation, postes fermés, locaux) :"
        f" {TO_FILL}\n"
    )
    yield "D’où un risque peut venir :\n"
    yield from bullets(*one.sources, f"Autre source, propre à la commune : {TO_FILL}")
    for number, fear in enumerate(Fear, 2):
        yield f"### 3.{number} {fear.label}\n"
        yield "Ce que cela ferait aux personnes (à relire avec le délégué) :\n"
        yield from bullets(
            *(f"{it.title} : {it.harms[fear]}" for it in one.register.sheets if fear in it.harms)
        )
        held = [it for it in _measures(one) if fear in it.against]
        yield "Ce qui s’y oppose :\n"
        yield from bullets(
            *(it.text for it in held if not it.missing),
            *(f"N’est pas en place ici : {it.text}" for it in held if it.missing),
            f"Gravité ({LEVELS}) : {TO_FILL}",
            f"Vraisemblance ({LEVELS}) : {TO_FILL}",
        )


def _measures(one: Assessment) -> list[Measure]:
    of_sheets = (it for sheet in one.register.sheets for it in sheet.measures if it.against)
    return [*one.measures, *of_sheets]


def _fears(it: Measure) -> str:
    return " ; ".join(fear.label for fear in Fear if fear in it.against)


def _validation(one: Assessment) -> Iterator[str]:
    yield "## 4. Plan d’action et validation\n"
    yield "### 4.1 Ce qui reste à faire\n"
    yield from table(
        ("quoi", "comment", "qui", "pour quand"),
        ((what, how, TO_FILL, TO_FILL) for what, how in _left(one)),
    )
    yield "### 4.2 Avis et décision\n"
    yield from bullets(
        f"Avis du délégué (RGPD, article 35-2) : {TO_FILL}",
        "Avis des personnes concernées ou de leurs représentants (RGPD, article 35-9), ou pourquoi"
        f" il n’a pas été demandé : {TO_FILL}",
        "Risque résiduel acceptable ? S’il reste élevé, la CNIL est consultée avant d’ouvrir"
        f" (RGPD, article 36) : {TO_FILL}",
        f"Décision du responsable, date, signature : {TO_FILL}",
        "Prochaine revue, et au plus tard quand le risque change (RGPD, article 35-11) :"
        f" {TO_FILL}",
    )


def _left(one: Assessment) -> Iterable[tuple[str, str]]:
    if not one.register.controller.officer:
        yield "Nommer le délégué", "« contact pour les données personnelles », dans la mairie"
    yield from ((it.text, it.missing) for it in _measures(one) if it.missing)
    yield "Confirmer les bases légales", "Délégué, d’après le 2.1"
    yield "Vérifier le contrat de chaque sous-traitant", "D’après le 1.1"

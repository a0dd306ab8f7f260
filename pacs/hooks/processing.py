"""What the Pacs procedure does with data about people, for the register (`manage.py registre`).

Which columns there are and who reads them is the table of `pacs.rules.privacy`; how long they are
kept is what an administrateur sets. The legal bases are those of the domain reference, 8.2.
"""

from collections.abc import Iterator
from typing import Final

from django.apps import apps
from django.conf import settings

from demarches.mail.sms_gateway import is_on
from demarches.processing import MACHINE, PERSON
from demarches.rules.deadlines import DELETION_WARNING
from demarches.rules.processing import (
    Access,
    Fear,
    Group,
    Held,
    KeptFor,
    Measure,
    Served,
    Serves,
    Sheet,
    days,
    length,
)
from pacs.models import PacsSettings
from pacs.rules.privacy import COLUMNS, Line, Right, When

#: What outlives the dossier: the register of the mairie and its publicity.
REGISTER: Final = ("Registration", "RegisteredPerson", "LaterAct", "Rectification", "Avis")
#: Columns that have no French name of their own, and are no mere keys.
WORDS: Final = {
    "agent": "agent",
    "convention": "convention choisie",
    "part_begun_at": "part commencée le",
    "pages": "nombre de pages",
    "uploaded_by": "envoyé par",
    "warnings": "remarques sur le fichier",
}
PEOPLE: Final = (
    "les deux partenaires",
    "leurs parents, nommés par leur état civil",
    "les agents et officiers de la mairie",
)
SENSITIVE: Final = (
    "Un Pacs dit avec qui l’on vit : tout est traité comme une donnée de l’article 9 du RGPD, pour"
    " chaque couple"
)
LEGAL_DUTY: Final = (
    "Obligation légale (RGPD, article 6-1-c) : Code civil, articles 515-3, 515-3-1 et 515-7 ;"
    " décret n° 2006-1806 du 23 décembre 2006."
)
PUBLIC_INTEREST: Final = (
    "Pour les données sensibles : intérêt public important, prévu par la loi (RGPD, article 9-2-g)."
)
TEXTS_AGREED: Final = "Pour les SMS au sujet d’un rendez-vous : consentement (RGPD, article 6-1-a)."
VIEWERS: Final = Access("Agents qui consultent", "pacs.view_dossier")
REVIEWERS: Final = Access("Agents qui vérifient", "pacs.review_dossier")
OFFICERS: Final = Access("Officiers qui enregistrent", "pacs.register_dossier")


def sheets() -> list[Sheet]:
    """The dossier, and the register that stays after it."""
    figures = PacsSettings.current()
    return [_dossiers(figures), _register()]


def _dossiers(figures: PacsSettings) -> Sheet:
    return Sheet(
        title="Dossiers de Pacs",
        purpose="Préparer en ligne une déclaration conjointe de Pacs : vérifier que le couple peut"
        " la faire ici, lui dire ses pièces, les lire, échanger avec lui, fixer le rendez-vous.",
        basis=(
            LEGAL_DUTY,
            "Pour la préparation en ligne, le rendez-vous et les messages : mission d’intérêt"
            " public (RGPD, article 6-1-e), Code des relations entre le public et l’administration,"
            " articles L112-8 et L112-9.",
            *((TEXTS_AGREED,) if is_on() else ()),
            PUBLIC_INTEREST,
        ),
        people=(*PEOPLE, "la personne qui aide l’un d’eux à remplir"),
        held=[_held(name) for name in COLUMNS if name not in REGISTER],
        sensitive=f"{SENSITIVE}. Un dossier peut aussi dire une protection internationale ou une"
        " mesure de protection.",
        harms={
            Fear.ACCESS: "un couple révélé à la famille, à un employeur ou à un pays d’origine ;"
            " une adresse trouvée par quelqu’un que l’on fuit ; une protection internationale ou"
            " une mesure de protection connue de tous ; une identité usurpée avec les pièces",
            Fear.CHANGE: "un Pacs enregistré avec un état civil faux, retardé ou refusé à tort ;"
            " une convocation qui arrive à quelqu’un d’autre",
            Fear.LOSS: "des pièces à redemander, à l’étranger parfois ; un rendez-vous perdu",
        },
        never="Numéro de sécurité sociale, IBAN et numéro de carte (refusés par les colonnes et la"
        " recherche), civilité, justificatif de domicile, photographie, motifs. La convention n’est"
        " pas gardée.",
        access=(VIEWERS, REVIEWERS, OFFICERS),
        recipients=(
            "L’autre partenaire, pour ce que dit la colonne « lues par »",
            "La personne qui aide à remplir, jusqu’à l’envoi, pour ce que dit cette colonne",
        ),
        uses=frozenset(
            {Serves.FILES, Serves.MAILS, Serves.BOUNCES, Serves.TEXTS, Serves.ANTIVIRUS}
        ),
        kept=list(_kept(figures)),
        measures=(
            Measure("Qui lit chaque colonne, papier et mail", "docs/who-reads-what.md"),
            Measure("Fichiers réécrits, puis chiffrés", "docs/security.md#Files"),
            Measure(
                "Ce que chaque partenaire voit de l’autre",
                "docs/adr/0006-what-each-partenaire-sees.md",
            ),
            Measure(
                "Un partenaire ne lit rien de ce qui est à l’autre seul",
                "tests/pacs/test_privacy.py",
                frozenset({Fear.ACCESS}),
            ),
            Measure(
                "Les délais effacent d’eux-mêmes, après l’avoir annoncé",
                "tests/pacs/test_retention.py",
                frozenset({Fear.ACCESS, Fear.LOSS}),
            ),
            Measure(
                "Qui écrit a lu ce qu’il change : rien n’est écrasé sans qu’on le voie",
                "tests/pacs/test_two_browsers.py",
                frozenset({Fear.CHANGE, Fear.LOSS}),
            ),
            Measure(
                "La base refuse un état que la loi ne connaît pas",
                "tests/pacs/test_models_dossier.py",
                frozenset({Fear.CHANGE}),
            ),
        ),
        rights=(
            Served(
                "Rectification",
                "la personne corrige son brouillon ; après l’envoi, elle propose et la mairie"
                " vérifie",
                "tests/pacs/test_proposed_answers.py",
            ),
        ),
    )


def _kept(figures: PacsSettings) -> Iterator[KeptFor]:
    warned = f", annoncé {length(DELETION_WARNING)} avant"
    yield KeptFor(
        "Un dossier de Pacs jamais envoyé",
        f"{days(figures.draft_retention_days)} sans activité{warned}",
    )
    yield KeptFor(
        "Un dossier de Pacs envoyé puis sans réponse du couple, dont le jour du rendez-vous est"
        " passé sans suite, ou terminé sans enregistrement",
        f"{days(figures.inactive_retention_days)}{warned}",
    )
    yield KeptFor(
        "Les fichiers d’un Pacs enregistré",
        "dès que le dossier papier est complet,"
        f" {days(figures.scan_retention_days)} après l’enregistrement au plus",
    )
    yield KeptFor(
        "Le dossier en ligne d’un Pacs enregistré",
        f"{days(figures.registered_retention_days)}{warned}, et pas avant que chaque mention soit"
        " faite",
    )
    if is_on():
        yield KeptFor(
            "L’accord pour les SMS", "jusqu’à ce qu’il soit retiré, ou que le numéro change"
        )
    yield KeptFor("La convention", "pas gardée : faite à la demande")
    if settings.PLAN_B_DIR:
        yield KeptFor("Les feuilles du plan B, sur la machine", "deux soirs", is_told=False)


def _register() -> Sheet:
    return Sheet(
        title="Registre des Pacs",
        purpose="Enregistrer les Pacs, leurs modifications et leurs dissolutions, en faire la"
        " publicité et délivrer les attestations.",
        basis=(
            LEGAL_DUTY,
            "Pour le registre tenu par voie électronique : décret n° 2006-1807.",
            PUBLIC_INTEREST,
        ),
        people=PEOPLE,
        held=[_held(name) for name in REGISTER],
        sensitive=f"{SENSITIVE}.",
        harms={
            Fear.ACCESS: "un couple révélé, et depuis quand",
            Fear.CHANGE: "une ligne fausse, que la mention en marge répète",
            Fear.LOSS: "un Pacs que l’on ne peut plus prouver ici",
        },
        access=(REVIEWERS, OFFICERS),
        recipients=(
            "Le couple, pour son attestation et ce que dit la colonne « lues par »",
            "Qui tient l’acte de naissance de chaque partenaire, par l’avis de mention",
        ),
        uses=frozenset({Serves.MAILS, Serves.BOUNCES}),
        kept=(
            KeptFor(
                "Les lignes du registre des Pacs",
                "comme le registre de la mairie : jamais effacées ici",
            ),
        ),
        measures=(
            Measure("Le registre", "docs/adr/0012-the-register.md"),
            Measure("Qui lit chaque colonne", "docs/who-reads-what.md"),
        ),
    )


def _held(name: str) -> Held:
    """The columns of a model, those of the same readers together."""
    model = apps.get_model("pacs", name)
    names = {field.name: str(field.verbose_name) for field in model._meta.concrete_fields}
    by_readers: dict[str, list[str]] = {}
    for column, line in COLUMNS[name].items():
        by_readers.setdefault(readers(line), []).append(column)
    title = str(model._meta.verbose_name)
    groups = [
        Group(_words({one: names[one] for one in columns}), who, tuple(columns))
        for who, columns in by_readers.items()
    ]
    return Held(f"{title[0].upper()}{title[1:]}", model._meta.label, groups)


def _words(columns: dict[str, str]) -> str:
    """What these columns are called; those that are mere keys of the program are left out."""
    named = {
        name: WORDS.get(name, "" if label == name.replace("_", " ") or label == "ID" else label)
        for name, label in columns.items()
    }
    return ", ".join(dict.fromkeys(filter(None, named.values())))


def readers(line: Line) -> str:
    """Everybody who reads what this line is of."""
    who = []
    if line.oneself:
        who.append(PERSON)
    if line.helper:
        who.append("qui l’aide à remplir")
    if line.other is not When.NEVER:
        who.append("l’autre" + (" une fois attesté" if line.other is When.ATTESTED else ""))
    if line.agents is not Right.NOBODY:
        what = {Right.VIEW: "consultent", Right.REVIEW: "vérifient", Right.DECIDE: "décident"}
        who.append(f"les agents qui {what[line.agents]}")
    return ", ".join(who) or MACHINE

"""A document of the co-marquage (DILA, schemas 3.0 to 3.5) read safely: metadata, text, order.

Tolerant: what is not known is kept, in its place, and named. Nothing outside the document is
ever read: a document with a DTD is refused, so that no entity can be declared.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from xml.etree.ElementTree import Element, ParseError, XMLParser

MAX_BYTES = 5_000_000
MAX_DEPTH = 100
CODE = re.compile(r"^[FNR]\d{1,6}$")
DC = "{http://purl.org/dc/elements/1.1/}"
OFFICIAL = "https://www.service-public.gouv.fr/particuliers/vosdroits/"

#: Before the content: shown elsewhere (title, breadcrumb, context), not in the body.
NAVIGATION = frozenset(
    {
        "SurTitre",
        "Audience",
        "Canal",
        "Cible",
        "FilDAriane",
        "Theme",
        "SousThemePere",
        "DossierPere",
        "SousDossierPere",
    }
)
_KNOWN_NAMES = """
    Publication ServiceComplementaire Avertissement Introduction Texte Conclusion Chapitre
    SousChapitre Titre TitreAlternatif TitreFlottant TitreRiche ListeSituations Situation
    BlocCas Cas Paragraphe Liste Item Tableau Resume Colonne Rangée Cellule ANoter ASavoir
    Attention Rappel Exemple Complement Aide OuSAdresser QuiPeutMAider PivotLocal RessourceWeb
    Source ServiceEnLigne ServiceEnLigneAnnexe NoticeLiee Image ContenuIllustre Illustration
    TexteDeRemplacement Legende Credits Description Video VideoIllustration ImageIllustration
    Infographie LienExterneCommente Commentaire FragmentConditionne Condition estVrai
    estIndefini ou et RechercheGuidee RechercheGuideePere MiseEnEvidence Expression Valeur
    Exposant Indice Citation Variable TermeEtranger LienInterne LienIntra LienExterne
    Reference PourEnSavoirPlus QuestionReponse VoirAussi Fiche Dossier CommentFaireSi
    Definition Abreviation Partenaire Niveau SousTheme SousDossier Problematiques
    Problematique Branche SiSelectionne affecteVrai affecteFaux Questionnaire Question Choix
    FicheConnexe FranceConnect Connexion Contenu LienWeb FicheLiee NumeroCerfa
    OuSAdresserSupport
"""
#: Every element this portal knows how to show; another one is shown by its content, and reported.
KNOWN = frozenset(_KNOWN_NAMES.split()) | NAVIGATION
#: What is logic, not words: skipped, since a reader who answered nothing is shown everything.
LOGIC = frozenset({"Condition", "SiSelectionne", "affecteVrai", "affecteFaux", "Colonne"})


class FicheRefused(ValueError):
    """A document that may not be read; the message says why, in plain French."""


@dataclass(frozen=True)
class Document:
    """One document, with what lists and searches need."""

    code: str
    root: Element
    family: str
    title: str
    description: str
    theme: str
    modified: date | None
    url: str
    schema: str
    contributor: str
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def is_fiche(self) -> bool:
        return self.code.startswith("F")

    @property
    def is_being_updated(self) -> bool:
        return self.root.get("statut") == "enCoursDeMiseAJour"


def parse(content: bytes, *, name: str) -> Element:
    """The tree of a document; raises `FicheRefused` for what is too large, hostile or broken."""
    if len(content) > MAX_BYTES:
        raise FicheRefused(f"{name} : ce document dépasse {MAX_BYTES // 1_000_000} Mo.")
    head = content[:200].lower()
    if b"\x00" in head or (b"encoding=" in head and b"utf-8" not in head):
        raise FicheRefused(f"{name} : seul l’encodage UTF-8 est accepté.")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise FicheRefused(f"{name} : ce document déclare une DTD ou des entités.")
    # Without a DTD no entity exists but those of XML: nothing expands, nothing is fetched.
    parser = XMLParser()  # noqa: S314 -- see above
    try:
        parser.feed(content)
        root: Element = parser.close()
    except (ParseError, ValueError) as error:
        raise FicheRefused(f"{name} : XML illisible ({error}).") from error
    if _depth(root) > MAX_DEPTH:
        raise FicheRefused(f"{name} : trop d’éléments emboîtés.")
    return root


def _depth(root: Element) -> int:
    level, deepest = [root], 0
    while level and deepest <= MAX_DEPTH:
        deepest += 1
        level = [child for element in level for child in element]
    return deepest


def read_document(content: bytes, *, name: str) -> Document:
    """A whole document; raises `FicheRefused`."""
    root = parse(content, name=name)
    code = root.get("ID", "")
    if not CODE.match(code):
        raise FicheRefused(f"{name} : l’identifiant « {code[:20]} » n’est pas celui d’une fiche.")
    theme = root.find("Theme")
    schema = root.get("{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation", "")
    found = re.search(r"/(\d\.\d)/", schema)
    return Document(
        code=code,
        root=root,
        family=root.get("type", ""),
        title=_dc(root, "title") or code,
        description=_dc(root, "description"),
        theme=text_of(theme) if theme is not None else "",
        modified=_modified(_dc(root, "date")),
        url=safe_url(root.get("spUrl", "")) or f"{OFFICIAL}{code}",
        schema=found[1] if found else "",
        contributor=_dc(root, "contributor"),
        unknown=Counter(
            element.tag
            for element in root.iter()
            if element.tag not in KNOWN and not element.tag.startswith(DC)
        ),
    )


def path_to(root: Element) -> list[tuple[str, str]]:
    """The theme and the dossiers above a document: code and title, the widest first."""
    found = root.findall("FilDAriane/Niveau")
    levels = [(one.get("ID", ""), text_of(one)) for one in found]
    return [(code, title) for code, title in levels if CODE.match(code) and code != root.get("ID")]


def beside(root: Element) -> list[tuple[str, str]]:
    """The other fiches of its dossier, or of its part of it: code and title, in order."""
    own = root.get("ID")
    for part in (*root.findall("DossierPere/SousDossier"), *root.findall("DossierPere")):
        fiches = [(one.get("ID", ""), text_of(one)) for one in part.findall("Fiche")]
        if own in dict(fiches):
            return [(code, title) for code, title in fiches if code != own]
    return []


def official_url(code: str) -> str:
    """The page of a document on the national site; nothing for what is not a code."""
    return f"{OFFICIAL}{code}" if CODE.match(code) else ""


def _dc(root: Element, name: str) -> str:
    found = root.find(f"{DC}{name}")
    return text_of(found) if found is not None else ""


def _modified(text: str) -> date | None:
    """« modified 2025-11-18 » is the date of the last change."""
    try:
        return date.fromisoformat(text.removeprefix("modified").strip()[:10])
    except ValueError:
        return None


def safe_url(url: str) -> str:
    """An address people may follow; nothing for any other scheme."""
    url = url.strip()
    return url if re.match(r"^https?://[^\s\"'<>]+$", url) else ""


def collapse(text: str) -> str:
    """Runs of ASCII white space become one space; no-break spaces stay (French punctuation)."""
    return re.sub(r"[ \t\r\n\f\v]+", " ", text)


def text_of(element: Element) -> str:
    """All the words below an element, in order."""
    return collapse("".join(element.itertext())).strip()


def body_of(root: Element) -> Iterator[Element]:
    """The children that are shown, in the order of the document."""
    return (
        child
        for child in root
        if not child.tag.startswith(DC) and child.tag not in NAVIGATION and child.tag not in LOGIC
    )


def words_of(element: Element) -> Iterator[str]:
    """Every text that a reader is owed below an element: no logic, no key of the directory."""
    if element.tag in LOGIC or element.tag == "PivotLocal":
        return
    if element.text:
        yield element.text
    for child in element:
        yield from words_of(child)
        if child.tail:
            yield child.tail

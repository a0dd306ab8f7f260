"""A document of the co-marquage as accessible HTML, in document order, with no word lost or added.

Words of ours (« Faire la démarche en ligne ») carry `data-added`, so that a test can take them
away and compare what is left with the source. Headings follow the nesting that is shown, never
the name of the element. Conditions are shown whole: a reader who answered nothing sees it all.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from xml.etree.ElementTree import Element

from demarches.rules.fiche import LOGIC, body_of, collapse, safe_url, text_of
from demarches.rules.numbers import read_number

MAX_HEADING = 6
#: Level of the headings that part the page.
PART_LEVEL = 2
CALLOUTS = frozenset({"ANoter", "ASavoir", "Attention", "Rappel", "Exemple"})
SERVICE_VERBS = {
    "Téléservice": "Faire la démarche en ligne",
    "Formulaire": "Télécharger le formulaire",
    "Simulateur": "Estimer",
    "Modèle de document": "Utiliser le modèle de lettre",
    "Outil de recherche": "Rechercher",
}
#: Sections after the content, by the elements they gather, in the order they are shown.
ANNEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Où s’adresser", ("OuSAdresser", "QuiPeutMAider")),
    ("Démarches en ligne et formulaires", ("ServiceEnLigne",)),
    ("Questions – réponses", ("QuestionReponse", "CommentFaireSi")),
    ("Voir aussi", ("VoirAussi", "FicheConnexe")),
    ("Pour en savoir plus", ("PourEnSavoirPlus", "LienExterneCommente", "Partenaire")),
    ("Textes de référence", ("Reference",)),
    ("Définitions", ("Definition",)),
    ("Abréviations", ("Abreviation",)),
)
ANNEX_TAGS = frozenset(tag for _, tags in ANNEXES for tag in tags)
WRAPPED = {
    "MiseEnEvidence": "strong",
    "Expression": "em",
    "Valeur": "strong",
    "Exposant": "sup",
    "Indice": "sub",
    "Citation": "q",
    "Variable": "var",
}
#: A document in a table of contents.
ENTRY = "entry"
INLINE = frozenset({*WRAPPED, "TermeEtranger", "LienInterne", "LienIntra", "LienExterne"})


@dataclass
class Renderer:
    """Turns one document into HTML.

    `link_to` gives the address of another document; `mairie` the block that stands where the
    national page would send people to their mairie; `situation` the alternative that is chosen.
    """

    link_to: Callable[[str], str]
    mairie: str = ""
    situation: int = 0
    address: str = ""
    abbreviations: Mapping[str, str] = field(default_factory=dict)
    definitions: frozenset[str] = frozenset()
    #: Id and title of each part of the page, in order: known once the document is written.
    parts: list[tuple[str, str]] = field(default_factory=list)

    def document(self, root: Element) -> str:
        """The body, then the annexes."""
        self.abbreviations = {
            one.get("ID", ""): text_of(_long_form(one)) for one in root.iter("Abreviation")
        }
        self.definitions = frozenset(one.get("ID", "") for one in root.findall("Definition"))
        self.parts = []
        children = list(body_of(root))
        main = [child for child in children if child.tag not in ANNEX_TAGS]
        body = self.blocks(main, level=PART_LEVEL)
        for title, tags in ANNEXES:
            found = [child for child in children if child.tag in tags]
            if found:
                inner = "".join(self.annex(child) for child in found)
                ident = self.part("", title)
                body += f'<section id="{ident}"><h2 data-added>{title}</h2>{inner}</section>'
        return body

    def part(self, code: str, title: str) -> str:
        """Note a part of the page, titled in plain words; give its id, of its own code if any."""
        ident = _ident(code) if code else f"partie-{len(self.parts) + 1}"
        self.parts.append((ident, title))
        return escape(ident)

    # Blocks

    def blocks(self, elements: Iterable[Element], *, level: int) -> str:
        """Blocks one after the other; lists of one kind that touch become one list."""
        parts: list[str] = []
        for run, group in groupby(elements, key=_run):
            if run == ENTRY:
                parts.append(self.contents(group))
            elif run:
                parts.append(self.lists(list(group), level=level))
            else:
                parts += (self.block(element, level=level) for element in group)
        return "".join(parts)

    def contents(self, entries: Iterable[Element]) -> str:
        """Documents that a theme or a dossier holds: a list of links."""
        return f"<ul>{''.join(f'<li>{self.entry(one)}</li>' for one in entries)}</ul>"

    def entry(self, element: Element) -> str:
        """The title of another document as a link to it, then what is said beside."""
        title, url = _title(element), self.link_to(element.get("ID", ""))
        words = self.inline_of_title(title)
        link = f'<a href="{escape(url)}">{words}</a>' if url else words
        rest = [child for child in element if child is not title and title is not element]
        return link + "".join(f" <span>{self.inline(one)}</span>" for one in rest)

    def block(self, element: Element, *, level: int) -> str:
        """One block, by its name; an unknown one by what it holds."""
        tag = element.tag
        if tag in LOGIC:
            return ""
        maker = getattr(self, f"block_{_ascii(tag)}", None)
        if maker is not None:
            html: str = maker(element, level)
            return html
        if tag in CALLOUTS:
            return self.callout(element, level)
        if tag in INLINE:
            return f"<p>{self.inline_element(element)}</p>"
        return self.container(element, level)

    def container(self, element: Element, level: int) -> str:
        """What only groups others, or is not known: its words, in place."""
        if any(child.tag in INLINE for child in element) or not len(element):
            return self.paragraph(element)
        parts = [_loose(element.text)]
        for child in element:
            parts += [self.block(child, level=level), _loose(child.tail)]
        return "".join(parts)

    def paragraph(self, element: Element) -> str:
        words = self.inline(element)
        return f"<p>{words}</p>" if words.strip() else ""

    def block_Paragraphe(self, element: Element, level: int) -> str:
        return self.paragraph(element)

    def block_Titre(self, element: Element, level: int) -> str:
        return f"<p><strong>{self.inline(element)}</strong></p>" if text_of(element) else ""

    block_TitreAlternatif = block_TitreFlottant = block_TitreRiche = block_Titre

    def section(self, element: Element, level: int, *, is_part: bool = True) -> str:
        """A titled section; its heading is one level below what holds it."""
        title = element.find("Titre")
        words = self.inline_of_title(title) if title is not None else ""
        anchor = element.get("ID", "")
        ident = f' id="{escape(_ident(anchor))}"' if anchor else ""
        if title is not None and words and is_part and level == PART_LEVEL:
            ident = f' id="{self.part(anchor, text_of(title))}"'
        rest = [child for child in element if child is not title]
        inner = self.blocks(rest, level=level + 1)
        heading = _heading(level, words) if words else ""
        return f"<section{ident}>{heading}{_loose(element.text)}{inner}</section>"

    def block_Chapitre(self, element: Element, level: int) -> str:
        return self.section(element, level)

    block_SousChapitre = block_Avertissement = block_Problematique = block_Chapitre
    block_SousTheme = block_SousDossier = block_Chapitre

    def block_ListeSituations(self, element: Element, level: int) -> str:
        """Whole-page alternatives: each a section; the chosen one comes by the address."""
        found = element.findall("Situation")
        chosen = self.situation if 1 <= self.situation <= len(found) else 0
        lead = element.find("Titre")
        html = self.block_Titre(lead, level) if lead is not None else ""
        if element.get("affichage") == "onglet" and len(found) > 1:
            links = "".join(
                f'<li><a href="{escape(self.address)}?situation={rank}#situation-{rank}"'
                f"{' aria-current="true"' if rank == chosen else ''}>"
                f"{escape(text_of(_title(one)))}</a></li>"
                for rank, one in enumerate(found, start=1)
            )
            html += f'<nav aria-label="Votre situation" data-added><ul>{links}</ul></nav>'
        for rank, one in enumerate(found, start=1):
            inner = self.section(one, level, is_part=False)
            html += f'<div id="situation-{rank}"{_chosen(rank, chosen)}>{inner}</div>'
        others = [child for child in element if child.tag not in {"Situation", "Titre"}]
        return html + self.blocks(others, level=level)

    def block_BlocCas(self, element: Element, level: int) -> str:
        """Local alternatives: one below the other, each under its title, closed until wanted."""
        cases = element.findall("Cas")
        others = [child for child in element if child.tag != "Cas"]
        html = self.blocks(others, level=level)
        if len(cases) == 1:
            return html + self.section(cases[0], level)
        return html + "".join(self.case(one, level) for one in cases)

    def case(self, element: Element, level: int) -> str:
        title = element.find("Titre")
        words = self.inline_of_title(title) if title is not None else ""
        rest = [child for child in element if child is not title]
        inner = self.blocks(rest, level=level + 1)
        if not words:
            return f"<section>{inner}</section>"
        return f"<details><summary>{_heading(level, words)}</summary>{inner}</details>"

    def block_Complement(self, element: Element, level: int) -> str:
        """A block « En savoir plus », or a few words beside a link, as its parent decides."""
        if not len(element):
            return self.paragraph(element)
        return self.case(element, level)

    def callout(self, element: Element, level: int) -> str:
        title = element.find("Titre")
        head = ""
        if title is not None and text_of(title):
            head = f'<p class="callout__title">{self.inline_of_title(title)}</p>'
        rest = [child for child in element if child is not title]
        tone = "warning" if element.tag == "Attention" else "info"
        inner = self.blocks(rest, level=level)
        return f'<div class="callout callout--{tone}" role="note">{head}{inner}</div>'

    def lists(self, elements: list[Element], *, level: int) -> str:
        tag = "ol" if _kind(elements[0]) == "numero" else "ul"
        items = "".join(
            self.block_Item(item, level) if item.tag == "Item" else self.block(item, level=level)
            for element in elements
            for item in element
            if item.tag not in LOGIC
        )
        return f"<{tag}>{items}</{tag}>"

    def block_Liste(self, element: Element, level: int) -> str:
        return self.lists([element], level=level)

    def block_Item(self, element: Element, level: int) -> str:
        kept = [child for child in element if child.tag not in LOGIC]
        if len(kept) == 1 and kept[0].tag == "Paragraphe" and not _words(element.text):
            return f"<li>{self.inline(kept[0])}</li>"
        if not kept or any(child.tag in INLINE for child in kept):
            return f"<li>{self.inline(element)}</li>"
        return f"<li>{_loose(element.text)}{self.blocks(kept, level=level)}</li>"

    def block_Tableau(self, element: Element, level: int) -> str:
        """A data table with its real headers, in a region that scrolls by keyboard."""
        title = element.find("Titre")
        if title is None:
            title = element.find("TitreRiche")
        caption = self.inline_of_title(title) if title is not None else ""
        headers = [one.get("type") == "header" for one in element.findall("Colonne")]
        rows = [child for child in element if _ascii(child.tag) == "Rangee"]
        taken: dict[tuple[int, int], bool] = {}
        html = "".join(
            self.row(row, rank, headers, taken, level=level) for rank, row in enumerate(rows)
        )
        rest = [
            child
            for child in element
            if child is not title and child not in rows and child.tag != "Colonne"
        ]
        label = escape(text_of(title)) if title is not None and caption else "Tableau"
        return (
            f"{self.blocks(rest, level=level)}"
            f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table>'
            f"{f'<caption>{caption}</caption>' if caption else ''}{html}</table></div>"
        )

    def row(
        self,
        row: Element,
        rank: int,
        headers: list[bool],
        taken: dict[tuple[int, int], bool],
        *,
        level: int,
    ) -> str:
        cells, column = [], 0
        for cell in row.findall("Cellule"):
            while taken.get((rank, column)):
                column += 1
            wide, high = (
                _span(cell.get(name)) for name in ("fusionHorizontale", "fusionVerticale")
            )
            for down in range(high):
                for along in range(wide):
                    taken[rank + down, column + along] = True
            is_head = row.get("type") == "header"
            is_side = column < len(headers) and headers[column]
            inner = self.blocks(cell, level=level) if len(cell) else self.inline(cell)
            inner = _unwrapped(inner)
            tag = "th" if (is_head or is_side) and text_of(cell) else "td"
            scope = f' scope="{"col" if is_head else "row"}"' if tag == "th" else ""
            spans = f' colspan="{wide}"' if wide > 1 else ""
            spans += f' rowspan="{high}"' if high > 1 else ""
            cells.append(f"<{tag}{scope}{spans}>{inner}</{tag}>")
            column += wide
        return f"<tr>{''.join(cells)}</tr>"

    # Services, contacts, pictures

    def block_ServiceEnLigne(self, element: Element, level: int) -> str:
        """A card whose link says by itself what it is."""
        title, kind = element.find("Titre"), element.get("type", "")
        words = self.inline_of_title(title) if title is not None else ""
        url = safe_url(element.get("URL", "")) or self.link_to(element.get("ID", ""))
        verb = SERVICE_VERBS.get(kind, kind)
        details = [f"cerfa {cerfa}" for cerfa in [element.get("numerocerfa", "")] if cerfa]
        path = url.split("?")[0].lower()
        if path.endswith(".pdf"):
            details += ["PDF", *([element.get("poids", "")] if element.get("poids") else [])]
        note = f" ({', '.join(details)})" if details else ""
        rest = [child for child in element if child is not title]
        head = f"<span data-added>{escape(verb)}\u00a0: </span>{words}"
        head += f"<span data-added>{escape(note)}</span>"
        link = f'<a href="{escape(url)}" rel="noopener noreferrer">{head}</a>' if url else head
        return f'<div class="service"><p>{link}</p>{self.blocks(rest, level=level)}</div>'

    block_ServiceEnLigneAnnexe = block_ServiceEnLigne

    def block_NoticeLiee(self, element: Element, level: int) -> str:
        return self.outer_link(element, "Notice\u00a0: ")

    def outer_link(self, element: Element, lead: str = "") -> str:
        words, url = self.inline(element), safe_url(element.get("URL", ""))
        head = f"<span data-added>{lead}</span>{words}" if lead else words
        return f'<p><a href="{escape(url)}">{head}</a></p>' if url else f"<p>{head}</p>"

    def block_OuSAdresser(self, element: Element, level: int) -> str:
        """A contact: of the mairie, our own block; else the words and the address given."""
        title = element.find("Titre")
        name = self.inline_of_title(title) if title is not None else ""
        web = element.find("RessourceWeb")
        url = safe_url(web.get("URL", "")) if web is not None else ""
        if name and url:
            name = f'<a href="{escape(url)}">{name}</a>'
        ours = ""
        if self.mairie and any(text_of(one) == "mairie" for one in element.findall("PivotLocal")):
            ours = f'<div data-added class="callout callout--info">{self.mairie}</div>'
        rest = [child for child in element if child is not title and child is not web]
        # « Par téléphone », « Par courrier » are no sections of the page.
        inner = "".join(self.contact_part(child, level) for child in rest)
        head = f"<p><strong>{name}</strong></p>" if name else ""
        return f'<div class="contact">{head}{ours}{inner}</div>'

    block_QuiPeutMAider = block_OuSAdresserSupport = block_OuSAdresser

    def block_LienWeb(self, element: Element, level: int) -> str:
        """The address of a service, on its own page (documents R)."""
        url = safe_url(element.get("URL", ""))
        link = f'<p data-added><a href="{escape(url)}">Accéder au service</a></p>' if url else ""
        return self.container(element, level) + link

    def block_FicheLiee(self, element: Element, level: int) -> str:
        return self.annex_Reference(element, self.link_to(element.get("ID", "")))

    def contact_part(self, element: Element, level: int) -> str:
        if element.tag == "Texte":
            return "".join(self.contact_part(child, level) for child in element)
        if element.tag == "Chapitre":
            title = element.find("Titre")
            head = self.block_Titre(title, level) if title is not None else ""
            return head + self.blocks((one for one in element if one is not title), level=level)
        return self.block(element, level=level)

    def block_PivotLocal(self, element: Element, level: int) -> str:
        return ""  # a key of the national directory, not words

    def block_RessourceWeb(self, element: Element, level: int) -> str:
        return self.outer_link(element) if text_of(element) else ""

    def block_Image(self, element: Element, level: int) -> str:
        """Pictures are not fetched from elsewhere: their words are."""
        inner = self.blocks(element, level=level) or self.paragraph(element)
        return f'<div class="figure">{inner}</div>' if inner else ""

    block_ContenuIllustre = block_Illustration = block_Infographie = block_Image

    def block_Video(self, element: Element, level: int) -> str:
        url = safe_url(element.get("URL", ""))
        inner = self.blocks(element, level=level) or self.paragraph(element)
        link = f'<p data-added><a href="{escape(url)}">Voir la vidéo</a></p>' if url else ""
        return f'<div class="figure">{inner}{link}</div>'

    block_VideoIllustration = block_Video

    def block_RechercheGuidee(self, element: Element, level: int) -> str:
        url, words = self.link_to(element.get("ID", "")), self.container(element, level)
        link = f'<p data-added><a href="{escape(url)}">Être orienté selon ma situation</a></p>'
        return words + (link if url else "")

    # Annexes

    def annex(self, element: Element) -> str:
        maker = getattr(self, f"annex_{element.tag}", None)
        if maker is None:
            return self.block(element, level=3)
        html: str = maker(element)
        return html

    def annex_Reference(self, element: Element, address: str = "") -> str:
        title = element.find("Titre")
        words = self.inline_of_title(title) if title is not None else self.inline(element)
        url = address or safe_url(element.get("URL", ""))
        link = f'<a href="{escape(url)}">{words}</a>' if url else words
        rest = [child for child in element if child is not title and child.tag not in LOGIC]
        more = "".join(f" <span>{self.inline(one)}</span>" for one in rest)
        return f"<p>{link}{more if title is not None else ''}</p>"

    annex_PourEnSavoirPlus = annex_Partenaire = annex_Reference

    def annex_QuestionReponse(self, element: Element) -> str:
        url = self.link_to(element.get("ID", ""))
        words = self.inline_of_title(_title(element))
        return f'<p><a href="{escape(url)}">{words}</a></p>' if url else f"<p>{words}</p>"

    annex_CommentFaireSi = annex_FicheConnexe = annex_QuestionReponse

    def annex_VoirAussi(self, element: Element) -> str:
        return "".join(f"<p>{self.entry(one)}</p>" for one in element)

    def annex_Definition(self, element: Element) -> str:
        title = element.find("Titre")
        words = self.inline_of_title(title) if title is not None else ""
        ident = escape(_ident(element.get("ID", "")))
        rest = [child for child in element if child is not title]
        inner = "".join(
            self.annex(one) if one.tag == "Reference" else self.block(one, level=3) for one in rest
        )
        return f'<div id="{ident}"><p><strong>{words}</strong></p>{inner}</div>'

    annex_Abreviation = annex_Definition

    # Inside a paragraph

    def inline_of_title(self, title: Element) -> str:
        """A title holds plain words, or one paragraph, according to its parent and vintage."""
        return self.inline(title).strip()

    def inline(self, element: Element) -> str:
        parts = [escape(collapse(element.text or ""))]
        for child in element:
            parts += [self.inline_element(child), escape(collapse(child.tail or ""))]
        return _tidy("".join(parts))

    def inline_element(self, element: Element) -> str:
        tag = element.tag
        if tag in LOGIC:
            return ""
        words = self.inline(element)
        if not words.strip() and tag != "LienInterne":
            return words
        if tag in WRAPPED:
            return f"<{WRAPPED[tag]}>{words}</{WRAPPED[tag]}>"
        if tag == "TermeEtranger":
            return f'<span lang="{escape(element.get("langue", "en")[:8])}">{words}</span>'
        if tag == "LienInterne":
            return self.inner_link(element, words)
        if tag == "LienIntra":
            target = element.get("LienID", "")
            if target in self.definitions or element.get("type") == "Chapitre":
                return f'<a href="#{escape(_ident(target))}">{words}</a>'
            return words
        if tag == "LienExterne":
            url = safe_url(element.get("URL", ""))
            return f'<a href="{escape(url)}">{words}</a>' if url else words
        if tag in {"Image", "Video"}:
            return f"<span>{words}</span>"
        return words

    def inner_link(self, element: Element, words: str) -> str:
        code = element.get("LienPublication", "")
        if element.get("type") in {"Sigle", "Acronyme"}:
            long = self.abbreviations.get(code, "")
            return f'<abbr title="{escape(long)}">{words}</abbr>' if long else words
        url = self.link_to(code)
        if not words.strip():
            return words
        return f'<a href="{escape(url)}">{words}</a>' if url else words


def _title(element: Element) -> Element:
    found = element.find("Titre")
    return element if found is None else found


def _long_form(element: Element) -> Element:
    found = element.find("Texte")
    return element if found is None else found


def _kind(element: Element) -> str:
    return element.get("type", "puce")


def _run(element: Element) -> str:
    """What makes one list of elements that touch; nothing for what stands alone."""
    if element.tag == "Liste":
        return _kind(element)
    return ENTRY if element.tag in {"Fiche", "Dossier"} else ""


def _ascii(tag: str) -> str:
    """« Rangée » names no method."""
    return tag.replace("é", "e")


def _ident(code: str) -> str:
    return "d-" + re.sub(r"[^A-Za-z0-9-]", "-", code)


def _chosen(rank: int, chosen: int) -> str:
    return ' data-chosen="1"' if rank == chosen else ""


def _heading(level: int, words: str) -> str:
    if level > MAX_HEADING:
        return f"<p><strong>{words}</strong></p>"
    return f"<h{level}>{words}</h{level}>"


def _words(text: str | None) -> str:
    return (text or "").strip(" \t\r\n")


def _loose(text: str | None) -> str:
    """Words that stand between blocks, in no paragraph of their own."""
    words = collapse(text or "").strip(" ")
    return f"<p>{escape(words)}</p>" if words else ""


def _tidy(html: str) -> str:
    """No space before a full stop, a comma or a bracket that only comes from a line break."""
    return re.sub(r"(?<! ) +([.,)])", r"\1", html)


def _span(raw: str | None) -> int:
    return min(max(read_number(raw or "") or 1, 1), 50)


def _unwrapped(html: str) -> str:
    """One paragraph alone in a cell needs no paragraph."""
    found = re.fullmatch(r"<p>((?:(?!</?p>).)*)</p>", html, re.DOTALL)
    return found[1] if found else html

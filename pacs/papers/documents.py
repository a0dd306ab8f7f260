"""The PDFs of a PACS dossier. Every fact comes from the database.

What is printed for one partenaire never tells what the other has not made theirs to show: the
other's identity appears once they have attested it (both sign the same declaration), their
address, e-mail and phone never; a measure of protection or a refugee status is on none of
these papers. `pacs.reads.access.reads` decides, line by line.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from demarches.mail.sms_gateway import is_on
from demarches.models import Mairie
from demarches.papers.documents import RenderedPdf, render_pdf
from demarches.rules.dates_fr import day_fr, hour_fr
from demarches.rules.enums import PieceStatus, Status
from demarches.rules.reference import ALPHABET
from pacs.models import Door, Dossier, PacsSettings, Partenaire, Piece, PieceWording
from pacs.models.gate import read_pieces
from pacs.reads.access import pieces_read_by, readable_columns, reads
from pacs.reads.bringing import boxes, things_to_bring
from pacs.rules.attestation import attestation_text
from pacs.rules.births import partial_date_fr
from pacs.rules.convention import ConventionChoices, MaterialAid, PropertyRegime, mandatory_sentence
from pacs.rules.pieces import NEVER_ASKED_ID
from pacs.rules.planner import when_to_ask
from pacs.rules.situation import Situation

#: From here on the mairie has found everything in order: the papers are no draft any more.
FINAL_STATUSES = frozenset({Status.COMPLETE, Status.SCHEDULED, Status.REGISTERED})
MISSING_STATUSES = frozenset({PieceStatus.MISSING, PieceStatus.BLOCKED, PieceStatus.REFUSED})
TO_PREPARE_STATUSES = MISSING_STATUSES | {PieceStatus.EXPIRED}
CHECK_CODE_LENGTH = 8


#: The facts of the declaration, and the columns each is made of.
FACT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "Nom de naissance": ("birth_name",),
    "Prénoms": ("first_names",),
    "Nom d’usage": ("usage_name",),
    "Sexe": ("sex",),
    "Date de naissance": ("birth_year", "birth_month", "birth_day"),
    "Lieu de naissance": ("birth_city", "birth_department", "birth_country"),
    "Pays de nationalité": ("nationalities",),
    "Premier parent": ("parent1_name", "parent1_first_names", "parent1_unknown"),
    "Second parent": ("parent2_name", "parent2_first_names", "parent2_unknown"),
    "Situation": ("situation",),
}


class DocumentNotReady(Exception):
    """The dossier has not reached the point where this document has a meaning."""


@dataclass(frozen=True)
class Row:
    """One line of the declaration: the same fact of each partenaire."""

    label: str
    first: str
    second: str


def acknowledgement(dossier: Dossier, *, reader: Partenaire | None) -> RenderedPdf:
    """Accusé de réception électronique (CRPA, art. L112-11 and R112-11-1).

    Names the service, how to reach it and the date of reception; says what is missing among
    the pieces this reader may know of (all for the mairie) and what follows. Raises
    `DocumentNotReady` for a dossier that was not sent.
    """
    if dossier.submitted_at is None:
        raise DocumentNotReady("Ce dossier n’a pas encore été envoyé.")
    received = timezone.localtime(dossier.submitted_at)
    pacs_settings = PacsSettings.current()
    context = _letterhead(dossier) | {
        "court": pacs_settings.court,
        "received_on": f"{day_fr(received.date())} à {hour_fr(received)}",
        "answer_by": day_fr(pacs_settings.answer_by(received)),
        "missing": piece_labels(dossier, MISSING_STATUSES, reader=reader),
        "to_bring": piece_labels(dossier, {PieceStatus.TO_BRING}, reader=reader),
    }
    return render_pdf(
        "pacs/pdf/acknowledgement.html",
        context,
        title="Accusé de réception de votre dossier",
        stylesheets=("pacs/pdf/pacs.css",),
        path=dossier.get_absolute_url(),
    )


def checklist(dossier: Dossier, *, reader: Partenaire | None) -> RenderedPdf:
    """What is left to prepare, and what to bring on the day, with boxes to tick.

    Holds the pieces this reader may know of; all of them for the mairie.
    """
    wordings = PieceWording.objects.by_rule()
    return render_pdf(
        "pacs/pdf/dossier_checklist.html",
        _letterhead(dossier) | _listed(dossier, reader, wordings),
        title="Vos pièces : à préparer, à apporter",
        stylesheets=("pacs/pdf/pacs.css",),
        path=dossier.get_absolute_url(),
    )


def checklists(dossiers: Sequence[Dossier]) -> RenderedPdf:
    """The lists of several dossiers in one document, for the mairie, each on a page of its own."""
    wordings = PieceWording.objects.by_rule()
    read_pieces(dossiers)
    lists = [
        {
            **_listed(one, None, wordings),
            "dossier": one,
            "names": " et ".join(person.display_name for person in one.people),
        }
        for one in dossiers
    ]
    return render_pdf(
        "pacs/pdf/dossier_checklists.html",
        {"mairie": Mairie.objects.with_entrances(), "lists": lists},
        title="Listes de pièces",
        stylesheets=("pacs/pdf/pacs.css",),
    )


def _listed(
    dossier: Dossier, reader: Partenaire | None, wordings: Mapping[str, PieceWording]
) -> dict[str, Any]:
    """What a list of pieces says of a dossier."""
    readable = pieces_read_by(reader, dossier)
    now = timezone.now()
    aimed, days, on = (
        dossier.aimed_day(at=now),
        dossier.days(at=now),
        dossier.registration_date(at=now),
    )

    def when_of(piece: Piece, wording: PieceWording) -> str:
        window = when_to_ask(piece.rule_id, wording.max_age, on=aimed, days=days)
        return window.words if window else ""

    to_prepare = [
        piece
        for piece in readable
        if piece.status_on(on, wordings[piece.rule_id].max_age) in TO_PREPARE_STATUSES
        # Promised for the day, and of an age that counts: it may still have to be asked for.
        or (piece.is_promised and wordings[piece.rule_id].is_dated)
    ]
    return {
        "to_prepare": boxes(
            to_prepare, wordings, lambda wording: wording.to_prepare, when_of=when_of
        ),
        "to_bring": boxes(readable, wordings, lambda wording: wording.to_bring),
        "never_asked": wordings[NEVER_ASKED_ID].help_lines,
    }


def convocation(dossier: Dossier, *, reader: Partenaire | None) -> RenderedPdf:
    """The convocation: when, where, who comes, with which originals.

    Raises `DocumentNotReady` while no appointment is booked.
    """
    appointment = dossier.appointment
    if appointment is None:
        raise DocumentNotReady("Ce dossier n’a pas de rendez-vous.")
    context = _letterhead(dossier) | {
        "appointment": appointment,
        "people": [civil_name(person) for person in dossier.people],
        "to_bring": things_to_bring(dossier, reader=reader),
        "changeable_until": timezone.localtime(appointment.changeable_until),
        # An agent may book nearer than people may still change by themselves.
        "is_changeable": appointment.changeable_until > appointment.created_at
        and not appointment.is_exceptional,
        "foot": f"Convocation n° {appointment.sequence + 1}",
    }
    return render_pdf(
        "pacs/pdf/convocation.html",
        context,
        title="Convocation" if appointment.place else "Convocation à la mairie",
        stylesheets=("pacs/pdf/pacs.css",),
        path=dossier.get_absolute_url(),
    )


def piece_labels(
    dossier: Dossier, statuses: Set[PieceStatus], *, reader: Partenaire | None
) -> list[str]:
    """The pieces in these states that this reader may know of, each with its holder."""
    wordings = PieceWording.objects.by_rule()
    labels = []
    for piece in pieces_read_by(reader, dossier):
        if piece.status not in statuses:
            continue
        label = wordings[piece.rule_id].label
        if piece.about:
            label += f" ({wordings[piece.about].label})"
        if piece.partenaire is not None:
            label += f", pour {piece.partenaire.display_name}"
        labels.append(label)
    return labels


def declaration(dossier: Dossier, *, reader: Partenaire | None) -> RenderedPdf:
    """Preparation of the joint declaration: the content of cerfa 15725, ready to be signed.

    `reader`: the partenaire it is printed for; None for the mairie, which sees everything.
    """
    context = _letterhead(dossier) | {
        "signatories": [(civil_name(person), _attested_on(person)) for person in dossier.people],
        "rows": declaration_rows(dossier, reader=reader),
        "hidden": [person for person in dossier.people if not _shows_identity(person, reader)],
        "is_draft": dossier.current_status not in FINAL_STATUSES,
        "foot": f"Code de contrôle {check_code(dossier)} · version {dossier.version}",
    }
    return render_pdf(
        "pacs/pdf/declaration.html",
        context,
        is_official=True,
        title="Préparation de la déclaration conjointe de Pacs",
        stylesheets=("pacs/pdf/pacs.css",),
    )


def convention(dossier: Dossier, choices: ConventionChoices) -> RenderedPdf:
    """The convention the couple chose, made on the fly: neither choices nor paper are kept.

    The mairie keeps no convention (décret 2006-1806, art. 7; fiche F1618), so this portal
    does not either.
    """
    first, second = dossier.people
    signatories = (civil_name(first), civil_name(second))
    context = _letterhead(dossier) | {
        "signatories": signatories,
        "sentence": mandatory_sentence(*signatories),
        "is_proportional": choices.aid is MaterialAid.PROPORTIONAL,
        "is_separation": choices.regime is PropertyRegime.SEPARATION,
        "contributions": list(zip(signatories, choices.contributions, strict=True)),
    }
    return render_pdf(
        "pacs/pdf/convention.html",
        context,
        is_official=True,
        title="Convention de Pacs",
        stylesheets=("pacs/pdf/pacs.css",),
    )


def personal_part(dossier: Dossier, partenaire: Partenaire) -> RenderedPdf:
    """The questions of one partenaire on paper, to fill in by hand and hand back.

    Of what the other one answered, it carries the name and the common address alone.
    """
    other = next(person for person in dossier.people if person.pk != partenaire.pk)
    attestation = attestation_text(
        name=civil_name(partenaire) if partenaire.birth_name else "…" * 20,
        other=civil_name(other),
        address=[str(dossier.address) or "adresse à écrire ici"],
        is_common=dossier.has_common_residence,
    )
    context = _letterhead(dossier) | {
        "attestation": attestation.splitlines(),
        "sends_texts": is_on(),
        "situations": [
            situation.label
            for situation in (
                Situation.SINGLE,
                Situation.DIVORCED,
                Situation.WIDOWED,
                Situation.PACS_DISSOLVED,
                Situation.FOREIGN_PARTNERSHIP,
            )
        ],
    }
    return render_pdf(
        "pacs/pdf/personal_part.html",
        context,
        is_official=True,
        title="Votre partie du dossier, sur papier",
        stylesheets=("pacs/pdf/pacs.css",),
        path=dossier.get_absolute_url(),
    )


def way_back(dossier: Dossier) -> RenderedPdf:
    """How the second goes on another day, on the device of the first or on paper: to keep.

    The reference and the address of the portal, nobody's name: such a slip lies about. Says no
    mail leaves to somebody who gave no address.
    """
    _, second = dossier.people
    context = _letterhead(dossier) | {
        "is_on_paper": second.door == Door.PAPER.value,
        "is_mailed": bool(second.mail_address),
    }
    return render_pdf(
        "pacs/pdf/way_back.html",
        context,
        title="Pour revenir à votre démarche",
        stylesheets=("pacs/pdf/pacs.css",),
        path=dossier.get_absolute_url(),
    )


def check_code(dossier: Dossier) -> str:
    """Eight signs that change with any printed fact: « 7KQ2-M0XP ».

    An agent compares them with the screen: a declaration printed before an answer was changed
    is seen at once. It proves nothing about who printed the paper.
    """
    facts = [
        [row.label, row.first, row.second] for row in declaration_rows(dossier, reader=None)
    ] + [str(dossier.address)]
    digest = hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).digest()
    number = int.from_bytes(digest)
    signs = ""
    for _ in range(CHECK_CODE_LENGTH):
        number, place = divmod(number, len(ALPHABET))
        signs += ALPHABET[place]
    return f"{signs[:4]}-{signs[4:]}"


def declaration_rows(dossier: Dossier, *, reader: Partenaire | None) -> list[Row]:
    """The facts of the declaration, line by line, as this reader may see them."""
    first, second = (_readable_facts(person, reader) for person in dossier.people)
    labels = dict.fromkeys([*first, *second])
    return [Row(label, first.get(label, ""), second.get(label, "")) for label in labels]


def identity_facts(person: Partenaire) -> dict[str, str]:
    """What the declaration says of one person: cerfa 15725, lines 1 to 9."""
    facts = {
        "Nom de naissance": person.birth_name,
        "Prénoms": person.first_names,
        "Nom d’usage": person.usage_name,
        "Sexe": person.get_sex_display() if person.sex else "",
        "Date de naissance": partial_date_fr(person.birth_date),
        "Lieu de naissance": birth_place(person),
        "Pays de nationalité": person.nationality_words,
        "Premier parent": parent_name(
            person.parent1_name, person.parent1_first_names, unknown=person.parent1_unknown
        ),
        "Second parent": parent_name(
            person.parent2_name, person.parent2_first_names, unknown=person.parent2_unknown
        ),
        "Situation": Situation(person.situation).label if person.situation else "",
    }
    if not facts["Nom d’usage"]:
        del facts["Nom d’usage"]
    return facts


def civil_name(person: Partenaire) -> str:
    """« Claire Anne MARTIN », as the birth record has it; a neutral word when nothing is known."""
    name = " ".join(part for part in (person.first_names, person.birth_name) if part)
    return name or f"Partenaire {person.position}"


def birth_place(person: Partenaire) -> str:
    """« Nîmes (Gard), France »."""
    place = person.birth_city
    if person.birth_department:
        place = f"{place} ({person.birth_department})".strip()
    return ", ".join(part for part in (place, str(person.birth_country.name)) if part)


def parent_name(name: str, first_names: str, *, unknown: bool) -> str:
    """« MARTIN Claire », or that the record names nobody."""
    return "Inconnu" if unknown else " ".join(part for part in (name, first_names) if part)


def _attested_on(person: Partenaire) -> str:
    return day_fr(timezone.localtime(person.attested_at).date()) if person.attested_at else ""


def _readable_facts(person: Partenaire, reader: Partenaire | None) -> dict[str, str]:
    """The facts of the declaration that this reader may see of this person."""
    shown = readable_columns(person, reader=reader)
    return {
        label: value
        for label, value in identity_facts(person).items()
        if shown.issuperset(FACT_COLUMNS[label])
    }


def _shows_identity(person: Partenaire, reader: Partenaire | None) -> bool:
    """Every fact of the declaration is shown to this reader."""
    return reads(reader, person, *(name for names in FACT_COLUMNS.values() for name in names))


def _letterhead(dossier: Dossier) -> dict[str, Any]:
    """What every paper of a dossier needs."""
    return {
        "mairie": Mairie.objects.with_entrances(),
        "dossier": dossier,
        "reference": dossier.reference,
        "residence": str(dossier.address),
        "residence_is_common": dossier.has_common_residence,
    }

"""What the columns of a Pacs dossier say to the person who asks for a copy of their data.

RGPD, article 12: what is told is « concise, transparente, compréhensible ». The copy for another
machine keeps every column as it is; this one leaves out the keys of the machine.
"""

from collections.abc import Mapping
from typing import Any

from demarches.dossiers.mine import Told, Words
from demarches.dossiers.words import value_in_words
from demarches.files.uploads import WARNINGS
from demarches.templatetags.portal import file_size
from pacs.actions.corrections import in_words
from pacs.hooks.processing import WORDS as NAMES
from pacs.models import (
    Correction,
    Dossier,
    Partenaire,
    Piece,
    PieceFile,
    PieceWording,
)
from pacs.models.consent import label_of
from pacs.pages.steps import title_asked
from pacs.rules.consent import ATTESTED_COMMON, ATTESTED_OTHER, ATTESTED_OWN

#: Columns that lead to another row of the same dossier, or tell rows apart.
KEYS = frozenset({"id", "dossier", "user", "registration", "position"})
#: Told as one, by the officer's column.
SIGNER = frozenset({"officer_name", "officer_quality", "officer_act"})


def _of(name: str) -> Words:
    """The row that this column points to, as it is named."""

    def words(row: Any) -> str:
        return str(getattr(row, name) or "")

    return words


def _piece(rule_id: str) -> str:
    return PieceWording.objects.by_rule()[rule_id].label if rule_id else ""


def _facts(person: Partenaire) -> str:
    """The facts attested, each in the words of its column, as they were that day."""
    known = [
        (label, model, name)
        for model, names in (
            (Dossier, ATTESTED_COMMON),
            (Partenaire, ATTESTED_OWN),
            (Partenaire, ATTESTED_OTHER),
        )
        for name, label in names.items()
    ]
    kept = person.attested_facts or {}
    found = (
        (label, value_in_words(model(**{name: kept[label]}), name))
        for label, model, name in known
        if label in kept and kept[label] is not None
    )
    return " ; ".join(f"{label} : {words}" for label, words in found if words)


def _nationalities(person: Partenaire) -> str:
    return value_in_words(person, "nationalities")


def _said_by_other(person: Partenaire) -> str:
    return ", ".join(label_of(person, name) for name in person.said_by_other)


def _warnings(file: PieceFile) -> str:
    return " ".join(WARNINGS[code] for code in file.warnings if code in WARNINGS)


def _proposed(correction: Correction) -> str:
    return " ; ".join(
        f"{one.label} : {one.proposed or 'rien'}"
        for one in in_words(correction, correction.dossier)
    )


def _file_piece(file: PieceFile) -> str:
    return _piece(file.piece.rule_id)


def _rule(piece: Piece) -> str:
    return _piece(piece.rule_id)


def _about(piece: Piece) -> str:
    return _piece(piece.about)


def _kind(file: PieceFile) -> str:
    return file.content_type.rpartition("/")[2].upper()


def _size(file: PieceFile) -> str:
    return file_size(file.size)


#: By model of `pacs.rules.privacy`.
TOLD: Mapping[str, Told] = {
    "Dossier": Told(
        words={"appointment": _of("appointment"), "held_appointment": _of("held_appointment")},
        labels={
            "held_appointment": "rendez-vous en cours de choix",
            "deletion_warned_at": "effacement annoncé le",
        },
        hidden=KEYS | {"version"},
    ),
    "Partenaire": Told(
        words={
            "nationalities": _nationalities,
            "attested_facts": _facts,
            "said_by_other": _said_by_other,
        },
        labels={"part_begun_at": NAMES["part_begun_at"]},
        hidden=KEYS - {"position"},
    ),
    "Piece": Told(
        words={"partenaire": _of("partenaire"), "rule_id": _rule, "about": _about},
        labels={"rule_id": "pièce", "partenaire": "à donner par"},
        hidden=KEYS | {"key"},
    ),
    "PieceFile": Told(
        words={
            "piece": _file_piece,
            "content_type": _kind,
            "size": _size,
            "warnings": _warnings,
            "uploaded_by": _of("uploaded_by"),
        },
        labels={
            "piece": "pièce",
            "content_type": "sorte de fichier",
            "size": "taille",
            "pages": NAMES["pages"],
            "warnings": NAMES["warnings"],
            "uploaded_by": NAMES["uploaded_by"],
        },
        hidden=KEYS,
    ),
    "Helper": Told(hidden=KEYS | {"partenaire"}),
    "Message": Told(
        words={"partenaire": _of("partenaire"), "private_to": _of("private_to")},
        labels={"at": "écrit le", "partenaire": "écrit par ou à"},
        hidden=KEYS | {"form_key"},
    ),
    "InformationRequest": Told(
        words={"partenaire": _of("partenaire"), "question": title_asked},
        labels={"at": "demandé le", "partenaire": "demandé à"},
        hidden=KEYS,
    ),
    "Correction": Told(words={"values": _proposed}, hidden=KEYS | {"holder"}),
    "EarlierOffer": Told(
        words={"appointment": _of("appointment")},
        labels={"appointment": "rendez-vous pris"},
        hidden=KEYS,
    ),
    # Who signed, as they were called that day.
    "Registration": Told(words={"officer": _of("signer")}, hidden=KEYS | SIGNER),
    "RegisteredPerson": Told(hidden=KEYS - {"position"}),
    "LaterAct": Told(words={"officer": _of("signer")}, hidden=KEYS | SIGNER),
    "Rectification": Told(words={"person": _of("person")}, hidden=KEYS),
}

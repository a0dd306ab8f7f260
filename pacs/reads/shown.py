"""What the pages of a dossier show to one person, value by value.

A page imprints it into its form (`demarches.rules.read`), and the action that the form calls
compares it under the lock with what is there. Nothing of the other partenaire's own part goes
in: a change there is neither refused nor told by these means.

Names are « couple.street », « moi.birth_name », « autre.first_names », « piece.<key> », or the
name of a fact about the dossier.
"""

from collections.abc import Iterable

from demarches.rules.enums import Transition
from demarches.rules.read import Shown
from pacs.models.dossier import Dossier
from pacs.models.gate import open_corrections
from pacs.models.partenaire import Partenaire
from pacs.models.piece import Piece
from pacs.reads.access import holders_of, pieces_read_by
from pacs.rules.consent import ATTESTED_COMMON, ATTESTED_OTHER, ATTESTED_OWN, CONFIRMED

#: Every answer about both.
COMMON_ANSWERS = (
    "residence",
    "impediment",
    "kinship",
    "convention",
    "wished_date",
    "street",
    "street_more",
    "postcode",
    "city",
    "already_home",
)
#: Every answer of one's own part.
OWN_ANSWERS = (
    "birth_name",
    "first_names",
    "single_name",
    "usage_name",
    "sex",
    "birth_day",
    "birth_month",
    "birth_year",
    "birth_country",
    "birth_city",
    "birth_department",
    "birth_insee",
    "nationalities",
    "has_french_record",
    "protection",
    "birth_record_in_french",
    "coutume_in_french",
    "country_issues_coutume",
    "country_updates_records",
    "parent1_name",
    "parent1_first_names",
    "parent1_unknown",
    "parent2_name",
    "parent2_first_names",
    "parent2_unknown",
    "situation",
    "divorce_mentioned",
    "union_record_country",
    "union_record_in_french",
    "measure",
    "protector_is_partenaire",
    "civil_status_changed",
    "street",
    "street_more",
    "postcode",
    "city",
    "country",
    "phone",
    "texts_agreed_at",
    "contact_email",
    "needs",
)


def answers_shown(row: Dossier | Partenaire, names: Iterable[str], whose: str) -> Shown:
    """These columns of a row."""
    return {f"{whose}.{name}": getattr(row, name) for name in names}


def piece_shown(piece: Piece) -> Shown:
    """What is said of one piece, and which files it has."""
    return {
        "choice": piece.status,
        "issued_on": piece.issued_on,
        "expires_on": piece.expires_on,
        "is_french_adult_card": piece.is_french_adult_card,
        "note": piece.citizen_note,
        "documents": sorted(file.sha256 for file in piece.files.all()),
    }


def review_shown(reader: Partenaire, dossier: Dossier) -> Shown:
    """« Vérifiez vos réponses »: the shared answers, one's own, and the pieces one may read."""
    pieces = pieces_read_by(reader, dossier)
    return {
        **answers_shown(dossier, COMMON_ANSWERS, "couple"),
        **answers_shown(_row(reader, dossier), OWN_ANSWERS, "moi"),
        **{f"piece.{piece.key}": list(map(str, piece_shown(piece).values())) for piece in pieces},
    }


def handed_back_shown(reader: Partenaire, dossier: Dossier) -> Shown:
    """What the mairie asked for last, and what the couple has made of it."""
    asked = dossier.events.filter(transition=Transition.REQUEST_PIECES.value).last()
    return {
        "status": dossier.status,
        "request": asked.pk if asked else None,
        **review_shown(reader, dossier),
        **corrections_shown(reader, dossier),
    }


def corrections_shown(reader: Partenaire, dossier: Dossier) -> Shown:
    """The corrections of this person that wait, and what stands in the place of each answer."""
    pending = [one for one in open_corrections(dossier) if one.holder in holders_of(reader)]
    rows = {0: dossier, reader.position: _row(reader, dossier)}
    return {
        f"correction.{one.holder}": [
            one.pk,
            one.status,
            *(
                (name, value["new"], str(getattr(rows[one.holder], name)))
                for name, value in sorted(one.values.items())
            ),
        ]
        for one in pending
    }


def attestation_shown(reader: Partenaire, dossier: Dossier) -> Shown:
    """The facts that the attestation of this person is about."""
    first, second = dossier.people
    own, other = (first, second) if first.pk == reader.pk else (second, first)
    return {
        **answers_shown(dossier, ATTESTED_COMMON, "couple"),
        **answers_shown(other, ATTESTED_OTHER, "autre"),
        **answers_shown(own, ATTESTED_OWN, "moi"),
    }


def confirmation_shown(dossier: Dossier) -> Shown:
    """The shared answers that the second partenaire agrees with."""
    return answers_shown(dossier, CONFIRMED, "couple")


def said_shown(reader: Partenaire, dossier: Dossier) -> Shown:
    """What the other said of this person in the simulator, and nobody has confirmed."""
    row = _row(reader, dossier)
    return answers_shown(row, row.said_by_other, "moi")


def standing_shown(dossier: Dossier) -> Shown:
    """Where the dossier stands, for whoever stops it."""
    return {"status": dossier.status, "appointment": dossier.appointment_id}


def door_shown(second: Partenaire) -> Shown:
    """How the second partenaire takes part, as the first one set it."""
    return {"door": second.door, "email": second.invited_email, "user": second.user_id}


def place_shown(dossier: Dossier) -> Shown:
    """Who holds the second's place, for an agent who writes to them: its last change of hands."""
    gone = dossier.events.filter(kind__in=["part_emptied", "declined", "left"]).last()
    return {"place.2": gone.pk if gone else 0}


def _row(reader: Partenaire, dossier: Dossier) -> Partenaire:
    """This person as the given dossier has them: read again when the dossier was."""
    return next(one for one in dossier.people if one.pk == reader.pk)

"""Models of `pacs`, split by concept."""

from pacs.models.dossier import Dossier
from pacs.models.earlier import EarlierOffer
from pacs.models.exchange import (
    DossierEvent,
    Message,
    MessageTemplate,
    Note,
    Reading,
    RefusalReason,
    SentMail,
)
from pacs.models.partenaire import Partenaire
from pacs.models.piece import Piece, PieceFile
from pacs.models.registration import Avis, LaterAct, RegisteredPerson, Registration
from pacs.models.settings import PacsSettings
from pacs.models.wording import PieceWording
from pacs.rules.enums import Door, Sex

__all__ = [
    "Avis",
    "Door",
    "Dossier",
    "DossierEvent",
    "EarlierOffer",
    "LaterAct",
    "Message",
    "MessageTemplate",
    "Note",
    "PacsSettings",
    "Partenaire",
    "Piece",
    "PieceFile",
    "PieceWording",
    "Reading",
    "RefusalReason",
    "RegisteredPerson",
    "Registration",
    "SentMail",
    "Sex",
]

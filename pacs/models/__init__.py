"""Models of `pacs`, split by concept."""

from pacs.models.correction import Correction, InformationRequest
from pacs.models.decision import OutcomeDecision
from pacs.models.dossier import Dossier
from pacs.models.earlier import EarlierOffer
from pacs.models.ending import Ending
from pacs.models.exchange import (
    DossierEvent,
    Message,
    MessageTemplate,
    Note,
    Reading,
    RefusalReason,
    SentMail,
)
from pacs.models.follower import Follower
from pacs.models.helper import Helper
from pacs.models.partenaire import Partenaire
from pacs.models.piece import Piece, PieceFile
from pacs.models.rectification import Rectification
from pacs.models.registration import Avis, LaterAct, RegisteredPerson, Registration
from pacs.models.settings import PacsSettings
from pacs.models.translation import PieceTranslation, Translated
from pacs.models.wording import PieceWording
from pacs.rules.enums import CorrectionStatus, Door, Sex

__all__ = [
    "Avis",
    "Correction",
    "CorrectionStatus",
    "Door",
    "Dossier",
    "DossierEvent",
    "EarlierOffer",
    "Ending",
    "Follower",
    "Helper",
    "InformationRequest",
    "LaterAct",
    "Message",
    "MessageTemplate",
    "Note",
    "OutcomeDecision",
    "PacsSettings",
    "Partenaire",
    "Piece",
    "PieceFile",
    "PieceTranslation",
    "PieceWording",
    "Reading",
    "Rectification",
    "RefusalReason",
    "RegisteredPerson",
    "Registration",
    "SentMail",
    "Sex",
    "Translated",
]

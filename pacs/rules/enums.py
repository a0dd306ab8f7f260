"""Closed lists of the PACS procedure that no legal rule reads."""

from demarches.rules.enums import LabelledStrEnum


class Door(LabelledStrEnum):
    """How the second partenaire takes part."""

    OWN = "own", "Sur son propre appareil, avec une invitation par courriel"
    SAME_DEVICE = "same_device", "Sur cet appareil, que je lui passe"
    PAPER = "paper", "Sur papier"


class Sex(LabelledStrEnum):
    """As the birth record has it: the register and the check of the record need it."""

    FEMALE = "F", "Féminin"
    MALE = "M", "Masculin"
    OTHER = "X", "Autre mention"


class CorrectionStatus(LabelledStrEnum):
    """Where a correction stands."""

    DRAFT = "draft", "Pas encore envoyée"
    SENT = "sent", "Envoyée à la mairie"
    TAKEN = "taken", "Reprise dans le dossier"
    DECLINED = "declined", "Non reprise"
    DROPPED = "dropped", "Abandonnée"


#: It waits: prepared, or sent.
PENDING = [CorrectionStatus.DRAFT.value, CorrectionStatus.SENT.value]

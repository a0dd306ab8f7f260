"""What may be mended in a line of the register, and what the line said and says."""

from typing import Final

from demarches.rules.enums import LabelledStrEnum


class Mended(LabelledStrEnum):
    """A value of a line that may have been written wrongly."""

    BIRTH_NAME = "birth_name", "nom de naissance"
    FIRST_NAMES = "first_names", "prénoms"
    SEX = "sex", "sexe"
    BIRTH_DATE = "birth_date", "date de naissance"
    BIRTH_PLACE = "birth_place", "lieu de naissance"
    PLACE = "place", "lieu d’enregistrement"
    OFFICER = "officer", "officier"


#: What is said of one of the two; the rest is of the line.
OF_A_PERSON: Final = frozenset(
    {
        Mended.BIRTH_NAME.value,
        Mended.FIRST_NAMES.value,
        Mended.SEX.value,
        Mended.BIRTH_DATE.value,
        Mended.BIRTH_PLACE.value,
    }
)

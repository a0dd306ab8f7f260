"""The choices of a convention: Code civil, art. 515-4 to 515-5-2 (version of 3 April 2026).

Two questions, as on the convention-type (cerfa 15726): the aide matérielle and the régime des
biens. The law has a default for each; people must know it and choose all the same, so
nothing here is chosen for them.
"""

from dataclasses import dataclass

from demarches.rules.enums import LabelledStrEnum


class MaterialAid(LabelledStrEnum):
    """Aide matérielle between the partenaires (CC 515-4)."""

    PROPORTIONAL = "proportionnelle", "Chacun aide selon ses moyens"
    FIXED = "forfaitaire", "Chacun verse une somme fixée d’avance"


class PropertyRegime(LabelledStrEnum):
    """Who owns what is bought during the PACS (CC 515-5, 515-5-1)."""

    SEPARATION = "separation", "Chacun reste propriétaire de ce qu’il achète"
    INDIVISION = "indivision", "Ce qui est acheté appartient aux deux, par moitié"


#: What the law says when the convention is silent.
LEGAL_AID = MaterialAid.PROPORTIONAL
LEGAL_REGIME = PropertyRegime.SEPARATION


@dataclass(frozen=True, slots=True)
class ConventionChoices:
    """What the couple decided; `contributions` are euros a month, of the first and the second.

    A sum that is not known yet is None: the line is left to be filled in by hand.
    """

    aid: MaterialAid
    regime: PropertyRegime
    contributions: tuple[int | None, int | None] = (None, None)

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


@dataclass(frozen=True, slots=True)
class Clause:
    """What a choice means, in words of every day; the law's own choice is told, never ticked."""

    choice: MaterialAid | PropertyRegime
    meaning: str
    example: str
    basis: str

    @property
    def is_legal_default(self) -> bool:
        """What applies when the convention says nothing."""
        return self.choice in (LEGAL_AID, LEGAL_REGIME)


AID_CLAUSES: tuple[Clause, ...] = (
    Clause(
        MaterialAid.PROPORTIONAL,
        "Chacun participe aux dépenses communes selon ses moyens.",
        "L’un gagne deux fois plus que l’autre : il paie à peu près deux tiers du loyer.",
        "Code civil, art. 515-4",
    ),
    Clause(
        MaterialAid.FIXED,
        "Chacun verse une somme que vous écrivez dans la convention.",
        "Vous écrivez 400 € par mois pour l’un et 300 € pour l’autre.",
        "Code civil, art. 515-4",
    ),
)
REGIME_CLAUSES: tuple[Clause, ...] = (
    Clause(
        PropertyRegime.SEPARATION,
        "Chacun garde ce qu’il achète et répond seul de ses dettes personnelles.",
        "Vous achetez une voiture à votre nom, avec votre argent : elle est à vous.",
        "Code civil, art. 515-5",
    ),
    Clause(
        PropertyRegime.INDIVISION,
        "Ce que vous achetez après l’enregistrement, ensemble ou chacun de son côté, est à vous"
        " deux par moitié, même si l’un a payé davantage. Certains biens restent personnels.",
        "Vous achetez une voiture à votre nom, avec votre argent : elle est à vous deux.",
        "Code civil, art. 515-5-1 et 515-5-2",
    ),
)


@dataclass(frozen=True, slots=True)
class ForbiddenClause:
    """What a convention of one's own may not say (fiche F1619)."""

    text: str
    basis: str


FORBIDDEN_CLAUSES: tuple[ForbiddenClause, ...] = (
    ForbiddenClause(
        "Renoncer à la vie commune : vous vous y engagez l’un envers l’autre.",
        "Code civil, art. 515-4",
    ),
    ForbiddenClause(
        "Écarter la solidarité : chacun répond envers les tiers des dettes de la vie courante.",
        "Code civil, art. 515-4",
    ),
    ForbiddenClause(
        "Interdire à l’un de mettre fin seul au Pacs : chacun peut toujours le rompre.",
        "Code civil, art. 515-7",
    ),
)


def mandatory_sentence(first: str, second: str) -> str:
    """The sentence that every convention carries (fiche F1618)."""
    return (
        f"Nous, {first} et {second}, concluons un pacte civil de solidarité régi par les"
        " dispositions de la loi du 15 novembre 1999 modifiée et les articles 515-1 à 515-7 du"
        " code civil."
    )

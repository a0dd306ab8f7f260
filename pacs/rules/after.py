"""Who handles a PACS after its registration: the one who registered it, wherever people live.

Sources: Code civil, art. 515-3 and 515-7; fiches F1619 and F1620; for the PACS of the former
tribunaux d'instance, domain reference 4.7.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keeper:
    """One answer to « where and when was it registered? », and who acts then."""

    slug: str
    question: str
    title: str
    text: str
    #: This mairie is the one.
    is_here: bool = False


HERE = "ici"
COURT = "ancien-tribunal"
KEEPERS: tuple[Keeper, ...] = (
    Keeper(
        HERE,
        "Dans cette mairie, depuis le 1er novembre 2017",
        "C’est cette mairie qui agit",
        "La mairie qui a enregistré le Pacs enregistre aussi sa modification et sa dissolution,"
        " où que vous habitiez aujourd’hui.",
        is_here=True,
    ),
    Keeper(
        COURT,
        "Au tribunal d’instance d’ici, avant le 1er novembre 2017",
        "C’est cette mairie qui agit",
        "Les Pacs d’un tribunal d’instance sont passés en 2017 à la mairie de la commune où il"
        " siégeait. Elle agit pour vous, où que vous habitiez aujourd’hui.",
        is_here=True,
    ),
    Keeper(
        "autre-tribunal",
        "Dans un autre tribunal d’instance, avant le 1er novembre 2017",
        "C’est la mairie de la ville de ce tribunal",
        "Écrivez à la mairie de la commune où siégeait ce tribunal : les Pacs lui ont été"
        " transmis en 2017.",
    ),
    Keeper(
        "autre-mairie",
        "Dans une autre mairie",
        "C’est l’autre mairie qui agit",
        "Écrivez à la mairie qui a enregistré votre Pacs. Votre adresse d’aujourd’hui ne change"
        " rien : nous ne pouvons pas le faire à sa place.",
    ),
    Keeper(
        "notaire",
        "Chez un notaire",
        "C’est le notaire qui agit",
        "Écrivez au notaire qui a enregistré votre Pacs, ou à celui qui a repris son étude.",
    ),
    Keeper(
        "consulat",
        "Dans une ambassade ou un consulat de France",
        "C’est l’ambassade ou le consulat qui agit",
        "Écrivez à l’ambassade ou au consulat qui a enregistré votre Pacs.",
    ),
)


def keeper(slug: str) -> Keeper | None:
    """The answer of this address, or None."""
    return next((one for one in KEEPERS if one.slug == slug), None)

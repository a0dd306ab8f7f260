"""The sentences each partenaire attests on their honour (Code civil, art. 515-2 and 515-3).

One wording for the screen, the record kept of it and the paper to sign.
"""

from collections.abc import Sequence


def attestation_text(*, name: str, other: str, address: Sequence[str], is_common: bool) -> str:
    """The text as it is shown and kept, one sentence a line.

    `other`: empty while the other's name is not known. `address`: the residence that makes the
    mairie competent, common to both or, when a grave impediment keeps them from having one, that
    of one of them (art. 515-3, first paragraph).
    """
    partner = other or "la personne avec qui je conclus ce Pacs"
    residence = (
        "– que nous fixons notre résidence commune à cette adresse, qui sera notre résidence"
        " principale"
        if is_common
        else "– qu’un empêchement grave nous empêche de fixer une résidence commune, et que l’un de"
        " nous a sa résidence à cette adresse (article 515-3 du Code civil)"
    )
    return "\n".join(
        [
            f"Moi, {name}, j’atteste sur l’honneur :",
            f"– qu’il n’existe entre {partner} et moi aucun lien de parenté ou d’alliance qui"
            " empêche le Pacs (article 515-2 du Code civil) ;",
            "– que je n’ai ni mariage ni autre Pacs en cours ;",
            f"{residence} : {', '.join(address)} ;",
            "– que les réponses données dans ma partie du dossier sont exactes.",
            "Je sais qu’une fausse attestation est punie d’un an d’emprisonnement et de"
            " 15 000 € d’amende ; de trois ans et de 45 000 € si elle est faite pour obtenir un"
            " titre de séjour ou pour porter préjudice au Trésor public ou au patrimoine d’autrui"
            " (article 441-7 du Code pénal).",
        ]
    )

"""The sentences each partenaire attests on their honour (Code civil, art. 515-2 and 515-3).

One wording for the screen, the record kept of it and the paper to sign.
"""

from collections.abc import Sequence


def attestation_text(*, name: str, other: str, address: Sequence[str]) -> str:
    """The text as it is shown and kept, one sentence a line.

    `other`: empty while the other's name is not known. `address`: the common residence.
    """
    partner = other or "la personne avec qui je conclus ce Pacs"
    return "\n".join(
        [
            f"Je soussigné(e), {name}, atteste sur l’honneur :",
            f"– qu’il n’existe entre {partner} et moi aucun lien de parenté ou d’alliance qui"
            " empêche le Pacs (article 515-2 du Code civil) ;",
            "– que je ne suis ni marié(e), ni lié(e) par un autre Pacs en cours ;",
            "– que nous fixons notre résidence commune à cette adresse, qui sera notre résidence"
            f" principale : {', '.join(address)} ;",
            "– que les réponses données dans ma partie du dossier sont exactes.",
            "Je sais qu’une fausse attestation est punie d’un an d’emprisonnement et de"
            " 15 000 € d’amende (article 441-7 du Code pénal).",
        ]
    )

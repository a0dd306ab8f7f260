"""The sentences attested on honour."""

from pacs.rules.attestation import attestation_text


def test_attestation_names_both_and_their_address() -> None:
    text = attestation_text(
        name="Ana Ruiz", other="Léo Martin", address=["3 rue Haute", "30700 Uzès"]
    )

    first, kinship, _, residence, *_, sanction = text.splitlines()
    assert first == "Je soussigné(e), Ana Ruiz, atteste sur l’honneur :"
    assert kinship.startswith("– qu’il n’existe entre Léo Martin et moi aucun lien")
    assert residence.endswith(": 3 rue Haute, 30700 Uzès ;")
    assert "article 441-7" in sanction

"""The sentences attested on honour."""

from pacs.rules.attestation import attestation_text


def _residence(*, is_common: bool) -> str:
    text = attestation_text(
        name="Ana Ruiz",
        other="Léo Martin",
        address=["3 rue Haute", "30700 Uzès"],
        is_common=is_common,
    )
    return next(line for line in text.splitlines() if "résidence" in line)


def test_attestation_names_both_and_their_address() -> None:
    text = attestation_text(
        name="Ana Ruiz", other="Léo Martin", address=["3 rue Haute", "30700 Uzès"], is_common=True
    )

    first, kinship, _, residence, *_, sanction = text.splitlines()
    assert first == "Moi, Ana Ruiz, j’atteste sur l’honneur :"
    assert kinship.startswith("– qu’il n’existe entre Léo Martin et moi aucun lien")
    assert residence.endswith(": 3 rue Haute, 30700 Uzès ;")
    assert "article 441-7" in sanction


def test_who_cannot_have_a_common_residence_does_not_attest_one() -> None:
    assert "nous fixons notre résidence commune" in _residence(is_common=True)
    alone = _residence(is_common=False)
    assert "nous fixons" not in alone
    assert "empêchement grave" in alone
    assert alone.endswith(": 3 rue Haute, 30700 Uzès ;")

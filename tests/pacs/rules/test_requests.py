"""What a request of the mairie may not ask for."""

import pytest

from pacs.rules.requests import forbidden_requests


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Merci de joindre un justificatif de domicile.", "un justificatif de domicile"),
        ("Envoyez une FACTURE D’ÉLECTRICITÉ récente", "un justificatif de domicile"),
        ("Il manque votre certificat de célibat", "un certificat de célibat"),
        ("Une copie certifiée conforme du passeport", "une copie certifiée conforme"),
        ("Indiquez votre numéro de sécurité sociale", "un numéro de sécurité sociale"),
        ("L’autorisation du juge des tutelles", "une autorisation du juge pour la tutelle"),
    ],
)
def test_request_that_the_law_does_not_allow(text: str, what: str) -> None:
    assert [found.what for found in forbidden_requests(text)] == [what]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "La photocopie de votre carte d’identité est illisible : envoyez-la de nouveau.",
        "Votre acte de naissance a plus de 3 mois.",
        "Joignez la copie de la décision du juge.",
        "Il manque le certificat de coutume.",
    ],
)
def test_request_that_the_law_allows(text: str) -> None:
    assert forbidden_requests(text) == ()

"""The answers of a dossier as sentences, from plain values."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from pacs.rules import sentences
from pacs.rules.enums import Sex
from pacs.rules.sentences import CoupleSaid, Parent, PersonSaid, about_couple, about_person, in_city
from pacs.rules.situation import (
    Convention,
    Impediment,
    Kinship,
    Measure,
    PartialDate,
    Protection,
    Residence,
    Situation,
    YesNo,
)

AT = "3 rue des Lilas, 30700 Uzès"
NOBODY = (Parent(), Parent())


def couple(name: str, **said: Any) -> list[str]:
    """The sentences of one group about both."""
    return next(list(one.sentences) for one in about_couple(CoupleSaid(**said)) if one.name == name)


def person(name: str, **said: Any) -> list[str]:
    """The sentences of one group about one person, without unbreakable spaces."""
    told = about_person(PersonSaid(**{"parents": NOBODY, **said}))
    found = next(one.sentences for one in told if one.name == name)
    return [sentence.replace("\N{NO-BREAK SPACE}", " ") for sentence in found]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, []),
        ({"residence": "ici"}, ["Vous habiterez dans la commune de la mairie."]),
        ({"residence": "ici", "address": AT}, [f"Vous habiterez {AT}."]),
        (
            {"residence": "ici", "address": AT, "already_home": True},
            [f"Vous habiterez {AT}.", "Vous y habitez déjà tous les deux."],
        ),
        (
            {"residence": "ici", "address": AT, "already_home": False},
            [f"Vous habiterez {AT}.", "Vous n’y habitez pas encore tous les deux."],
        ),
        (
            {"residence": "ici", "impediment": "deplacement_partenaire", "address": AT},
            [f"Vous habiterez {AT}.", "L’un de vous ne pourra pas venir à la mairie."],
        ),
        (
            {"residence": "inconnu", "impediment": "residence_non_fixable", "address": AT},
            [
                "Un empêchement grave vous empêche d’avoir une adresse commune.",
                f"L’un de vous habite {AT}.",
            ],
        ),
        ({"residence": "autre_commune"}, ["Vous habiterez dans une autre commune de France."]),
        (
            {"residence": "etranger", "address": AT},
            [f"Vous habiterez à l’étranger : {AT}."],
        ),
        ({"residence": "inconnu"}, ["Vous ne savez pas encore où vous habiterez ensemble."]),
        ({"address": AT}, [f"Adresse écrite : {AT}."]),
    ],
)
def test_the_common_address(said: Mapping[str, Any], expected: list[str]) -> None:
    assert couple("l’adresse commune", **said) == expected


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        ("le lien de famille", {"kinship": "aucun"}, ["Pas de lien de famille."]),
        (
            "le lien de famille",
            {"kinship": "cousins"},
            ["Lien de famille : cousins germains, ou parenté plus lointaine."],
        ),
        (
            "le lien de famille",
            {"kinship": "inconnu"},
            ["Vous ne savez pas si vous avez un lien de famille."],
        ),
        ("la convention", {"convention": "personnalisee"}, ["Convention : votre propre texte."]),
        (
            "le jour souhaité",
            {"wished_date": date(2027, 1, 14)},
            ["Jour souhaité : jeudi 14\N{NO-BREAK SPACE}janvier 2027."],
        ),
        ("le jour souhaité", {}, ["Pas encore de jour souhaité."]),
    ],
)
def test_the_project(name: str, said: Mapping[str, Any], expected: list[str]) -> None:
    assert couple(name, **said) == expected


@pytest.mark.parametrize(
    ("name", "said", "expected"),
    [
        (
            "le nom",
            {"first_names": "Giulia", "birth_name": "Rossi", "sex": "F"},
            ["Giulia Rossi, de sexe féminin."],
        ),
        ("le nom", {"sex": "M"}, ["De sexe masculin."]),
        (
            "le nom",
            {"first_names": "noé", "single_name": True, "usage_name": "Nono", "sex": "X"},
            [
                "noé, sexe sur l’acte : autre mention.",
                "Votre acte ne porte qu’un nom, ou que des prénoms.",
                "Nom d’usage : Nono.",
            ],
        ),
        (
            "la naissance",
            {"birth": PartialDate(1990, 5, 4), "birth_city": "Rome", "birth_country": "Italie"},
            ["Naissance le 4 mai 1990 à Rome, Italie."],
        ),
        (
            "la naissance",
            {
                "birth": PartialDate(1990, 5),
                "birth_city": "Le Havre",
                "birth_department": "Seine-Maritime",
                "birth_country": "France",
            },
            ["Naissance en mai 1990 (jour inconnu) au Havre (Seine-Maritime), France."],
        ),
        (
            "la naissance",
            {"birth": PartialDate(1990)},
            ["Naissance en 1990 (jour et mois inconnus)."],
        ),
        ("la naissance", {"birth_country": "Mali"}, ["Naissance : Mali."]),
        ("la naissance", {"birth_city": "Oran"}, ["Naissance à Oran."]),
        (
            "les parents",
            {"parents": (Parent("Rossi", "Marco"), Parent("Bianchi", "Anna"))},
            ["Parents : Marco Rossi et Anna Bianchi."],
        ),
        (
            "les parents",
            {"parents": (Parent("Rossi"), Parent(is_unknown=True))},
            ["Premier parent : Rossi.", "Second parent : inconnu, ou absent de l’acte."],
        ),
        (
            "les parents",
            {"parents": (Parent(is_unknown=True), Parent(is_unknown=True))},
            ["Vos deux parents sont inconnus ou ne figurent pas sur l’acte."],
        ),
        (
            "la nationalité",
            {"nationalities": ("France",), "is_only_french": True},
            ["Nationalité française."],
        ),
        ("la nationalité", {"nationalities": ("Italie",)}, ["Nationalité : Italie."]),
        (
            "la nationalité",
            {"nationalities": ("France", "Italie")},
            ["Nationalités : France, Italie."],
        ),
        ("la nationalité", {"is_stateless": True}, ["Apatride, sans nationalité."]),
        (
            "la fin du mariage",
            {
                "situation": "divorce",
                "divorce_mentioned": "non",
                "union_record_country": "Italie",
                "union_record_in_french": "inconnu",
            },
            [
                "Votre divorce n’est pas écrit dans la marge de votre acte de naissance.",
                "Pays du document qui le prouve : Italie.",
                "Vous ne savez pas si ce document est en français.",
            ],
        ),
        (
            "la mesure de protection",
            {"measure": "curatelle", "protector_is_partenaire": True},
            ["Mesure de protection : curatelle."],
        ),
        (
            "qui vous assiste",
            {"measure": "curatelle", "protector_is_partenaire": True},
            ["Votre partenaire vous assiste dans cette mesure."],
        ),
        (
            "qui vous assiste",
            {"measure": "tutelle", "protector_is_partenaire": False},
            ["Votre partenaire ne vous assiste pas dans cette mesure."],
        ),
        ("qui vous assiste", {"measure": "autre", "protector_is_partenaire": True}, []),
        ("l’adresse d’aujourd’hui", {"home": AT}, [f"Vous habitez {AT}."]),
        (
            "l’adresse d’aujourd’hui",
            {"home": AT, "home_said_by": "Léa Lemoine"},
            [f"Vous habitez {AT} (adresse commune, dite par Léa Lemoine)."],
        ),
        ("le contact et les besoins", {}, ["Pas de numéro de téléphone."]),
        (
            "le contact et les besoins",
            {"phone": "06 12", "needs": "une rampe"},
            ["Téléphone : 06 12.", "Le jour du rendez-vous : une rampe"],
        ),
        (
            "le contact et les besoins",
            {"asks_email": True},
            ["Pas de numéro de téléphone.", "Pas d’adresse e-mail."],
        ),
        (
            "le contact et les besoins",
            {"asks_email": True, "email": "tom@example.org"},
            ["Pas de numéro de téléphone.", "Adresse e-mail : tom@example.org."],
        ),
    ],
)
def test_one_person(name: str, said: Mapping[str, Any], expected: list[str]) -> None:
    assert person(name, **said) == expected


@pytest.mark.parametrize(
    ("city", "words"),
    [
        ("Uzès", "à Uzès"),
        ("Le Havre", "au Havre"),
        ("Les Angles", "aux Angles"),
        ("Lens", "à Lens"),
    ],
)
def test_in_city(city: str, words: str) -> None:
    assert in_city(city) == words


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (sentences.CONVENTIONS, Convention),
        (sentences.PROTECTIONS, Protection),
        (sentences.SITUATIONS, Situation),
        (sentences.MEASURES, Measure),
        (sentences.SEXES, Sex),
    ],
)
def test_every_answer_offered_has_words_of_its_own(words: Mapping[str, str], codes: Any) -> None:
    assert set(words) == set(codes)
    assert len(set(words.values())) == len(words)


def test_every_shared_answer_is_told_and_none_is_told_twice_the_same() -> None:
    for residence in Residence:
        for impediment in Impediment:
            assert couple("l’adresse commune", residence=residence, impediment=impediment)
    told = [couple("le lien de famille", kinship=one)[0] for one in Kinship]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    "column",
    [
        "birth_record_in_french",
        "coutume_in_french",
        "country_issues_coutume",
        "country_updates_records",
    ],
)
def test_yes_no_and_i_do_not_know_are_told_apart(column: str) -> None:
    told = [person("les documents étrangers", **{column: one})[0] for one in YesNo]

    assert len(set(told)) == 3
    assert told[2].startswith("Vous ne savez pas si")

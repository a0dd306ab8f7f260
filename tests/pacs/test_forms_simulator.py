"""From an address to answers, and to the columns of a dossier."""

from datetime import date
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from pacs.forms.simulator import (
    Journey,
    answers_from_params,
    known_params,
    model_fields_from_params,
    read_journey,
)
from pacs.forms.simulator_questions import PAGES, PARAMETERS
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import missing_foreign_papers
from pacs.rules.pieces import required_pieces
from pacs.rules.situation import (
    AgeBand,
    Convention,
    CoupleAnswers,
    Dematerialisation,
    Impediment,
    Kinship,
    PartenaireAnswers,
    Residence,
    Situation,
    YesNo,
    derive_inputs,
)
from tests.pacs.simulator_answers import (
    COMMON,
    FRENCH,
    ITALIAN_WIDOW,
    NOTHING_KNOWN,
    SENEGALESE,
    params_of,
)

TODAY = date(2026, 11, 23)


def read(params: dict[str, str] | QueryDict) -> Journey:
    return read_journey(params, today=TODAY, dematerialisation=Dematerialisation())


def page_of(params: dict[str, str]) -> str:
    """The page these answers lead to; « fini » when nothing is left to ask."""
    form = read(params).form
    return form.page.slug if form else "fini"


def without(params: dict[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in params.items() if name not in names}


def test_answers_of_an_address() -> None:
    answers = answers_from_params(params_of(second=ITALIAN_WIDOW), today=TODAY)

    assert answers == CoupleAnswers(
        residence=Residence.HERE,
        impediment=Impediment.NONE,
        convention=Convention.CERFA,
        kinship=Kinship.NONE,
        people=(
            PartenaireAnswers(
                birth_country="FR",
                nationalities=("FR",),
                situation=Situation.SINGLE,
            ),
            PartenaireAnswers(
                birth_country="EU",
                nationalities=("ZZ",),
                situation=Situation.WIDOWED,
                birth_record_in_french=YesNo.NO,
                coutume_in_french=YesNo.NO,
                union_record_country="EU",
                union_record_in_french=YesNo.NO,
            ),
        ),
        youngest=AgeBand.ADULT,
    )


def test_address_as_django_reads_it() -> None:
    query = QueryDict("lien=oui&adresse=ici&age=21_plus&mesure=aucune&lien=aucun&inconnu=1")

    journey = read(query)

    assert journey.answers.kinship is Kinship.NONE
    assert journey.params == COMMON
    assert page_of(query.dict()) == "personne1"


@pytest.mark.parametrize(
    ("missing", "page"),
    [
        ("adresse", "ensemble"),
        ("age", "ensemble"),
        ("origine1", "personne1"),
        ("situation1", "personne1"),
        ("origine2", "personne2"),
        ("lieu_acte2", "preuve2"),
        ("papiers2", "papiers2"),
        ("convention", "projet"),
    ],
)
def test_first_unanswered_page_comes_next(missing: str, page: str) -> None:
    assert page_of(without(params_of(second=ITALIAN_WIDOW), missing)) == page


def test_only_questions_that_change_the_list_are_asked() -> None:
    def pages_asked(params: dict[str, str]) -> list[str]:
        return list(dict.fromkeys(answer.page.slug for answer in read(params).answered))

    assert pages_asked(params_of()) == [
        "ensemble",
        "personne1",
        "personne2",
        "projet",
    ]
    assert pages_asked(params_of(second=ITALIAN_WIDOW))[2:-1] == [
        "personne2",
        "preuve2",
        "papiers2",
    ]


@pytest.mark.parametrize(
    ("person", "asked"),
    [
        (FRENCH | {"situation": "divorce", "divorce_inscrit": "oui"}, set()),
        (FRENCH | {"situation": "divorce", "divorce_inscrit": "non"}, {"lieu_acte1"}),
        (FRENCH | {"situation": "divorce", "divorce_inscrit": "inconnu"}, {"lieu_acte1"}),
        (FRENCH | {"situation": "veuf"}, {"lieu_acte1"}),
        (FRENCH | {"mesure": "curatelle"}, {"protecteur1"}),
        (FRENCH | {"origine": "etranger_francaise"}, {"acte_francais1"}),
        (FRENCH | {"origine": "etranger_francaise", "acte_francais": "oui"}, set()),
        (FRENCH | {"origine": "etranger_francaise", "acte_francais": "non"}, {"pays_ue1"}),
        (FRENCH | {"origine": "etranger_francaise", "acte_francais": "inconnu"}, set()),
        (FRENCH | {"origine": "france_autre"}, {"papiers1"}),
        (FRENCH | {"origine": "autre_pays"}, {"papiers1"}),
        (FRENCH | {"origine": "ofpra"}, {"naissance1"}),
        (FRENCH | {"origine": "ofpra", "naissance": "autre_pays"}, set()),
        (FRENCH | {"origine": "inconnu"}, {"naissance1", "nationalite1"}),
    ],
)
def test_questions_that_follow_an_answer(person: dict[str, str], asked: set[str]) -> None:
    """Answers left out: the first page that lacks one tells which were to follow."""
    form = read(params_of(first=person)).form

    assert ({*form.fields} if form else set()) == asked


def test_answer_to_a_question_that_is_not_asked_counts_for_nothing() -> None:
    params = params_of(protection1="oui", coutume1="non", divorce_inscrit1="oui", habite="aucun")

    assert read(params).answers == read(params_of()).answers
    assert read(params).params == without(params_of(), "date")


def test_page_sent_without_an_answer_says_which_question() -> None:
    journey = read(without(COMMON, "adresse") | {"envoi": "ensemble"})

    assert journey.form is not None
    assert journey.form.errors == {
        "adresse": ["Répondez à la question « Où habiterez-vous ensemble, le jour du Pacs ? »."]
    }


def test_page_not_yet_sent_shows_no_error() -> None:
    journey = read({"lien": "aucun"})

    assert journey.form is not None
    assert not journey.form.is_bound
    assert journey.form.initial == {"lien": "aucun"}


@pytest.mark.parametrize("value", ["", "x" * 100_000, "oui", "\x00", "ici'--", "<script>"])
def test_wrong_value_is_an_error_of_its_page(value: str) -> None:
    journey = read(params_of(adresse=value))

    assert journey.form is not None
    assert list(journey.form.errors) == ["adresse"]
    assert journey.params == {}


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("2026-11-22", "Cette date est passée : choisissez une date à venir."),
        ("2029-11-24", "Cette date est trop lointaine : choisissez-la dans les 3 ans."),
        ("9999-12-31", "Cette date est trop lointaine : choisissez-la dans les 3 ans."),
        ("31/02/2027", "Le 31 février 2027 n’existe pas : vérifiez le jour et le mois."),
        ("5/6/27", "Écrivez l’année en quatre chiffres, par exemple 2026."),
        ("demain", "Écrivez la date ainsi : 6/6/2027."),
        ("2027-06-05" * 9_000, "Écrivez la date ainsi : 6/6/2027."),
        ("2027\x00", "Écrivez la date ainsi : 6/6/2027."),
    ],
)
def test_wrong_date_is_said(typed: str, message: str) -> None:
    journey = read(params_of(date=typed))

    assert journey.form is not None
    assert journey.form.page.slug == "projet"
    assert journey.form.errors == {"date": [message]}


@pytest.mark.parametrize("typed", ["2027-06-05", "05/06/2027", "5 juin 2027"])
def test_date_as_people_write_it(typed: str) -> None:
    journey = read(params_of(date=typed))

    assert journey.wished == date(2027, 6, 5)
    assert journey.params["date"] == "2027-06-05"


@pytest.mark.parametrize("typed", ["2026-11-23", "2029-11-23"])
def test_date_today_or_in_three_years(typed: str) -> None:
    assert read(params_of(date=typed)).wished == date.fromisoformat(typed)


def test_change_one_page_and_come_back() -> None:
    whole = params_of(second=SENEGALESE)

    assert page_of(whole | {"etape": "personne2"}) == "personne2"
    # The form of that page names itself as sent, and « etape » is gone from its address.
    assert page_of(whole | {"envoi": "personne2"}) == "fini"
    assert page_of(whole | {"etape": "nulle-part"}) == "fini"


@pytest.mark.parametrize(
    ("params", "codes", "last_page"),
    [
        (params_of(lien="oui", quel_lien="oncle_tante"), ["B05"], "famille"),
        (params_of(adresse="autre_commune", age="moins_18"), ["B01", "B06"], "ensemble"),
        (params_of(adresse="etranger"), ["B08"], "ensemble"),
        (params_of(age="moins_18"), ["B01"], "ensemble"),
        (params_of(second=FRENCH | {"situation": "marie"}), ["B03"], "personne2"),
        (params_of(second=FRENCH | {"situation": "pacse"}), ["B04"], "personne2"),
        (params_of(convention="notariee"), ["B07"], "projet"),
    ],
)
def test_journey_stops_where_the_law_does(
    params: dict[str, str], codes: list[str], last_page: str
) -> None:
    journey = read(params)

    assert [outcome.type.code for outcome in journey.stopped] == codes
    assert journey.last_page.slug == last_page
    assert not journey.is_complete
    assert page_of(params | {"etape": last_page}) == last_page


def test_two_homes_elsewhere_stop_where_nothing_keeps_from_living_together() -> None:
    away = read(params_of(adresse="sans_adresse", habite="aucun"))
    here = read(params_of(adresse="sans_adresse", habite="partenaire"))

    assert [outcome.type.code for outcome in away.stopped] == ["B06"]
    assert here.is_complete


def test_both_people_are_asked_the_same_questions() -> None:
    def names(holder: int) -> list[str]:
        return [q.name for page in PAGES if page.holder == holder for q in page.questions]

    assert names(1) == names(2)


def test_known_params_drop_the_rest() -> None:
    params = params_of() | {"page": "2", "adresse2": "x", "lien": "??", "date": "x" * 41}

    assert known_params(params) == without(params_of(), "lien", "date")


def test_columns_of_a_dossier() -> None:
    params = params_of(second=ITALIAN_WIDOW, date="2027-06-05", lien="oui", quel_lien="cousins")

    couple, first, second = model_fields_from_params(params, today=TODAY)

    assert couple == {
        "residence": "ici",
        "impediment": "aucun",
        "kinship": "cousins",
        "convention": "cerfa_15726",
        "wished_date": date(2027, 6, 5),
    }
    assert first == {
        "birth_country": "FR",
        "nationalities": ["FR"],
        "situation": "celibataire",
        "measure": "aucune",
    }
    # Neither the country nor the nationality was named.
    assert second == {
        "protection": "aucune",
        "situation": "veuf",
        "measure": "aucune",
        "birth_record_in_french": "non",
        "coutume_in_french": "non",
        "union_record_in_french": "non",
    }


def test_unknown_answers_are_asked_again_in_the_dossier() -> None:
    unknown = NOTHING_KNOWN | {"mesure": "inconnu"}
    params = params_of(unknown, adresse="inconnu", lien="inconnu", convention="inconnu")

    couple, first, _ = model_fields_from_params(params, today=TODAY)

    assert couple == {}
    assert first == {}


def test_what_was_said_of_foreign_documents_is_not_asked_again() -> None:
    """The exceptions, what a country never issues nor updates, are no question left open."""
    _, _, second = model_fields_from_params(params_of(second=ITALIAN_WIDOW), today=TODAY)

    widow = Partenaire(position=2, **second | {"birth_country": "IT", "nationalities": ["IT"]})

    assert missing_foreign_papers(widow) == []


def test_columns_exist_and_take_these_values() -> None:
    answers: dict[str, str] = {
        "mesure": "tutelle",
        "protecteur": "oui",
        "situation": "divorce",
        "divorce_inscrit": "non",
        "lieu_acte": "france",
    }
    params = params_of(FRENCH | answers, SENEGALESE, adresse="sans_adresse", habite="vous")

    couple, *people = model_fields_from_params(params, today=TODAY)

    Dossier(**couple).clean_fields(exclude=["reference"])
    for columns in people:
        partenaire = Partenaire(position=1, **columns)
        partenaire.clean_fields(exclude=["dossier"])
    assert people[0]["protector_is_partenaire"] is True
    assert people[0]["union_record_country"] == "FR"
    assert [columns["lives_here"] for columns in people] == ["oui", "non"]


def test_dossier_and_simulator_ask_for_the_same_pieces() -> None:
    """What was carried over and what the person then adds give the list of the simulator."""
    params = params_of()
    _, first, second = model_fields_from_params(params, today=TODAY)
    carried = CoupleAnswers(
        people=(Partenaire(position=1, **first).answers, Partenaire(position=2, **second).answers)
    )

    simulated = answers_from_params(params, today=TODAY)

    assert required_pieces(derive_inputs(carried, Dematerialisation())) == required_pieces(
        derive_inputs(simulated, Dematerialisation())
    )


ANYTHING = st.dictionaries(
    st.sampled_from([*PARAMETERS, "date", "etape", "envoi"]) | st.text(max_size=5),
    st.sampled_from(sorted({v for values in PARAMETERS.values() for v in values}))
    | st.sampled_from([page.slug for page in PAGES])
    | st.text(max_size=30),
)


@given(ANYTHING)
def test_any_address_leads_somewhere(params: dict[str, str]) -> None:
    journey = read(params)

    assert journey.form is not None or journey.stopped or journey.is_complete


@given(st.data())
def test_following_the_questions_always_ends(data: Any) -> None:
    params: dict[str, str] = {}
    for _ in range(len(PAGES) + 1):
        journey = read(params)
        if journey.form is None:
            break
        for name in journey.form.fields:
            params[name] = data.draw(st.sampled_from(sorted(PARAMETERS.get(name, {""}))))

    assert journey.form is None

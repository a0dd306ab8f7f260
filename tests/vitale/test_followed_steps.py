"""Each step of an aide-mémoire rereads what its plan says, with the official service."""

from itertools import product

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.support.followups import make_suivi
from tests.support.pages import Reader
from tests.support.present import the
from tests.vitale.test_suivi_views import words
from vitale.models import PlanLine, Suivi
from vitale.reads.tracking import said_of
from vitale.rules.situations import Channel, Regime, Situation, cases_in_words
from vitale.rules.suivi import FOLLOWED, STEPS, journey, journey_channels

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


def ways() -> list[tuple[Situation, Regime, Channel | None]]:
    """Every way of asking that people may follow."""
    return [
        (situation, regime, channel)
        for situation, regime in product(sorted(FOLLOWED), Regime)
        for channel in journey_channels(situation, regime) or (None,)
    ]


def test_every_way_begins_with_what_its_plan_says() -> None:
    silent = []
    for situation, regime, channel in ways():
        suivi = make_suivi(situation=situation, regime=regime, channel=channel)
        route = suivi.routes.get()
        said = [said_of(route, step) for step in route.steps]
        if not any(one.line.link or one.line.contact or one.line.where for one in said[0]):
            silent.append((situation.value, regime.value, channel and channel.value))
    assert silent == [], "\n".join(map(str, silent))


def test_no_line_names_a_step_that_its_ways_do_not_have() -> None:
    """A line said for two caisses may be of a step that only one of them has."""
    lost = []
    for line in PlanLine.objects.exclude(followed_step=""):
        keys = {
            step.key
            for situation, regime, channel in ways()
            if situation == line.situation_id
            and (not line.regimes or regime in line.regimes)
            and (not line.channels or channel is None or channel in line.channels)
            for step in STEPS[the(journey(situation, regime, channel))]
        }
        if line.followed_step not in keys:
            lost.append((line.key, line.followed_step))
    assert lost == [], "\n".join(map(str, lost))


def page_of(suivi: Suivi, step: str) -> str:
    reader = Reader()
    secret = suivi.renew_secret()
    reader.post(reverse("vitale:codes-open"), {"reference": suivi.reference, "secret": secret})
    return reader.get(reverse("vitale:suivi-step", args=[suivi.reference, step])).text


def test_the_page_of_a_step_leads_to_the_service() -> None:
    page = page_of(make_suivi(), "declaree")

    assert "_pageLabel=as_pertevol_carte_vitale" in page
    assert "Cela annule la carte, mais n’en commande pas une nouvelle." in words(page)
    assert "as_commande_vitale_page" not in page


def test_an_unknown_caisse_has_the_words_of_both_each_named() -> None:
    suivi = make_suivi(situation=Situation.UPDATE, regime=Regime.UNKNOWN, channel=None)
    page = words(page_of(suivi, "signale"))

    assert Regime.CPAM.label in page
    assert Regime.MSA.label in page


def test_lines_of_several_answers_say_which() -> None:
    suivi = make_suivi(situation=Situation.IDENTITY, regime=Regime.CPAM, channel=None)
    page = words(page_of(suivi, "demande"))

    assert "« La France, outre-mer compris »" in page
    assert "Demandez la correction à l’Insee" in page


def test_a_question_stands_once_before_its_answers() -> None:
    assert cases_in_words(["mariage", "divorce"]) == (
        "Qu’est-ce qui a changé ? «\u00a0Je me suis marié\u00a0» ou «\u00a0J’ai divorcé\u00a0»"
    )
    two = cases_in_words(["acte-faux", "naissance-insee"])
    assert two.count("?") == 2
    assert ", et " in two


def test_what_is_said_is_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    route = make_suivi().routes.select_related("suivi").get()
    with django_assert_num_queries(1):
        for one in said_of(route, route.steps[0]):
            assert one.line.link is None or one.line.link.url


def test_agents_choose_among_the_steps_that_exist() -> None:
    line = PlanLine.objects.get(key="perte.1")
    line.followed_step = "inconnue"

    with pytest.raises(ValidationError) as refused:
        line.clean()
    assert refused.value.message_dict == {"followed_step": ["Aucun aide-mémoire n’a cette étape."]}

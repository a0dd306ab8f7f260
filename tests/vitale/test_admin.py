"""What agents edit at the desk."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.models import User
from vitale.models import Delay, Fact, PlanLine, Situation

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

MODELS = ("situation", "planline", "delay", "fact", "link", "contact", "source")


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@mairie.example", "x" * 20))
    return client


def line_form(line: PlanLine, **changes: Any) -> dict[str, Any]:
    """What the browser sends for this line."""
    data = {
        "situation": line.situation_id or "",
        "kind": line.kind,
        "position": line.position,
        "regimes": line.regimes,
        "channels": line.channels,
        "cases": line.cases,
        "heading": line.heading,
        "text": line.text,
        "who": line.who,
        "where": line.where,
        "trap": line.trap,
        "why": line.why,
        "link": line.link_id or "",
        "contact": line.contact_id or "",
        "source": line.source_id,
    }
    if line.trackable:
        data["trackable"] = "on"
    return {**data, **changes}


@pytest.mark.parametrize("model", MODELS)
def test_every_list_and_form_opens(desk: Client, model: str) -> None:
    listing = desk.get(reverse(f"admin:vitale_{model}_changelist"))
    row = listing.context["cl"].queryset.first()

    form = desk.get(reverse(f"admin:vitale_{model}_change", args=[row.pk]))

    assert (listing.status_code, form.status_code) == (200, 200)


@pytest.mark.parametrize("page", ["change", "history", "delete"])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("key", ["\0", "a\0b"])
def test_a_key_that_no_text_may_be_is_not_looked_for(
    desk: Client, model: str, page: str, key: str
) -> None:
    name = f"admin:vitale_{model}_{page}"
    url = reverse(name, args=[key])
    unknown = desk.get(reverse(name, args=["nulle-part"])).status_code

    assert unknown in {302, 403}
    assert desk.get(url).status_code == unknown
    assert desk.get(url.replace("%00", "_00")).status_code == unknown  # as the admin writes it


def test_a_line_is_rewritten_and_its_conditions_ticked(desk: Client) -> None:
    line = PlanLine.objects.get(situation="perte", trap__contains="deuxième", channels=["appli"])
    url = reverse("admin:vitale_planline_change", args=[line.pk])
    page = desk.get(url).content.decode()
    ticked = re.findall(r'name="(regimes|channels|cases)" value="([^"]+)"[^>]* checked', page)
    assert ticked == [("regimes", "cpam"), ("channels", "appli")]

    response = desk.post(
        url,
        line_form(
            line, text="Plus simple", channels=["appli", "en-ligne"], checked_on="2027-01-02"
        ),  # the day of a reading is never typed
    )

    assert response.status_code == 302
    line.refresh_from_db()
    assert (line.text, line.channels, line.regimes, line.checked_on) == (
        "Plus simple",
        ["appli", "en-ligne"],
        ["cpam"],
        None,
    )


def test_what_nobody_has_confirmed_is_listed_with_its_source_and_confirmed(desk: Client) -> None:
    url = reverse("admin:vitale_planline_changelist")
    listing = desk.get(url, {"relire": "confirmer"})
    before = listing.context["cl"].queryset.count()
    line = PlanLine.objects.get(key="fraude.3")
    assert before > 50
    assert {row.source.read_whole for row in listing.context["cl"].queryset} == {False}

    ticked = {"action": "confirm", "_selected_action": [line.pk]}
    html = listing.content.decode()
    read = re.search(rf'name="(lu-{line.pk})" value="([^"]+)"', html)
    assert read is not None

    unread = desk.post(f"{url}?relire=confirmer", ticked, follow=True)
    assert PlanLine.objects.get(pk=line.pk).checked_on is None
    assert "n’est plus ce que la liste montrait" in unread.content.decode()
    desk.post(f"{url}?relire=confirmer", ticked | {read[1]: read[2]}, follow=True)

    line.refresh_from_db()
    assert (line.checked_on, line.as_of) == (localdate(), line.source.published_on)
    assert desk.get(url, {"relire": "confirmer"}).context["cl"].queryset.count() == before - 1
    assert desk.get(url, {"relire": "jamais"}).context["cl"].queryset.count() > before
    form = desk.get(reverse("admin:vitale_planline_change", args=[line.pk])).content.decode()
    assert "aucune : demandez à la caisse" in form
    history = desk.get(reverse("admin:vitale_planline_history", args=[line.pk])).content.decode()
    assert "Confirmé à la source." in history


@pytest.mark.parametrize(
    "changes", [{"channels": ["pigeon"]}, {"text": "Voir https://faux.example"}]
)
def test_a_line_nobody_could_read_is_refused(desk: Client, changes: dict[str, Any]) -> None:
    line = PlanLine.objects.filter(situation="perte", kind="step").first()
    assert line is not None
    before = PlanLine.objects.filter(pk=line.pk).values().get()

    response = desk.post(
        reverse("admin:vitale_planline_change", args=[line.pk]), line_form(line, **changes)
    )

    assert response.status_code == 200
    assert response.context["errors"]
    assert PlanLine.objects.filter(pk=line.pk).values().get() == before


def test_the_key_of_a_line_is_given_once(desk: Client) -> None:
    line = PlanLine.objects.get(key="perte.1")

    desk.post(
        reverse("admin:vitale_planline_change", args=[line.pk]), line_form(line, key="autre.1")
    )

    assert PlanLine.objects.get(pk=line.pk).key == "perte.1"
    assert 'name="key"' in desk.get(reverse("admin:vitale_planline_add")).content.decode()


def test_no_situation_is_added_or_taken_away(desk: Client) -> None:
    situation = Situation.objects.get(slug="perte")

    statuses = [
        desk.get(reverse("admin:vitale_situation_add")).status_code,
        desk.post(
            reverse("admin:vitale_situation_delete", args=[situation.pk]), {"post": "yes"}
        ).status_code,
    ]

    assert statuses == [403, 403]
    assert Situation.objects.filter(slug="perte").exists()


def test_a_delay_of_an_undated_source_is_refused(desk: Client) -> None:
    delay = Delay.objects.get(pk=1)

    response = desk.post(
        reverse("admin:vitale_delay_change", args=[delay.pk]),
        {
            "situation": delay.situation_id,
            "regime": delay.regime,
            "wording": "demain",
            "min_days": 1,
            "max_days": 1,
            "channels": delay.channels,
            "source": "mairie",
        },
    )

    assert response.status_code == 200
    assert "Un délai demande une source datée." in response.content.decode()
    delay.refresh_from_db()
    assert delay.wording != "demain"


def test_an_administrateur_edits_the_guide_and_others_do_not(
    client: Client, agent: User, agent_other: User
) -> None:
    fact = Fact.objects.get(key="duree")
    url = reverse("admin:vitale_fact_change", args=[fact.pk])
    statuses = []
    for user in (agent_other, agent):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        statuses.append(client.get(url).status_code)

    assert statuses == [200, 403]

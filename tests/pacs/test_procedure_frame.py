"""Inside a procedure: a quiet header, a way to stop that loses nothing, a list that folds."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.models import Dossier, Partenaire
from tests.support.forms import as_shown
from tests.test_authorization import DOSSIER

pytestmark = pytest.mark.django_db

SHOWN = sorted(name for name, line in DOSSIER.items() if line.first == 200)


@pytest.mark.parametrize("name", SHOWN)
def test_every_page_of_a_dossier_has_the_quiet_header(
    name: str, draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    kwargs = {key: value for key, value in DOSSIER[name].kwargs if value != "FILE"}
    if len(kwargs) != len(DOSSIER[name].kwargs):
        return  # a file, no page
    response = client_of(alice).get(reverse(name, args=[draft.reference, *kwargs.values()]))
    if not response["Content-Type"].startswith("text/html"):
        return
    page = response.content.decode()

    assert '<header class="site-header quiet">' in page
    assert "Menu principal" not in page
    assert page.count('<a href="#contenu">') == 1
    assert '<a href="#contact">Aller au contact de la mairie</a>' in page
    assert "Finir plus tard" in page


def test_to_finish_later_sends_what_was_typed(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    url = reverse("pacs:own-step", args=[draft.reference, "acte"])
    client = client_of(alice)
    response = client.get(url)
    page = response.content.decode()
    buttons = re.findall(r"<button[^>]*>", page)

    # Both belong to the form of the page; Enter presses the first, which goes on.
    assert all('form="page"' in button for button in buttons[:2])
    assert "name=" not in buttons[0]
    assert 'name="later"' in buttons[1]
    assert '<form method="post" id="page"' in page

    typed = {**as_shown(response.context["form"]), "lu": response.context["lu"]}
    typed |= {"usage_name": "Roux", "parent1_name": "", "parent1_first_names": "", "later": "1"}
    sent = client.post(url, typed)

    assert sent["Location"] == draft.get_absolute_url()
    assert Partenaire.objects.get(dossier=draft, position=1).usage_name == "Roux"


def test_the_list_folds_what_is_done_and_counts_the_rest(
    draft: Dossier, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    draft.partenaires.filter(position=1).update(birth_year=None)
    response = client_of(alice).get(draft.get_absolute_url())
    page = response.content.decode()

    done = sum(group.done for group in response.context["groups"])
    count = sum(len(group.tasks) for group in response.context["groups"])
    assert 0 < done < count
    assert f"Pas encore envoyé. {done} sur {count}." in page
    shared, own = re.findall(r'<details class="group"( open)?>', page)[:2]
    assert (shared, own) == ("", " open")
    assert page.count('class="button"') == 1
    assert "Continuer\u00a0: Votre acte de naissance" in page.replace("&nbsp;", "\u00a0")


def test_the_second_is_shown_nothing_that_is_not_theirs_to_fill_in(
    draft: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    groups = client_of(bob).get(draft.get_absolute_url()).context["groups"]

    assert [group.title for group in groups] == ["Votre partie", "À deux"]


def test_who_has_done_everything_is_told_whom_the_dossier_waits_for(
    draft: Dossier, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    draft.pieces.update(status="to_bring")
    draft.partenaires.filter(position=2).update(
        attested_at=None, attested_digest="", attested_facts={}
    )

    waiting = client_of(alice).get(draft.get_absolute_url())
    theirs = client_of(bob).get(draft.get_absolute_url())

    assert waiting.context["waits_for"]
    assert f"C’est à {waiting.context['waits_for']}." in waiting.content.decode()
    assert "Continuer" not in waiting.content.decode()
    assert theirs.context["waits_for"] == ""
    assert "Relire et attester" in theirs.content.decode()

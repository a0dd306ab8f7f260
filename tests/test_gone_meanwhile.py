"""An account, a place or a key that is not there any more when a request comes to it."""

from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from demarches.models.dossier import next_reference
from pacs.models import Dossier
from tests.support.followups import fixed, make_demande, make_suivi
from tests.support.pages import Page
from vitale.models import Demande, Suivi


@pytest.mark.django_db
def test_whoever_waited_for_an_account_that_closed_is_told(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another tap of « Fermer mon compte » took the row's lock first."""
    client = Client(raise_request_exception=False)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    client.get("/mes-demarches/")

    def waited(**kwargs: object) -> None:
        User.objects.filter(email=alice.email).delete()
        raise User.DoesNotExist

    monkeypatch.setattr("pacs.views.dossier.open_dossier", waited)
    response = client.post("/pacs/commencer/")

    assert (response.status_code, response["Location"]) == (302, "/")
    assert "Votre compte est fermé" in client.get("/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("key", ['"\\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"', "é" * 32, "x" * 5000])
def test_a_session_key_that_was_never_given_is_nobody_s(key: str) -> None:
    client = Client(raise_request_exception=False)

    response = client.get(
        "/compte/connexion/", headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"}
    )

    assert response.status_code == 200


@pytest.mark.django_db
def test_a_referer_that_is_no_address_harms_nothing(client: Client, alice: User) -> None:
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    response = client.post("/pacs/commencer/", headers={"Referer": "http://["})

    assert response.status_code == 302
    assert Dossier.objects.count() == 1


@pytest.mark.parametrize("page", ["stop", "pieces", "suivi", "rendez-vous"])
def test_what_was_deleted_while_a_click_waited_is_not_found(
    draft: Dossier, alice: User, agent: User, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second tap of « Supprimer », or the nightly deletion, took the row first."""
    client = Client(raise_request_exception=False)
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    if page == "suivi":
        row: Dossier | Suivi | Demande = make_suivi(owner=alice)
        url = reverse("vitale:suivi-delete", args=[row.reference])
    elif page == "rendez-vous":
        row = fixed(make_demande(alice), by=agent, at=timezone.now())
        url = reverse("vitale:aide-meeting-give-up", args=[row.reference])
    else:
        row = draft
        name = {"stop": "pacs:dossier-stop", "pieces": "pacs:dossier-pieces"}[page]
        url = reverse(name, args=[row.reference])
    sent = Page.open(client, url).fields()
    rows = type(type(row).objects.all())
    monkeypatch.setattr(rows, "locked", lambda found: found.none())

    answer = client.post(url, {**sent, "apporter": "on", "piece": "1-P03_identite"})

    assert answer.status_code == 404
    assert 'id="contenu"' in answer.content.decode()


@pytest.mark.django_db
def test_the_year_of_a_reference_is_that_of_the_mairie() -> None:
    eve = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Uzès

    assert next_reference("PACS", eve).startswith("PACS-2027-")

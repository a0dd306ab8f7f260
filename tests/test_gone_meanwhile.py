"""An account, a place or a key that is not there any more when a request comes to it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from demarches.models import User
from demarches.models.dossier import next_reference
from pacs.access import find_partenaire
from pacs.actions.dossiers import (
    attest,
    choose_door,
    confirm_common,
    join_dossier,
    leave_dossier,
    write_message,
)
from pacs.actions.helping import invite_helper
from pacs.actions.refusals import ActionRefused
from pacs.models import Dossier, Partenaire
from pacs.rules.enums import Door


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


STALE_ACTS: dict[str, Callable[[Partenaire, User], object]] = {
    "agrees": lambda one, who: confirm_common(one, comment="signé", at=timezone.now(), by=who),
    "attests": lambda one, who: attest(one, at=timezone.now(), by=who),
    "writes": lambda one, who: write_message(
        one, body="Bonjour", private=True, form_key="k", at=timezone.now()
    ),
    "invites a helper": lambda one, who: invite_helper(
        one, name="Anne", email="anne@example.org", by=who, at=timezone.now()
    ),
}


@pytest.mark.parametrize("act", STALE_ACTS)
def test_whoever_left_acts_no_more_in_the_place_of_who_came_after(
    draft: Dossier, alice: User, bob: User, charlie: User, act: str
) -> None:
    stale = find_partenaire(draft.reference, user=bob, guest=None, at=timezone.now())
    assert stale is not None

    def second() -> Partenaire:
        return Partenaire.objects.select_related("dossier", "user").get(pk=stale.pk)

    leave_dossier(second(), at=timezone.now(), by=bob)
    choose_door(second(), Door.OWN, email=charlie.email, by=alice, at=timezone.now())
    join_dossier(draft, charlie, at=timezone.now())
    before = Partenaire.objects.filter(pk=stale.pk).values().get()

    with pytest.raises(ActionRefused, match="participation est terminée"):
        STALE_ACTS[act](stale, bob)

    assert Partenaire.objects.filter(pk=stale.pk).values().get() == before


@pytest.mark.django_db
def test_the_year_of_a_reference_is_that_of_the_mairie() -> None:
    eve = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Uzès

    assert next_reference("PACS", eve).startswith("PACS-2027-")

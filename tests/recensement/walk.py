"""The whole way of the example: intake, two pieces, desk, decision, paper, and what others show.

Run by `tests/test_third_procedure.py` under `tests.recensement.settings`.
"""

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.desk.journal import check_journal
from demarches.files import storage
from demarches.management.commands.registre import register
from demarches.models import User
from demarches.rules.processing import markdown
from tests.recensement.models import Reading, Recensement
from tests.recensement.rules import PIECES, refuse_age
from tests.support.files import encoded, text_picture
from tests.support.present import the

BORN = date(2010, 5, 6)


def scan(kind: str) -> SimpleUploadedFile:
    content = encoded(text_picture((400, 300)), "JPEG")
    return SimpleUploadedFile(f"{kind}.jpg", content, content_type="image/jpeg")


@pytest.fixture
def young(db: None) -> User:
    return User.objects.create_user("jeune@example.org")


@pytest.fixture
def clerk(reference_data: None) -> User:
    user = User.objects.create_user("guichet@example.org", full_name="Lou Faure", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="recensement"))
    return user


@pytest.fixture
def dossier(young: User, client_of: Any) -> Recensement:
    """Filled in by its pages."""
    client = client_of(young)
    client.post(reverse("recensement:start"))
    dossier = Recensement.objects.get()
    step = reverse("recensement:step", args=[dossier.reference, "identite"])
    typed = {"first_names": "Camille", "birth_name": "Arnaud", "birth_date": "6/5/2010"}
    read = client.get(step).context["lu"]
    assert client.post(step, typed | {"lu": read}).status_code == 302
    for kind in PIECES:
        url = reverse("recensement:piece", args=[dossier.reference, kind])
        assert client.post(url, {"document": scan(kind)}).status_code == 302
    return dossier


def test_the_rule_is_pure() -> None:
    assert refuse_age(BORN, on=date(2026, 5, 6)) == ""
    assert "06/05/2026" in refuse_age(BORN, on=date(2026, 5, 5))


def test_from_the_first_page_to_the_attestation(
    dossier: Recensement, young: User, clerk: User, client_of: Any
) -> None:
    theirs, desk = client_of(young), client_of(clerk)
    paper = reverse("recensement:attestation", args=[dossier.reference])
    assert theirs.get(paper).status_code == 404
    theirs.post(reverse("recensement:send", args=[dossier.reference]))
    dossier.refresh_from_db()
    assert dossier.status == "submitted"

    page = reverse("admin:recensement_recensement_change", args=[dossier.pk])
    home = desk.get(reverse("admin:index")).content.decode()
    assert "Recensements à vérifier" in home
    assert "Recensements</a>" in home
    listed = desk.get(reverse("admin:recensement_recensement_changelist"))
    assert dossier.reference in listed.content.decode()
    said = {"version": dossier.version, "verb": "demander", "reason": "Photo floue."}
    assert desk.post(page, said).status_code == 302
    assert desk.post(page, {**said, "verb": "accepter"}).status_code == 409
    assert "Photo floue." in theirs.get(dossier.get_absolute_url()).content.decode()
    theirs.post(reverse("recensement:send", args=[dossier.reference]))
    dossier.refresh_from_db()
    assert desk.post(page, {"version": dossier.version, "verb": "accepter"}).status_code == 302
    assert theirs.get(paper).content.startswith(b"%PDF")

    assert Email.objects.filter(to=young.email).count() == 4
    assert Reading.objects.filter(agent=clerk).count() >= 3
    assert check_journal(at=timezone.now()).problems == []


def test_nobody_else_opens_it(
    dossier: Recensement, alice: User, agent_other: User, client_of: Any
) -> None:
    stranger = client_of(alice)
    for name, more in (("dossier", []), ("step", ["identite"]), ("piece", ["identite"])):
        url = reverse(f"recensement:{name}", args=[dossier.reference, *more])
        assert stranger.get(url).status_code == 404
    page = reverse("admin:recensement_recensement_change", args=[dossier.pk])
    assert client_of(agent_other).get(page).status_code == 403


def test_what_is_missing_and_too_early_is_refused_in_words(
    dossier: Recensement, young: User, client_of: Any
) -> None:
    Recensement.objects.update(birth_date=timezone.localdate() - timedelta(days=365))
    the(dossier.pieces.first()).delete()
    send = reverse("recensement:send", args=[dossier.reference])
    told = client_of(young).post(send, follow=True).content.decode().replace("\u00a0", " ")
    assert "Il manque : pièce d’identité." in told
    assert "16 ans" in told


def test_the_rest_of_the_portal_shows_it_without_naming_it(
    dossier: Recensement, young: User, client: Client, client_of: Any
) -> None:
    for name in ("home", "site-map"):
        assert reverse("recensement:home") in client.get(reverse(name)).content.decode()
    privacy = client.get(reverse("privacy")).content.decode()
    assert "Pour le recensement" in privacy
    assert "90\u00a0jours après le dernier passage" in privacy
    assert "Recensement (exemple)" in markdown(register())
    assert "Vous faire recenser" in client.get(reverse("terms")).content.decode()
    assert reverse("recensement:start") in client.get(reverse("robots")).content.decode()
    theirs = client_of(young)
    assert dossier.reference in theirs.get(reverse("demarches:account")).content.decode()
    assert "Arnaud" in theirs.get(reverse("mine-json")).content.decode()
    assert dossier.reference in theirs.get(reverse("mine-delete")).content.decode()


def test_what_is_old_leaves_with_its_files(dossier: Recensement) -> None:
    names = storage.owned_names()
    assert len(names) == 2
    Recensement.objects.update(last_activity_at=timezone.now() - timedelta(days=91))
    call_command("run_jobs", "--only", "purge_recensements")
    assert not Recensement.objects.exists()

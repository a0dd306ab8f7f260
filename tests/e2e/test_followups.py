"""The two follow-ups in a real browser: from the plan to « done », from a request to its answer."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.timezone import localdate
from playwright.sync_api import expect
from post_office.models import Email

from demarches.mail.emails import mail_text
from demarches.models import Appointment, User
from tests.e2e.conftest import PHONE, Visitor
from tests.support.followups import answered, proposed
from tests.support.reference import load
from vitale.actions.upkeep import remind
from vitale.models import Demande, Suivi

pytestmark = pytest.mark.e2e

PLAN = "/vitale/que-dois-je-faire/plan/?caisse=inconnue&situation=perte&voie=en-ligne"


@pytest.fixture(autouse=True)
def follow_up(site: str) -> None:
    names = ("vitale_references", "vitale_situations", "vitale_facts", "vitale_offsets")
    load(*names, "vitale_help")


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_please_axe_and_fit(visitor: Callable[..., Visitor], width: int, scheme: str) -> None:
    reader = visitor(viewport={"width": width, "height": 800}, color_scheme=scheme)
    reader.go(PLAN)
    reader.follow("Suivre cette demande")
    reader.press("Ouvrir mon aide-mémoire")
    reader.press("Obtenir ma feuille")
    reader.follow("Continuer")
    home = reader.path

    for path in ("etape/declaree/", "etape/commandee/"):
        reader.go(home + path)
        reader.page.locator("input[name=done_on]").fill(str(localdate() - timedelta(days=40)))
        reader.press("Noter cette étape")
    for path in ("", "etape/recue/", "voie/", "rappels/", "codes/", "effacer/"):
        reader.go(home + path)
    for path in ("/vitale/suivi/", "/vitale/suivi/ouvrir/", "/vitale/aide/"):
        reader.go(path)
    reader.press("Envoyer ma demande")

    assert reader.page.title().startswith("Erreur")


@pytest.mark.parametrize("script", [True, False])
def test_a_lost_card_from_the_plan_to_the_card(
    visitor: Callable[..., Visitor], script: bool
) -> None:
    reader = visitor(viewport=PHONE, java_script_enabled=script)
    today = localdate()

    def note(step: str, day: str) -> None:
        reader.follow(step)
        reader.page.locator("input[name=done_on]").fill(day)
        reader.press("Noter cette étape")

    reader.go(PLAN.replace("inconnue", "cpam"))
    reader.follow("Suivre cette demande")
    reader.press("Ouvrir mon aide-mémoire")
    reader.press("Obtenir ma feuille")
    reference, secret = reader.page.locator(".plaque__value").all_inner_texts()
    reader.follow("Continuer")
    note("J’ai déclaré la perte", str(today))
    reader.follow("Recevoir des rappels par mail")
    reader.fill("Adresse e-mail", "alice@example.org")
    reader.press("Enregistrer")
    choice = re.search(r"/vitale/suivi/rappels/\S+", mail_text(Email.objects.get()))
    assert choice
    reader.go(choice[0])
    reader.press("Oui, envoyez-les")

    # Two days later, on another device, with the sheet
    later = timezone.now() + timedelta(days=2)
    assert [remind(at=later), remind(at=later)] == [1, 0]
    other = visitor(viewport=PHONE, java_script_enabled=script)
    if script:
        other.go(f"/vitale/suivi/ouvrir/#{reference}/{secret}")
        assert "#" not in other.page.url
    else:
        other.go("/vitale/suivi/ouvrir/")
        other.fill("Référence", reference)
        other.fill("Code secret", secret)
    other.press("Ouvrir", exact=True)
    assert other.page.locator(".task").first.inner_text().split("\n")[-1] == "Fait"
    reader = other
    note("J’ai commandé une nouvelle carte", str(today))
    expect(reader.page.locator(".plaque__value")).to_have_count(1)
    note("J’ai reçu ma carte", str(today))
    expect(reader.page.locator(".plaque__value")).to_have_count(0)
    reader.press("J’ai terminé")

    assert Suivi.objects.exclude(closed_at=None).count() == 1
    assert remind(at=timezone.now() + timedelta(days=60)) == 0


def test_a_request_for_help_by_keyboard_until_its_answer(
    visitor: Callable[..., Visitor], django_user_model: type[User]
) -> None:
    reader = visitor(by_keyboard=True)
    reader.go("/vitale/aide/")
    reader.tick("reason", "compte")
    reader.tick("regime", "msa")
    reader.fill("Téléphone", "06 12 34 56 78")
    reader.press("Envoyer ma demande")
    assert "Demande d’aide reçue" in reader.page.locator("h1").inner_text()

    agent = django_user_model.objects.create_user("agent@example.org", is_staff=True)
    answered(Demande.objects.get(), by=agent, towards="msa", at=timezone.now())
    reader.page.reload()

    assert reader.page.locator("h1").inner_text() == "Orientée vers\u00a0: MSA"
    assert "Venez avec une pièce d’identité." in reader.page.locator("main").inner_text()


@pytest.mark.parametrize("script", [True, False])
def test_an_appointment_for_help_is_chosen_then_moved(
    visitor: Callable[..., Visitor], django_user_model: type[User], script: bool
) -> None:
    reader = visitor(viewport=PHONE, java_script_enabled=script)
    reader.go("/vitale/aide/")
    reader.tick("reason", "sans-internet")
    reader.tick("regime", "cpam")
    reader.fill("Téléphone", "06 12 34 56 78")
    reader.press("Envoyer ma demande")
    agent = django_user_model.objects.create_user("agent@example.org", is_staff=True)
    proposed(Demande.objects.get(), by=agent, at=timezone.now())
    reader.go(reader.path)
    assert "Rendez-vous proposé" in reader.page.locator("h1").inner_text()

    reader.follow("Choisir un autre créneau")
    slots = reader.page.locator("main button[name=creneau]")
    reader.press(slots.last.inner_text())
    assert "Rendez-vous fixé" in reader.page.locator("h1").inner_text()
    reader.follow("Déplacer le rendez-vous")
    before = slots.count()
    reader.press(slots.nth(before - 2).inner_text())

    assert "Rendez-vous fixé" in reader.page.locator("h1").inner_text()
    assert Appointment.objects.filter(status="booked").count() == 1
    assert "Rendez-vous déplacé" in reader.page.locator(".timeline").inner_text()


@pytest.mark.parametrize("script", [True, False])
def test_an_appointment_for_help_is_given_up_and_the_request_stays(
    visitor: Callable[..., Visitor], django_user_model: type[User], script: bool
) -> None:
    reader = visitor(viewport=PHONE, java_script_enabled=script)
    reader.go("/vitale/aide/")
    reader.tick("reason", "sans-internet")
    reader.tick("regime", "cpam")
    reader.fill("Téléphone", "06 12 34 56 78")
    reader.press("Envoyer ma demande")
    home = reader.path
    agent = django_user_model.objects.create_user("agent@example.org", is_staff=True)
    proposed(Demande.objects.get(), by=agent, at=timezone.now())
    reader.go(home)

    reader.follow("Renoncer au rendez-vous, garder la demande")
    reader.follow("Le garder")
    assert "Rendez-vous proposé" in reader.page.locator("h1").inner_text()
    reader.follow("Renoncer au rendez-vous, garder la demande")
    reader.press("Renoncer au rendez-vous")

    assert reader.path == home
    assert "Un agent s’en occupe" in reader.page.locator("h1").inner_text()
    assert "la demande reste ouverte" in reader.page.locator(".timeline").inner_text()
    reader.page.go_back()
    reader.page.reload()
    assert reader.path == home
    assert Appointment.objects.get().status == "lapsed"

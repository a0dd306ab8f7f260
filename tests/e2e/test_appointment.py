"""From a complete dossier to the récépissé: the couple books, the officer registers.

The clock of the portal is moved; pages and error states are examined by axe on the way.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils.timezone import localdate
from playwright.sync_api import expect

from demarches.models import Agenda, Appointment, Officer, User
from pacs.models import Avis, Dossier, Registration
from tests.e2e.conftest import DESKTOP, Visitor
from tests.support.appointments import booked_seat, make_complete
from tests.support.dossiers import dates_read, make_dossier
from tests.support.present import the

pytestmark = pytest.mark.e2e

#: A Monday; fifteen days later comes Tuesday 16 March.
COMPLETE = datetime(2027, 3, 1, 10, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(COMPLETE, tick=True) as traveller:
        yield traveller


@pytest.fixture
def complete(site: str, clock: time_machine.Traveller) -> Dossier:
    from django.contrib.auth.models import Group  # noqa: PLC0415 -- tables are flushed between tests

    alice = User.objects.create_user("alice@example.org")
    bob = User.objects.create_user("bob@example.org")
    agent = User.objects.create_user("agent@example.org", is_staff=True, full_name="Nour Vidal")
    agent.groups.add(Group.objects.get(name="officier"))
    Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=COMPLETE.date()
    )
    return make_complete(make_dossier(alice, bob, at=COMPLETE), agent, at=COMPLETE)


@pytest.mark.parametrize(
    ("javascript", "by_keyboard"),
    [(True, False), (False, False), (True, True)],
    ids=["mouse", "no script", "keyboard alone"],
)
def test_a_couple_books_and_the_officer_registers(
    complete: Dossier,
    clock: time_machine.Traveller,
    signed_in: Callable[..., Visitor],
    javascript: bool,
    by_keyboard: bool,
) -> None:
    home = f"/pacs/{complete.reference}/"
    options = {"java_script_enabled": javascript, "by_keyboard": by_keyboard}
    alice = signed_in(User.objects.get(email="alice@example.org"), **options)
    alice.go(home)
    alice.follow("Choisir le rendez-vous")
    assert "Fermé le dimanche" in str(alice.page.locator("main").text_content())
    lost = alice.page.locator("button[name=creneau]").first
    other = booked_seat(
        complete, starts_at=datetime.fromisoformat(the(lost.get_attribute("value")))
    )
    alice.act_on(lost)
    assert alice.page.title().startswith("Erreur")
    expect(alice.page.locator("#nearest button")).to_have_count(3)
    alice.act_on(alice.page.locator("#nearest button").first)
    assert "Confirmer" in alice.page.inner_text("h1")
    alice.press("Confirmer le")
    booked = Appointment.objects.get(status="booked", pk__gt=other.pk)
    assert "Rendez-vous pris" in alice.page.inner_text("main")
    alice.press("Être prévenus d’une date plus proche")
    alice.press("Quitter la liste d’attente")
    move(alice, booked)
    moved = the(Dossier.objects.get().appointment)
    assert (moved.uid, moved.sequence) == (booked.uid, 1)

    bob = signed_in(User.objects.get(email="bob@example.org"), viewport=DESKTOP, **options)
    bob.go(f"{home}rendez-vous/")
    assert str(moved) in bob.page.inner_text("main")
    bob.follow("Annuler le rendez-vous")
    bob.follow("Le garder")
    for address in (f"{home}papiers/convocation.pdf", f"{home}rendez-vous.ics"):
        assert bob.context.request.get(bob.site + address).status == 200

    clock.move_to(moved.starts_at + timedelta(minutes=20))
    agent = signed_in(User.objects.get(email="agent@example.org"), viewport=DESKTOP, **options)
    register(agent, moved)
    tell_third_parties(agent)
    mend_the_line(agent)
    alice = signed_in(User.objects.get(email="alice@example.org"), **options)
    alice.go(home)
    assert "opposable aux tiers depuis le" in alice.page.inner_text("main")


def move(one: Visitor, booked: Appointment) -> None:
    """To another day, chosen in the month."""
    one.follow("Déplacer")
    one.act_on(one.page.locator(".month__open a").last)
    one.act_on(one.page.locator("button[name=creneau]").last)
    assert str(booked) in one.page.inner_text("main")
    one.press("Confirmer le")


def register(agent: Visitor, appointment: Appointment) -> None:
    """The day sheet, the arrival, the screen refused empty, then undated, then whole."""
    agent.go("/agents/pacs/dossier/journee/")
    assert "Lemoine" in agent.page.inner_text("#content")
    for sheet in ("officier", "accueil", "plan-b"):
        address = f"{agent.site}/agents/pacs/dossier/journee/{sheet}.pdf"
        assert agent.context.request.get(address).status == 200
    agent.press("Ils sont arrivés")
    agent.follow("Enregistrer le Pacs")
    agent.press("Enregistrer le Pacs")
    assert "Choisissez l’officier" in agent.page.inner_text("#content")
    agent.pick("officer", str(Officer.objects.get().pk))
    agent.press("Enregistrer le Pacs")
    assert "Rien n’est enregistré" in agent.page.inner_text("#content")
    assert Registration.objects.count() == 0
    for name in ("identified", "originals", "convention_visa", "convention_returned"):
        for box in agent.page.locator(f"input[name={name}]").all():
            agent.check(box)
    agent.press("Enregistrer le Pacs")
    assert "la date lue sur la pièce manque" in agent.page.inner_text("#content")
    assert Registration.objects.count() == 0
    for key, day in dates_read(Dossier.objects.get(), localdate(appointment.starts_at)).items():
        agent.write(agent.page.locator(f"input[name='date-{key}']"), f"{day:%d/%m/%Y}")
    agent.press("Enregistrer le Pacs")
    line = Registration.objects.get()
    assert line.number == "30334-2027-1-0001"
    for slug in ("recepisse", "attestation", "extrait"):
        address = f"{agent.site}/agents/pacs/registration/{line.pk}/papier/{slug}.pdf"
        assert agent.context.request.get(address).body().startswith(b"%PDF")


def tell_third_parties(agent: Visitor) -> None:
    """Each avis sent, each mention noted."""
    agent.go("/agents/pacs/registration/avis/")
    agent.press("Noter l’envoi des avis cochés")
    for _ in range(2):
        agent.press("Noter la mention")
    assert [avis.mentioned_on is not None for avis in Avis.objects.all()] == [True, True]


def mend_the_line(agent: Visitor) -> None:
    """A first name forgotten; without a reason it is refused, and nothing typed is lost."""
    line = Registration.objects.get()
    agent.go(f"/agents/pacs/registration/{line.pk}/change/")
    agent.follow("Rectifier une erreur de cette ligne")
    agent.write(agent.page.get_by_label("Prénoms").first, "Giulia Anna")
    agent.press("Rectifier la ligne")
    assert "Écrivez le motif" in agent.page.inner_text("#content")
    assert agent.page.get_by_label("Prénoms").first.input_value() == "Giulia Anna"
    agent.write(agent.page.get_by_label("Motif"), "Prénom oublié, acte de naissance relu.")
    agent.press("Rectifier la ligne")
    assert "Maintenant : « Giulia Anna »" in agent.page.inner_text("#content")
    assert line.people[0].first_names == "Giulia Anna"


def test_states_of_the_agenda_please_axe(
    complete: Dossier, signed_in: Callable[..., Visitor]
) -> None:
    """Nothing free, too late to change, dates that ask for fresh papers, the desk's screens."""
    alice = signed_in(User.objects.get(email="alice@example.org"))
    home = f"/pacs/{complete.reference}/"
    piece = the(complete.pieces.filter(rule_id__startswith="P11").first())
    complete.pieces.filter(pk=piece.pk).update(issued_on=COMPLETE.date() - timedelta(days=60))
    alice.go(f"{home}rendez-vous/choisir/?mois=2027-04")
    assert "aura plus de 3\u00a0mois" in str(alice.page.locator("main").text_content())
    alice.follow("Voir aussi les dates plus lointaines")
    alice.go(f"{home}rendez-vous/choisir/?mois=2027-04&jour=2027-04-20&renouveler=1")
    alice.act_on(alice.page.locator("button[name=creneau]").first)
    assert "À renouveler pour cette date" in alice.page.inner_text("main")
    alice.press("Rendre ce créneau")
    Agenda.objects.update(horizon_days=1)
    alice.go(f"{home}rendez-vous/choisir/")
    assert "Aucun créneau libre" in alice.page.inner_text("main")
    agent = signed_in(User.objects.get(email="agent@example.org"), viewport=DESKTOP)
    for path in (
        f"dossier/{complete.pk}/rendez-vous/",
        "dossier/naissances/",
        "dossier/journee/",
        "registration/",
        "registration/avis/",
        "registration/ancien/",
        "registration/chiffres/",
    ):
        agent.go(f"/agents/pacs/{path}")


def test_two_phones_and_one_appointment(
    complete: Dossier, signed_in: Callable[..., Visitor]
) -> None:
    choose = f"/pacs/{complete.reference}/rendez-vous/choisir/"
    alice = signed_in(User.objects.get(email="alice@example.org"))
    bob = signed_in(User.objects.get(email="bob@example.org"))
    alice.go(choose)
    alice.act_on(alice.page.locator("button[name=creneau]").first)
    hers = str(Dossier.objects.get().held_appointment)
    bob.go(choose)
    bob.act_on(bob.page.locator("button[name=creneau]").last)
    bob.press("Confirmer le")
    his = Dossier.objects.get().appointment

    alice.press("Confirmer le")

    told = alice.page.inner_text("main").replace("\u00a0", " ")
    assert his == Dossier.objects.get().appointment
    assert f"Votre partenaire a choisi le {his} entre-temps".replace("\u00a0", " ") in told
    assert f"Confirmer le {hers}.".replace("\u00a0", " ") in told
    alice.follow("Voir le rendez-vous")
    assert str(his) in alice.page.inner_text("main")

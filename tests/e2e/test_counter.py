"""A couple at the counter, typed in a real browser: fields, pages and seconds are counted.

Aims: at most 34 fields typed or chosen for a simple couple, and five minutes with the hands of an
agent; the seconds are those of the keystroke model, a field at a time.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import expect

from demarches.models import User
from pacs.models import Dossier
from pacs.models.consent import has_attested
from tests.e2e.conftest import Visitor
from tests.e2e.test_desk import LAPTOP, TABLET

pytestmark = pytest.mark.e2e

#: Seconds of the keystroke model.
POINT, SIGN, THOUGHT = 1.3, 0.28, 1.35


@dataclass
class Hand:
    """An agent who types, and what it costs."""

    agent: Visitor
    fields: int = 0
    presses: int = 0
    seconds: float = 0

    def write(self, name: str, text: str) -> None:
        self.agent.page.locator(f"[name='{name}']").fill(text)
        self.fields += 1
        self.seconds += SIGN * (len(text) + 1)

    def choose(self, name: str, value: str) -> None:
        self.agent.page.locator(f"[name='{name}'][value='{value}']").check()
        self.fields += 1
        self.seconds += POINT

    def pick(self, name: str, label: str) -> None:
        self.agent.page.locator(f"select[name='{name}']").select_option(label=label)
        self.fields += 1
        self.seconds += POINT + SIGN * 3

    def press(self, name: str) -> None:
        # Each leads to a page, though it waits first for what is being kept.
        with self.agent.page.expect_navigation():
            self.agent.page.get_by_role("button", name=name).first.click()
        self.agent.examine()
        self.presses += 1
        self.seconds += POINT + THOUGHT


@pytest.fixture
def clerk(site: str) -> User:
    user = User.objects.create_user("accueil@example.org", is_staff=True, full_name="Ada Roy")
    user.groups.add(Group.objects.get(name="accueil"))
    return user


def open_counter(agent: Visitor) -> Hand:
    agent.go("/agents/")
    hand = Hand(agent)
    agent.follow("Ouvrir un dossier au guichet")
    hand.press("Ouvrir le dossier")
    return hand


def type_couple(hand: Hand) -> None:
    hand.choose("couple-adresse-where", "ici_ensemble")
    hand.write("couple-adresse-street", "63 place aux Herbes")
    hand.choose("couple-projet-kinship", "aucun")
    hand.choose("couple-projet-convention", "cerfa_15726")
    hand.press("Enregistrer et continuer")


def type_person(hand: Hand, who: str, name: str, first_names: str, **other: str) -> None:
    hand.write(f"{who}-acte-birth_name", name)
    hand.write(f"{who}-acte-first_names", first_names)
    hand.choose(f"{who}-acte-sex", "F" if who == "p1" else "M")
    hand.write(f"{who}-acte-birth_date", "12/6/1984")
    hand.choose(f"{who}-acte-origin", other.get("origin", "fr"))
    hand.write(f"{who}-acte-birth_city", other.get("city", "Uzès"))
    for number, parent in (("1", "Paul"), ("2", "Anne")):
        hand.write(f"{who}-acte-parent{number}_name", name)
        hand.write(f"{who}-acte-parent{number}_first_names", parent)
    hand.choose(f"{who}-situation-situation", other.get("situation", "celibataire"))
    hand.choose(f"{who}-situation-measure", "aucune")
    hand.write(f"{who}-situation-phone", "06 12 34 56 78")


def finish(hand: Hand) -> None:
    hand.press("Enregistrer ; le reste sera apporté")
    for number in (1, 2):
        hand.agent.page.locator(f"[name=signed_{number}]").check()
    hand.press("Déposer le dossier")
    hand.agent.page.get_by_role("heading", name="Le dossier est déposé").wait_for()


@pytest.mark.parametrize("has_script", [True, False])
@pytest.mark.parametrize("viewport", [LAPTOP, TABLET], ids=["1366", "768"])
def test_a_simple_couple_leaves_with_the_acknowledgement(
    clerk: User, signed_in: Callable[..., Visitor], viewport: dict[str, int], has_script: bool
) -> None:
    agent = signed_in(clerk, viewport=viewport, java_script_enabled=has_script)
    loads: list[str] = []
    agent.page.on(
        "request",
        lambda one: (
            loads.append(one.url)
            if one.method == "GET" and one.resource_type == "document"
            else None
        ),
    )
    hand = open_counter(agent)
    type_couple(hand)
    type_person(hand, "p1", "Martin", "Léa Rose")
    type_person(hand, "p2", "Chabrol", "Yanis")
    hand.press("Enregistrer et continuer")
    finish(hand)

    with agent.page.expect_download() as download:
        agent.page.get_by_role("link", name="Imprimer l’accusé").click()
    assert download.value.suggested_filename.endswith(".pdf")
    dossier = Dossier.objects.get()
    assert dossier.status == "submitted"
    assert all(has_attested(one, dossier) for one in dossier.people)
    assert (hand.fields, hand.presses) == (30, 5)
    assert hand.fields <= 34
    assert hand.seconds <= 170
    # The home, the door, then the five pages of the way; the paper is a download.
    assert len(loads) == 8


def test_a_foreign_partenaire_and_a_former_marriage_are_asked_what_concerns_them(
    clerk: User, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(clerk, viewport=LAPTOP)
    hand = open_counter(agent)
    type_couple(hand)
    type_person(hand, "p1", "Martin", "Léa", situation="divorce")
    type_person(hand, "p2", "Bianchi", "Marco", origin="autre", city="Torino")
    hand.press("Enregistrer et continuer")

    expect(agent.page.locator("[id='p1-ancien-mariage'], [id='p2-origine']")).to_have_count(2)
    expect(agent.page.locator("[id='p1-origine'], [id='p2-ancien-mariage']")).to_have_count(0)
    # The commune is asked once.
    expect(agent.page.locator("[name='p2-origine-birth_city']")).to_have_count(0)
    hand.choose("p1-ancien-mariage-divorce_mentioned", "oui")
    hand.pick("p2-origine-birth_country", "Italie")
    hand.pick("p2-origine-first", "Italie")
    hand.press("Enregistrer et continuer")
    expect(agent.page.locator("[id='p2-protection'], [id='p2-documents-etrangers']")).to_have_count(
        2
    )
    hand.choose("p2-protection-protection", "aucune")
    hand.choose("p2-documents-etrangers-birth_record_in_french", "oui")
    hand.choose("p2-documents-etrangers-coutume_in_french", "non")
    hand.press("Enregistrer et continuer")
    finish(hand)

    assert Dossier.objects.get().people[1].birth_city == "Torino"
    # Six more than a simple couple: nothing that does not concern them.
    assert hand.fields == 36


def test_what_is_wrong_is_told_on_top_and_the_list_needs_no_dossier(
    clerk: User, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(clerk, viewport=LAPTOP)
    hand = open_counter(agent)
    hand.choose("couple-adresse-where", "ici_ensemble")
    hand.press("Enregistrer et continuer")
    agent.page.get_by_role("link", name="Indiquez le numéro et la voie.").click()
    assert agent.page.evaluate("document.activeElement.name") == "couple-adresse-street"

    agent.go("/agents/")
    agent.follow("Pièces à fournir (liste)")
    for name, value in (
        ("adresse", "ici"),
        ("lien", "aucun"),
        ("age", "21_plus"),
        ("mesure", "aucune"),
        ("origine1", "france_francaise"),
        ("situation1", "celibataire"),
        ("origine2", "france_francaise"),
        ("situation2", "celibataire"),
        ("convention", "cerfa_15726"),
    ):
        hand.choose(name, value)
    agent.press("Voir la liste")
    agent.page.get_by_role("link", name="Imprimer la liste (PDF)").wait_for()
    agent.examine()
    assert Dossier.objects.count() == 1  # the one opened above


def test_what_is_typed_is_kept_at_a_pause_and_goes_on_without_a_clash(
    clerk: User, signed_in: Callable[..., Visitor]
) -> None:
    agent = signed_in(clerk, viewport=LAPTOP)
    hand = open_counter(agent)
    type_couple(hand)
    # Both at once, so that no pause comes between them, however slow the machine.
    agent.page.evaluate(
        """() => {
          const form = document.querySelector("form[data-desk-keep]");
          form.elements["p1-acte-birth_name"].value = "Martin";
          form.elements["p1-acte-birth_date"].value = "31/02/1984";
          form.dispatchEvent(new Event("input"));
        }"""
    )
    agent.page.get_by_text("Enregistré, sauf ce qui est à corriger.").wait_for()
    assert not Dossier.objects.get().people[0].birth_name  # its form is wrong, and kept as typed
    assert agent.page.locator("[name='p1-acte-birth_name']").input_value() == "Martin"

    hand.write("p1-acte-birth_date", "12/6/1984")
    agent.page.get_by_text("Enregistré au fur et à mesure.").wait_for()
    assert Dossier.objects.get().people[0].birth_name == "Martin"

    # A press while the next pause is being kept waits for it.
    type_person(hand, "p1", "Martin", "Léa Rose")
    type_person(hand, "p2", "Chabrol", "Yanis")
    agent.page.evaluate(
        "document.querySelector('form[data-desk-keep]').dispatchEvent(new Event('input'))"
    )
    agent.page.wait_for_timeout(2520)
    hand.press("Enregistrer et continuer")
    finish(hand)
    assert Dossier.objects.get().status == "submitted"

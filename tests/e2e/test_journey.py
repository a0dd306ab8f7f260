"""The main job, in a real browser: a couple files a dossier, an agent checks it until complete.

Every page and every error state on the way is examined by axe, at phone width, and none may
scroll sideways, call another host or break the policy (see `Visitor`).
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator

from demarches.models import User
from pacs.models import Dossier, Piece
from tests.e2e.conftest import DESKTOP, Visitor

pytestmark = pytest.mark.e2e


def answer_common(one: Visitor) -> None:
    """The two shared pages; opening the dossier leads to the first."""
    one.press("Enregistrer et continuer")  # nothing chosen: an error, told and linked
    assert one.page.title().startswith("Erreur")
    if one.has_script:
        focused = "box => box === document.activeElement"
        assert one.page.locator(".error-summary").evaluate(focused)
    one.tick("where", "ici")
    one.fill("Numéro et voie", "3 rue des Lilas")
    one.press("Enregistrer et continuer")
    one.tick("kinship", "aucun")
    one.tick("convention", "cerfa_15726")
    one.press("Enregistrer et continuer")
    one.press("Pas encore de date")


def answer_own(one: Visitor, *, name: str, country: str = "FR") -> None:
    """One's own pages, each leading to the next."""
    page = one.page
    one.fill("Nom de naissance", "<script>")
    one.fill("Tous vos prénoms", "Zoé")
    one.press("Enregistrer et continuer")
    summary = page.locator(".error-summary").inner_text()
    assert "ne peut pas figurer dans un nom" in summary
    assert "Indiquez le nom du premier parent" in summary
    assert page.get_by_label("Tous vos prénoms").input_value() == "Zoé"
    one.fill("Nom de naissance", name)
    one.tick("sex", "F")
    one.fill("Date de naissance", "4 mai 1990")
    one.tick("origin", "fr" if country == "FR" else "autre")
    one.fill("Commune ou ville", "Nîmes")
    one.tick("parent1_unknown")
    one.tick("parent2_unknown")
    one.press("Enregistrer et continuer")
    if country != "FR":
        one.pick("birth_country", country)
        one.pick("first", country)
        one.press("Enregistrer et continuer")
        one.tick("protection", "aucune")
        one.press("Enregistrer et continuer")
        for question in (
            "birth_record_in_french",
            "coutume_in_french",
            "country_issues_coutume",
            "country_updates_records",
        ):
            one.tick(question, "oui")
        one.press("Enregistrer et continuer")
    one.tick("situation", "celibataire")
    one.tick("measure", "aucune")
    one.fill("Numéro et voie", "9 place aux Herbes")
    one.fill("Code postal", "30700")
    one.fill("Commune", "Uzès")
    one.press("Enregistrer et continuer")


def attest(one: Visitor, home: str, *, button: str = "J’atteste") -> None:
    """On the page that shows everything again."""
    one.go(f"{home}verifier/")
    one.press(button, exact=True)


def bring(one: Visitor, home: str, *, left: int = 0) -> None:
    """Say of each piece that it will be brought, except of so many."""
    one.go(f"{home}pieces/")
    if not left:
        one.press("Nous apporterons tout le jour même")
        return
    missing = one.page.locator("input[name=piece]")
    keys = [missing.nth(rank).get_attribute("value") for rank in range(missing.count())]
    for key in keys[:-left]:
        fold = one.page.locator(f'[data-uzes-piece="{key}"] details:not([open]) > summary')
        if fold.count():
            one.unfold(fold.first)
        one.tick(f'"{key}-choice"', "to_bring")
    save(one)


def save(one: Visitor) -> None:
    """The button that promises nothing."""
    one.act_on(one.page.locator("button[name=enregistrer]:not([hidden])"))


def photograph(folder: Path) -> Path:
    """A picture that is neither blurred nor blank."""
    path = folder / "carte.jpg"
    Image.effect_noise((1200, 800), 90).convert("RGB").save(path, quality=80)
    return path


@pytest.mark.parametrize(
    ("javascript", "by_keyboard"),
    [(True, False), (False, False), (True, True)],
    ids=["mouse", "no script", "keyboard alone"],
)
def test_a_couple_files_a_dossier_and_an_agent_completes_it(
    site: str,
    visitor: Callable[..., Visitor],
    signed_in: Callable[..., Visitor],
    tmp_path: Path,
    javascript: bool,
    by_keyboard: bool,
) -> None:
    alice = visitor(java_script_enabled=javascript, by_keyboard=by_keyboard)
    alice.go("/")
    alice.follow("Se pacser")
    alice.follow("Remplir le dossier en ligne")
    alice.sign_in("alice@example.org")
    home = alice.path.removesuffix("commun/adresse/")
    answer_common(alice)
    answer_own(alice, name="Lemoine")
    assert alice.path == f"{home}pieces/"
    alice.go(home)
    alice.follow("La participation de votre partenaire")
    alice.press("Inviter par courriel")
    assert alice.page.title().startswith("Erreur")
    alice.fill("Son adresse e-mail", "bob@example.org")
    alice.press("Inviter par courriel")
    attest(alice, home)

    bob = visitor(viewport=DESKTOP, java_script_enabled=javascript, by_keyboard=by_keyboard)
    bob.go(f"{home}rejoindre/")
    bob.sign_in("bob@example.org")
    bob.press("Participer", exact=True)
    answer_own(bob, name="d’Almeida-Ünal", country="IT")
    bob.go(home)
    bob.follow("Confirmer les réponses communes")
    bob.tick("agrees", "oui")
    bob.press("Envoyer ma réponse")
    attest(bob, home, button="J’atteste, nous enverrons plus tard")
    bring(bob, home, left=1)

    send_file(alice, home, tmp_path)
    bring(alice, home)
    alice.go(home)
    alice.follow("Relire, attester et envoyer le dossier")
    # She vouched for « la personne avec qui je conclus ce Pacs »: a name that comes is no change.
    alice.press("Envoyer le dossier à la mairie")
    assert "Votre dossier est bien arrivé" in alice.page.inner_text("h1")
    alice.follow("Suivre mon dossier")

    dossier = Dossier.objects.get()
    assert dossier.status == "submitted"
    decide(dossier, signed_in)

    alice.go(home)
    assert "attend vos compléments" in alice.page.inner_text("main")
    send_file(alice, home, tmp_path)
    correct_her_name(alice, home)
    alice.go(home)
    alice.press("J’ai tout complété")
    take_the_correction(dossier, signed_in)
    for one in (alice, bob):
        one.go(home)
        one.follow("Relire et attester")
        assert "Lemoine-Roux" in one.page.inner_text("main")
        one.tick("attest")
        one.press("J’atteste")
    complete(dossier, signed_in)
    end_by_mistake(dossier, signed_in)
    alice.go(home)
    assert "Votre dossier est complet" in alice.page.inner_text("main")
    # Every page of her way, corrections included: a longer way is a decision, not an accident.
    assert 12 < len(alice.seen) <= 20


def send_file(one: Visitor, home: str, folder: Path) -> None:
    """On the page of the pieces: the photograph of the identity document."""
    one.go(f"{home}pieces/")
    card = one.page.locator("[data-piece=P03_identite]")
    sent = card.locator(".file__name")
    before = sent.count()
    one.attach(card.locator("input[type=file]"), photograph(folder))
    if one.has_script:
        sent.nth(before).wait_for()
    save(one)
    assert sent.nth(before).inner_text() == "carte.jpg"


def correct_her_name(alice: Visitor, home: str) -> None:
    """Once the dossier is at the mairie: proposed beside the answer, then sent."""
    alice.go(home)
    alice.follow("Corriger une réponse")
    alice.follow("Corriger le nom")
    alice.fill("Nom de naissance", "Lemoine-Roux")
    alice.press("Enregistrer et continuer")
    told = alice.page.inner_text("main").replace("\u00a0", " ")
    assert "Avant : Lemoine\n" in told
    assert "Votre correction : Lemoine-Roux" in told
    alice.press("Envoyer ma correction")
    assert "la mairie la regarde" in alice.page.inner_text("main")


def decide(dossier: Dossier, signed_in: Callable[..., Visitor]) -> None:
    """The agent accepts a piece, refuses the identity document, asks for it again."""
    from django.contrib.auth.models import Group  # noqa: PLC0415 -- tables are flushed between tests

    user = User.objects.create_user("agent@example.org", is_staff=True, full_name="Nour Vidal")
    user.groups.add(Group.objects.get(name="officier"))
    agent = signed_in(user, viewport=DESKTOP)
    agent.go(f"/agents/pacs/dossier/?q={dossier.reference}")
    agent.page.get_by_role("link", name=dossier.reference).first.click()
    agent.examine()
    piece = Piece.objects.get(key="1-P03_identite")
    card = open_row(agent, piece)
    picture = card.locator("img").first
    picture.scroll_into_view_if_needed()
    agent.page.wait_for_function(
        "() => document.querySelector('.panel:not([hidden]) img').complete"
    )
    assert picture.evaluate("picture => picture.naturalWidth > 0")
    card.locator("summary", has_text="Refuser").click()
    card.get_by_label("Ce que la personne lira").fill("Joignez un justificatif de domicile.")
    card.get_by_role("button", name="Refuser cette pièce").click()
    card.get_by_text("R113-8").wait_for()
    agent.examine()
    # The box is still open, with what was typed.
    text = card.get_by_label("Ce que la personne lira")
    assert text.input_value().startswith("Joignez")
    text.fill("")
    card.get_by_label("Illisible").check()
    card.get_by_role("button", name="Refuser cette pièce").click()
    agent.page.get_by_text("envoyez la demande").wait_for()
    agent.page.get_by_role("link", name="Demander…").click()
    agent.page.get_by_role("button", name="Envoyer la demande").click()
    agent.page.get_by_text("La demande est faite").wait_for()
    dossier.refresh_from_db()
    assert dossier.status == "pieces_requested"


def open_row(agent: Visitor, piece: Piece) -> Locator:
    """Choose the row of this piece; its panel."""
    agent.page.locator(f"#row-piece-{piece.pk}").click()
    agent.page.wait_for_timeout(600)  # nothing is accepted that was not seen
    return agent.page.locator(f"#panel-piece-{piece.pk}")


def at_the_desk(dossier: Dossier, signed_in: Callable[..., Visitor]) -> Visitor:
    """The agent, on the page of this dossier."""
    agent = signed_in(User.objects.get(email="agent@example.org"), viewport=DESKTOP)
    agent.go(f"/agents/pacs/dossier/{dossier.pk}/change/")
    return agent


def take_the_correction(dossier: Dossier, signed_in: Callable[..., Visitor]) -> None:
    """Old and new side by side, then in the dossier; what both had attested has ended."""
    agent = at_the_desk(dossier, signed_in)
    agent.page.get_by_role("link", name="Correction proposée").first.click()
    row = agent.page.locator(".panel:not([hidden]) tbody tr")
    assert row.locator("td").all_inner_texts() == ["Lemoine", "Lemoine-Roux"]
    agent.page.get_by_role("button", name="Reprendre dans le dossier").click()
    agent.page.get_by_text("La correction est reprise").wait_for()
    assert [one.attested_at for one in dossier.partenaires.all()] == [None, None]


def complete(dossier: Dossier, signed_in: Callable[..., Visitor]) -> None:
    """The agent settles everything that is left, then declares the dossier complete."""
    agent = at_the_desk(dossier, signed_in)
    identity = open_row(agent, Piece.objects.get(key="1-P03_identite"))
    identity.get_by_role("button", name="Accepter").click()
    identity.get_by_text("écrivez la date lue sur la pièce").wait_for()
    identity.get_by_label("Valable jusqu’au").fill("12/11/2099")
    identity.get_by_role("button", name="Accepter").click()
    identity.get_by_text("dernier jour utile : 12\u00a0novembre 2099").wait_for(state="attached")

    (missing,) = Piece.objects.required().filter(status="missing")
    card = open_row(agent, missing)
    card.get_by_role("button", name="Sera apportée").click()
    agent.page.get_by_text("cette pièce sera apportée").wait_for()
    for piece in Piece.objects.required().exclude(status="accepted"):
        open_row(agent, piece).get_by_role("button", name="Accepter").click()
        agent.page.locator(f"#row-piece-{piece.pk}.state--done").wait_for()
    agent.page.get_by_role("button", name="Déclarer complet").click()
    agent.page.get_by_role("link", name="Suivant dans la pile", exact=True).wait_for()
    dossier.refresh_from_db()
    assert dossier.status == "complete"


def end_by_mistake(dossier: Dossier, signed_in: Callable[..., Visitor]) -> None:
    """A wrong click: the page that asks first, the reason, then everything back."""
    agent = at_the_desk(dossier, signed_in)
    agent.follow("Suivi et papiers")
    agent.follow("Clore sans décision")
    assert "Ce qui va se passer" in agent.page.inner_text("#content")
    agent.fill("Motif", "Dossier en double")
    agent.press("Clore le dossier sans décision")
    dossier.refresh_from_db()
    assert dossier.is_ended
    agent.press("Annuler : reprendre le dossier")
    dossier.refresh_from_db()
    assert dossier.status == "complete"

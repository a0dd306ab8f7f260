"""Two couples walk from the home page to « envoyé »; what it costs them is written down.

`docs/journey.md` holds the figures, page by page; `make journey` writes it. A walk that costs more
than what is written there, or less, fails here: a change of the way is a decision.
"""

import os
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from post_office.models import Email

from demarches.mail.emails import mail_text
from pacs.models import Dossier
from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.test_journey import photograph
from tests.e2e.test_list_heights import MAX_LIST
from tests.e2e.walk import Walker, counts_of
from tests.journey import recorded, save_walk

pytestmark = pytest.mark.e2e

CONTINUE = "Enregistrer et continuer"
MAX_HEADER = 90


@pytest.fixture(
    params=[(True, PHONE), (False, PHONE), (True, DESKTOP)],
    ids=["narrow", "narrow without script", "wide"],
)
def walker(
    browser: Browser, site: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Walker]]:
    """Make people who walk, each with a browser of their own; none may have met a trouble."""
    has_script, viewport = request.param
    walkers: list[Walker] = []

    def make() -> Walker:
        context = browser.new_context(
            viewport=viewport, locale="fr-FR", java_script_enabled=has_script
        )
        walkers.append(Walker(context, site, has_script=has_script))
        return walkers[-1]

    yield make
    troubles = [trouble for one in walkers for trouble in one.troubles]
    for one in walkers:
        one.context.close()
    assert troubles == []


def settle(name: str, *walkers: Walker) -> None:
    """Compare with what is written, or write it when that was asked for."""
    for one in walkers:
        if one.has_script:
            counts = counts_of(one.walk)
            assert one.in_page_counts() == (counts.taps - one.mails_opened, counts.fields)
    walk = [shown for one in walkers for shown in one.walk]
    assert all(shown.header <= MAX_HEADER for shown in walk if shown.is_inside)
    for number, shown in enumerate(walk, start=1):
        print(number, shown)
    if folder := os.environ.get("JOURNEY_FOLDER"):
        save_walk(Path(folder), name, walk)
        return
    counts = counts_of(walk)
    assert (counts.pages, counts.acts) == recorded(name), "run `make journey` to write it down"


def copy_record(one: Walker, *, name: str, sex: str, city: str, origin: str = "fr") -> None:
    """The page of the birth record; without `origin`, what was said of it before stands."""
    one.fill("Nom de naissance", name)
    one.fill("Tous vos prénoms", "Camille")
    one.tick("sex", sex)
    one.fill("Date de naissance", "4/5/1990")
    if origin:
        one.tick("origin", origin)
    one.fill("Commune ou ville de naissance", city)
    for which in ("premier", "second"):
        one.fill(f"Nom de naissance du {which} parent", name)
        one.fill(f"Prénoms du {which} parent", "Dominique")
    one.press(CONTINUE)


def live_single(one: Walker) -> None:
    one.tick("situation", "celibataire")
    one.tick("measure", "aucune")
    one.press(CONTINUE)


def test_two_french_singles_on_one_phone(walker: Callable[[], Walker]) -> None:
    """Couple B: together in Uzès, the model convention, the phone passed over, no simulator."""
    one = walker()
    one.go("/")
    one.follow("Se pacser")
    one.follow("Remplir le dossier en ligne")
    one.sign_in("lea@example.org")
    one.tick("where", "ici_ensemble")
    one.fill("Numéro et voie", "3 rue des Lilas")
    one.press(CONTINUE)
    one.tick("kinship", "aucun")
    one.tick("convention", "cerfa_15726")
    one.press(CONTINUE)
    one.act_on(one.page.locator("button[name=wished_date]").first)
    copy_record(one, name="Lemoine", sex="F", city="Nîmes")
    live_single(one)
    one.press("Nous apporterons tout")
    one.press("J’atteste", exact=True)
    one.press("Fermer mes pages et passer")
    one.fill("Votre code", "lilas-2027")
    one.press("Ouvrir mes pages")
    copy_record(one, name="Roux", sex="M", city="Nîmes")
    live_single(one)
    one.press("Nous apporterons tout")
    one.press("J’atteste et j’envoie")
    assert "Votre dossier est bien arrivé" in one.page.inner_text("h1")
    assert Dossier.objects.get().submitted_at is not None
    settle("B", one)


def ask_what_to_bring(one: Walker, *, wished: date) -> None:
    """The simulator, for an Italian widow and a French divorced man born in Oran."""
    one.tick("adresse", "ici")
    one.tick("lien", "aucun")
    one.tick("age", "21_plus")
    one.tick("mesure", "aucune")
    one.press("Continuer")
    one.tick("origine1", "ue")
    one.tick("situation1", "veuf")
    one.press("Continuer")
    one.press("Dans un autre pays de l’Union européenne")
    one.press("Non, aucun")
    one.tick("origine2", "etranger_francaise")
    one.tick("situation2", "divorce")
    one.press("Continuer")
    one.press("Oui", exact=True)  # a French birth record
    one.press("Oui", exact=True)  # on which the divorce is written
    one.tick("convention", "personnalisee")
    one.fill("Quel jour souhaitez-vous", f"{wished:%d/%m/%Y}")
    one.press("Continuer")
    if one.has_script:
        assert one.page_height() <= MAX_LIST


def live_apart(one: Walker, situation: str, *, is_asked: bool = True) -> None:
    """The page of today's situation, with an address of one's own."""
    if is_asked:
        one.tick("situation", situation)
        one.tick("measure", "aucune")
    one.fill("Numéro et voie", "9 place aux Herbes")
    one.fill("Commune", "Uzès")
    one.press(CONTINUE)


def send_piece(one: Walker, rule: str, file: Path, day: date | None = None) -> None:
    """In the list, the box of this piece: the file, and the date written on it."""
    piece = one.page.locator(f"[data-piece={rule}]")
    one.attach(piece.locator("input[type=file]"), file)
    if day is not None:
        one.write(piece.locator("input[name$=_on]"), f"{day:%d/%m/%Y}")


def test_a_couple_of_two_countries(walker: Callable[[], Walker], tmp_path: Path) -> None:
    """Couple A: the simulator first, their own text, an invitation by mail, two addresses."""
    today = date.today()  # noqa: DTZ011 -- a day to write, not a rule
    issued, expires = today - timedelta(days=10), today + timedelta(days=1500)
    file = photograph(tmp_path)
    giulia = walker()
    giulia.go("/")
    giulia.follow("Se pacser")
    giulia.follow("Savoir si vous pouvez vous pacser")
    ask_what_to_bring(giulia, wished=today + timedelta(days=60))
    giulia.follow("Commencer avec ces réponses")
    giulia.sign_in("giulia@example.org")
    giulia.tick("where", "ici")
    giulia.fill("Numéro et voie", "3 rue des Lilas")
    giulia.press(CONTINUE)
    copy_record(giulia, name="Rossi", sex="F", city="Rome", origin="autre")
    giulia.pick("birth_country", "IT")
    giulia.pick("first", "IT")
    giulia.press(CONTINUE)
    live_apart(giulia, "veuf", is_asked=False)
    giulia.pick("union_record_country", "IT")
    giulia.press(CONTINUE)
    send_piece(giulia, "P03_identite", file, expires)
    for rule in ("P14_naissance_etranger", "P32_non_pacs"):
        send_piece(giulia, rule, file, issued)
    send_piece(giulia, "P42_veuvage", file)
    giulia.press("nous apporterons le reste")
    giulia.press("J’atteste", exact=True)
    giulia.fill("Son adresse e-mail", "karim@example.org")
    giulia.press("Inviter par courriel")

    karim = walker()
    mail = mail_text(Email.objects.filter(to=["karim@example.org"]).latest("pk"))
    found = re.search(r"https?://\S+/rejoindre/", mail)
    assert found, mail
    karim.open_mail(found[0])
    karim.sign_in("karim@example.org")
    karim.press("Participer", exact=True)
    karim.press("Oui, tout est exact")
    copy_record(karim, name="Benali", sex="M", city="Oran", origin="")
    karim.pick("birth_country", "DZ")  # « française » was said in the simulator
    karim.press(CONTINUE)
    live_apart(karim, "divorce", is_asked=False)
    send_piece(karim, "P03_identite", file, expires)
    send_piece(karim, "P12_naissance_scec", file, issued)
    karim.press("Enregistrer seulement")
    karim.press("J’atteste et j’envoie")
    assert "Votre dossier est bien arrivé" in karim.page.inner_text("h1")
    settle("A", giulia, karim)

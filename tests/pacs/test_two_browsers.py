"""Two people, two browsers: a page read before the other acted, and pressed after.

Each test opens a page in one browser, lets the other person act, then presses the button of
the first. Nothing happens but what the page said; otherwise it says what there is now.
"""

import io
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from demarches.models import User
from demarches.rules.dates_fr import NBSP
from demarches.rules.enums import PieceStatus
from pacs.actions import desk
from pacs.actions.appointments import (
    book_for,
    cancel_for,
    confirm_slot,
    hold_slot,
    offer_earlier,
    want_earlier,
)
from pacs.actions.dossiers import open_dossier
from pacs.models import Door, Dossier, Partenaire, Piece, SentMail
from tests.support.appointments import make_complete
from tests.support.dossiers import COMMON, PERSON, make_dossier
from tests.support.forms import answer_pieces
from tests.support.pages import Answer, Page, press
from tests.support.present import the

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
MONDAY = datetime(2026, 12, 14, 8, tzinfo=PARIS)
WEDNESDAY = datetime(2026, 12, 16, 9, 30, tzinfo=PARIS)
MONDAY_WORDS = "lundi 14 décembre 2026 à 8 h"
WEDNESDAY_WORDS = "mercredi 16 décembre 2026 à 9 h 30"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def open_draft(reference_data: None, alice: User, bob: User) -> Dossier:
    return make_dossier(alice, bob, at=NOW)


@pytest.fixture
def complete(reference_data: None, alice: User, bob: User, agent: User) -> Dossier:
    return make_complete(make_dossier(alice, bob, at=NOW), agent, at=NOW)


@pytest.fixture
def her(client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def him(client_of: Callable[[User], Client], bob: User) -> Client:
    return client_of(bob)


def at(name: str, dossier: Dossier, *more: str) -> str:
    return reverse(f"pacs:{name}", args=[dossier.reference, *more])


def choose(client: Client, dossier: Dossier, moment: datetime) -> Page:
    """Pick a slot, and read the page that asks to confirm it."""
    key = moment.isoformat(timespec="minutes")
    held = press(client, at("appointment-choose", dossier), {"creneau": key})
    return Page.open(client, held.url)


def booked(dossier: Dossier) -> str:
    fresh = Dossier.objects.get(pk=dossier.pk)
    return str(fresh.appointment or "").replace(NBSP, " ")


def text(response: Answer) -> str:
    """The page, every space an ordinary one."""
    return response.content.decode().replace(NBSP, " ").replace("&nbsp;", " ")


def person(dossier: Dossier, position: int) -> Partenaire:
    return Partenaire.objects.select_related("dossier").get(dossier=dossier, position=position)


# Appointments


def test_the_button_books_the_day_it_names_or_nothing(
    her: Client, him: Client, complete: Dossier
) -> None:
    page = choose(her, complete, MONDAY)
    choose(him, complete, WEDNESDAY)

    answer = page.press()

    assert (answer.status_code, booked(complete)) == (409, "")
    assert f"Un autre créneau a été choisi entre-temps : le {WEDNESDAY_WORDS}" in text(answer)
    assert f"Confirmer le {MONDAY_WORDS}." in text(answer)
    assert f'href="{at("appointment-confirm", complete)}"' in text(answer)


def test_once_the_other_has_booked_the_page_says_who_chose_what(
    her: Client, him: Client, complete: Dossier
) -> None:
    page = choose(her, complete, MONDAY)
    choose(him, complete, WEDNESDAY).press()

    answer = page.press()

    assert (answer.status_code, booked(complete)) == (409, WEDNESDAY_WORDS)
    assert f"<h1>Votre partenaire a choisi le {WEDNESDAY_WORDS} entre-temps</h1>" in text(answer)


def test_two_tabs_of_one_person_are_two_readers(her: Client, complete: Dossier) -> None:
    page = choose(her, complete, MONDAY)
    choose(her, complete, WEDNESDAY).press()

    answer = page.press()

    assert (answer.status_code, booked(complete)) == (409, WEDNESDAY_WORDS)
    assert f"Vous avez choisi le {WEDNESDAY_WORDS} entre-temps" in text(answer)


def test_both_confirm_the_same_slot_and_one_mail_goes_to_each(
    her: Client, him: Client, complete: Dossier
) -> None:
    hers = choose(her, complete, MONDAY)
    his = Page.open(him, at("appointment-confirm", complete))

    answers = [hers.press(), his.press(), hers.press()]

    assert [answer.status_code for answer in answers] == [302, 302, 302]
    assert booked(complete) == MONDAY_WORDS
    assert SentMail.objects.filter(kind="appointment_booked").count() == 2


def test_a_second_tap_on_a_slot_finds_it_held(her: Client, complete: Dossier) -> None:
    page = Page.open(her, at("appointment-choose", complete))
    slot = {"creneau": MONDAY.isoformat(timespec="minutes")}

    answers = [page.press(slot), page.press(slot)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert the(Dossier.objects.get(pk=complete.pk).held_appointment).starts_at == MONDAY


def test_choosing_a_slot_never_drops_the_one_the_other_just_chose(
    her: Client, him: Client, complete: Dossier
) -> None:
    page = Page.open(her, at("appointment-choose", complete))
    choose(him, complete, WEDNESDAY)

    answer = page.press({"creneau": MONDAY.isoformat(timespec="minutes")})

    assert answer.status_code == 409
    assert f"Choisir le {MONDAY_WORDS}." in text(answer)
    assert the(Dossier.objects.get(pk=complete.pk).held_appointment).starts_at == WEDNESDAY
    assert "est gardé pour vous deux" in text(her.get(at("appointment-choose", complete)))


def test_moving_says_which_appointment_goes_and_gives_up_no_other(
    her: Client, complete: Dossier, agent: User
) -> None:
    hold_slot(person(complete, 1), MONDAY, at=NOW)
    confirm_slot(person(complete, 1), at=NOW, by=None)
    page = choose(her, complete, WEDNESDAY)
    book_for(complete, MONDAY + timedelta(days=1), by=agent, at=NOW)

    answer = page.press()

    assert answer.status_code == 409
    assert f"Confirmer le {WEDNESDAY_WORDS}, à la place du {MONDAY_WORDS}." in text(answer)
    assert "La mairie a choisi le mardi 15 décembre 2026" in text(answer)


def test_cancelling_takes_away_the_appointment_that_was_read(
    her: Client, him: Client, complete: Dossier
) -> None:
    choose(her, complete, MONDAY).press()
    page = Page.open(her, at("appointment-cancel", complete))
    choose(him, complete, WEDNESDAY).press()

    answer = page.press()

    assert (answer.status_code, booked(complete)) == (409, WEDNESDAY_WORDS)
    assert f"Annuler le rendez-vous du {MONDAY_WORDS}." in text(answer)
    assert SentMail.objects.filter(kind="appointment_cancelled").count() == 0


def test_a_cancelled_appointment_is_told_to_whoever_moves_it(
    her: Client, complete: Dossier, agent: User
) -> None:
    choose(her, complete, MONDAY).press()
    page = choose(her, complete, WEDNESDAY)
    cancel_for(complete, reason="L’officier est absent.", by=agent, at=NOW, version=None)

    answer = page.press()

    assert (answer.status_code, booked(complete)) == (409, "")
    assert "La mairie a annulé le rendez-vous entre-temps" in text(answer)


def test_an_offer_that_the_other_took_cannot_be_left(
    her: Client, him: Client, complete: Dossier
) -> None:
    choose(her, complete, WEDNESDAY).press()
    want_earlier(person(complete, 1), wanted=True, at=NOW)
    offer_earlier(at=NOW)
    hers = Page.open(her, at("appointment", complete))
    his = Page.open(him, at("appointment", complete))
    his.press(action=at("appointment-confirm", complete))
    earlier = booked(complete)

    answer = hers.press(action=at("appointment-refuse", complete))

    assert (answer.status_code, booked(complete)) == (409, earlier)
    assert f"Votre partenaire a choisi le {earlier} entre-temps" in text(answer)


def test_waiting_for_an_earlier_date_is_about_the_date_read(
    her: Client, him: Client, complete: Dossier
) -> None:
    choose(her, complete, WEDNESDAY).press()
    page = Page.open(her, at("appointment", complete))
    choose(him, complete, MONDAY).press()

    answer = page.press({"attendre": "1"}, action=at("appointment-earlier", complete))

    assert answer.status_code == 409
    assert Dossier.objects.get(pk=complete.pk).earlier_wanted_since is None


@pytest.mark.parametrize(
    "name", ["appointment-confirm", "appointment-cancel", "appointment-earlier"]
)
@pytest.mark.parametrize("lu", [None, "", "x", "1", "0-0", "-1--1", "9" * 40 + "-1"])
def test_a_form_that_does_not_say_what_was_read_does_nothing(
    her: Client, complete: Dossier, name: str, lu: str | None
) -> None:
    choose(her, complete, MONDAY).press()
    choose(her, complete, WEDNESDAY)

    answer = her.post(at(name, complete), {} if lu is None else {"lu": lu})

    assert (answer.status_code, booked(complete)) == (409, MONDAY_WORDS)


def test_keys_of_another_couple_say_nothing_of_it(
    her: Client, complete: Dossier, charlie: User, agent: User
) -> None:
    mallory = User.objects.create_user("mallory@example.org")
    other = make_complete(make_dossier(charlie, mallory, at=NOW), agent, at=NOW)
    theirs = book_for(other, MONDAY, by=agent, at=NOW)

    answer = her.post(at("appointment-confirm", complete), {"lu": f"{theirs.pk}-{theirs.pk}"})

    assert answer.status_code == 409
    assert MONDAY_WORDS not in text(answer)


@pytest.mark.parametrize(
    ("hers", "his", "told"),
    [
        (True, True, "Vous recevez chacun une confirmation."),
        (True, False, "Vous recevez une confirmation. Prévenez votre partenaire"),
    ],
)
def test_the_confirmation_promises_the_mails_that_leave(
    her: Client, complete: Dossier, hers: bool, his: bool, told: str
) -> None:
    if not his:
        complete.partenaires.filter(position=2).update(
            user=None, invited_email="", contact_email="", door=Door.PAPER.value
        )

    answer = choose(her, complete, MONDAY).press()

    assert told in text(her.get(answer.url))


# The dossier


def test_the_dossier_is_sent_as_it_was_reviewed(
    her: Client, him: Client, open_draft: Dossier
) -> None:
    page = Page.open(her, at("dossier-review", open_draft))
    open_draft.pieces.filter(partenaire=None).update(status=PieceStatus.TO_BRING.value)

    answer = page.press(action=at("dossier-submit", open_draft))

    assert answer.status_code == 409
    assert "Envoyer le dossier à la mairie, tel que vous l’aviez relu." in text(answer)
    assert Dossier.objects.get(pk=open_draft.pk).status == "draft"


def test_what_the_other_does_in_their_own_part_is_neither_told_nor_in_the_way(
    her: Client, open_draft: Dossier
) -> None:
    page = Page.open(her, at("dossier-review", open_draft))
    open_draft.partenaires.filter(position=2).update(phone="+33612345678", needs="un interprète")

    answer = page.press(action=at("dossier-submit", open_draft))

    assert answer.url == at("dossier-sent", open_draft)


def test_sending_twice_shows_the_same_acknowledgement(her: Client, open_draft: Dossier) -> None:
    page = Page.open(her, at("dossier-review", open_draft))

    answers = [page.press(action=at("dossier-submit", open_draft)) for _ in range(2)]

    assert [answer.url for answer in answers] == [at("dossier-sent", open_draft)] * 2
    assert SentMail.objects.filter(kind="acknowledgement").count() == 2


def test_a_new_request_is_read_before_the_dossier_goes_back(
    her: Client, sent: Dossier, agent: User
) -> None:
    desk.request_pieces(
        sent, texts={1: "Votre acte, s’il vous plaît."}, by=agent, at=NOW, version=None
    )
    page = Page.open(her, at("dossier", sent))
    other_page = Page.open(her, at("dossier", sent))
    done = other_page.press(action=at("dossier-resubmit", sent))
    texts = {1: "Il manque la page 2."}
    desk.request_pieces(sent, texts=texts, by=agent, at=NOW, version=None)

    answer = page.press(action=at("dossier-resubmit", sent))

    assert (done.status_code, answer.status_code) == (302, 409)
    assert Dossier.objects.get(pk=sent.pk).status == "pieces_requested"


def test_handing_back_twice_tells_the_mairie_once(her: Client, sent: Dossier, agent: User) -> None:
    desk.request_pieces(
        sent, texts={1: "Votre acte, s’il vous plaît."}, by=agent, at=NOW, version=None
    )
    page = Page.open(her, at("dossier", sent))

    answers = [page.press(action=at("dossier-resubmit", sent)) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert SentMail.objects.filter(kind="answers_received").count() == 2


def test_stopping_asks_again_once_there_is_an_appointment(
    her: Client, him: Client, complete: Dossier
) -> None:
    page = Page.open(her, at("dossier-stop", complete))
    choose(him, complete, MONDAY).press()

    answer = page.press()

    assert (answer.status_code, booked(complete)) == (409, MONDAY_WORDS)
    assert f"Le rendez-vous est le {MONDAY_WORDS}." in text(answer)


def test_one_attests_the_facts_one_has_read(her: Client, him: Client, open_draft: Dossier) -> None:
    open_draft.partenaires.update(attested_at=None, attested_text="", attested_digest="")
    page = Page.open(him, at("partner-attest", open_draft))
    Dossier.objects.filter(pk=open_draft.pk).update(street="12 rue du Marronnier")

    answer = page.press({"attest": "on"})

    assert answer.status_code == 409
    assert "12 rue du Marronnier" in text(answer)
    assert "rue des Lilas" not in text(answer)
    assert person(open_draft, 2).attested_at is None


def test_attesting_twice_attests_once(him: Client, open_draft: Dossier) -> None:
    open_draft.partenaires.update(attested_at=None, attested_text="", attested_digest="")
    SentMail.objects.all().delete()
    page = Page.open(him, at("partner-attest", open_draft))

    answers = [page.press({"attest": "on"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert SentMail.objects.filter(kind="part_completed").count() == 1


def test_a_yes_is_to_the_answers_read(her: Client, him: Client, open_draft: Dossier) -> None:
    page = Page.open(him, at("partner-confirm", open_draft))
    Dossier.objects.filter(pk=open_draft.pk).update(convention="personnalisee")
    Partenaire.objects.filter(position=2).update(common_confirmed_at=None)

    answer = page.press({"agrees": "oui"})

    assert answer.status_code == 409
    assert person(open_draft, 2).common_confirmed_at is None


def test_a_remark_on_answers_that_changed_is_given_back_and_can_still_be_sent(
    him: Client, open_draft: Dossier
) -> None:
    page = Page.open(him, at("partner-confirm", open_draft))
    Dossier.objects.filter(pk=open_draft.pk).update(city="Nîmes")
    remark = {"agrees": "non", "comment": "C’est le 5, pas le 3."}

    changed = page.press(remark)
    kept = Page(him, at("partner-confirm", open_draft), changed).press()

    assert (changed.status_code, kept.status_code) == (409, 302)
    assert "<p>C’est le 5, pas le 3.</p>" in text(changed)
    assert person(open_draft, 2).common_comment == "C’est le 5, pas le 3."


def test_the_door_that_was_read_is_the_one_that_changes(
    reference_data: None, her: Client, alice: User
) -> None:
    dossier = open_dossier(at=NOW, user=alice, couple=COMMON, people=(PERSON, {}))
    first, second = (Page.open(her, at("partner-door", dossier)) for _ in range(2))
    invited = {"door": Door.OWN.value, "email": "noe@example.org"}

    answers = [
        first.press(invited),
        first.press(invited),
        second.press({"door": Door.PAPER.value, "email": ""}),
    ]

    assert [answer.status_code for answer in answers] == [302, 302, 409]
    assert "à l’adresse noe@example.org" in text(answers[2])
    assert person(dossier, 2).invited_email == "noe@example.org"
    assert SentMail.objects.filter(kind="invitation").count() == 1


# Pages of questions

ADDRESS = {"where": "ici", "street_more": "", "postcode": "30700", "city": "Uzès"}
SITUATION = {
    "measure": "aucune",
    "street": "9 place aux Herbes",
    "postcode": "30700",
    "city": "Uzès",
    "country": "FR",
}


def test_an_answer_that_somebody_else_changed_stands_beside_what_was_typed(
    her: Client, open_draft: Dossier
) -> None:
    first, second = (Page.open(her, at("common-step", open_draft, "adresse")) for _ in range(2))
    typed = {**ADDRESS, "street": "5 rue des Lilas"}
    first.press({**typed, "street": "7 rue Xavier-Sigalon"})

    clash = second.press(typed)
    kept = Page(her, second.url, clash).press(typed)

    assert (clash.status_code, kept.status_code) == (409, 302)
    assert 'value="5 rue des Lilas"' in text(clash)
    assert "« 7 rue Xavier-Sigalon »" in text(clash)
    assert Dossier.objects.get(pk=open_draft.pk).street == "5 rue des Lilas"


def test_two_people_who_say_the_same_do_not_clash(her: Client, open_draft: Dossier) -> None:
    first, second = (Page.open(her, at("own-step", open_draft, "situation")) for _ in range(2))

    answers = [page.press({**SITUATION, "situation": "divorce"}) for page in (first, second)]

    assert [answer.status_code for answer in answers] == [302, 302]


def test_a_clash_is_told_in_the_words_of_the_page(her: Client, open_draft: Dossier) -> None:
    Partenaire.objects.filter(position=1).update(nationalities=["FR", "CH"])
    page = Page.open(her, at("own-step", open_draft, "origine"))
    Partenaire.objects.filter(position=1).update(nationalities=["IT"])

    typed = {"birth_country": "FR", "birth_city": "Nîmes", "second": "", "third": ""}
    clash = page.press({**typed, "first": "BE"})

    assert clash.status_code == 409
    assert "« Italie »" in text(clash)


def test_a_mistake_corrected_is_still_compared_with_what_was_read(
    her: Client, open_draft: Dossier
) -> None:
    page = Page.open(her, at("common-step", open_draft, "adresse"))
    Dossier.objects.filter(pk=open_draft.pk).update(city="Arles")
    typed = {**ADDRESS, "street": "3 rue des Lilas"}

    wrong = page.press({**typed, "postcode": "307"})
    right = Page(her, page.url, wrong).press({**typed, "postcode": "30700"})

    assert (wrong.status_code, right.status_code) == (422, 409)


def test_only_a_draft_takes_a_page_of_questions_that_says_nothing(
    her: Client, open_draft: Dossier, agent: User
) -> None:
    address = at("own-step", open_draft, "situation")

    as_draft = her.post(address, {**SITUATION, "situation": "divorce"})
    open_draft.partenaires.filter(position=1).update(situation="celibataire")
    Dossier.objects.filter(pk=open_draft.pk).update(
        status="pieces_requested", submitted_at=NOW, waiting_since=None
    )
    once_sent = her.post(address, {**SITUATION, "situation": "divorce"})

    assert (as_draft.status_code, once_sent.status_code) == (302, 409)


# Pieces


def picture() -> SimpleUploadedFile:
    stream = io.BytesIO()
    Image.effect_noise((900, 600), 80).save(stream, "PNG")
    return SimpleUploadedFile("acte.png", stream.getvalue(), content_type="image/png")


def the_act(dossier: Dossier) -> Piece:
    return dossier.pieces.get(key="1-P11_naissance_fr")


ACT = "1-P11_naissance_fr"


def pieces_page(client: Client, dossier: Dossier) -> Answer:
    return client.get(at("dossier-pieces", dossier))


def test_a_file_answers_whatever_was_said_before_or_with_it(
    her: Client, open_draft: Dossier
) -> None:
    page = pieces_page(her, open_draft)

    answer = answer_pieces(her, page, ACT, choice="to_bring", documents=picture())

    piece = the_act(open_draft)
    assert (answer.status_code, piece.status, piece.files.count()) == (302, "provided", 1)
    assert "« acte.jpg » est envoyé. L’original vient avec vous." in text(her.get(answer.url))


def test_a_file_and_i_cannot_have_it_is_a_question_and_the_file_is_kept(
    her: Client, open_draft: Dossier
) -> None:
    page = pieces_page(her, open_draft)

    asked = answer_pieces(her, page, ACT, choice="blocked", note="Fermé.", documents=picture())
    again = answer_pieces(her, asked, ACT, choice="blocked", note="Fermé.")

    piece = the_act(open_draft)
    assert (asked.status_code, again.status_code) == (422, 302)
    assert "Vous avez choisi un fichier, et répondu" in text(asked)
    assert "« acte.jpg » est envoyé." in text(asked)
    assert (piece.status, piece.files.count()) == ("blocked", 1)


@pytest.mark.parametrize(
    "both",
    [
        {"choice": "to_bring", "note": "Le consulat ne répond pas."},
        {"choice": "blocked", "note": "Le consulat ne répond pas.", "issued_on": "2026-11-02"},
    ],
)
def test_two_answers_at_once_are_asked_about(
    her: Client, open_draft: Dossier, both: dict[str, str]
) -> None:
    answer = answer_pieces(her, pieces_page(her, open_draft), ACT, **both)

    assert answer.status_code == 422
    assert "Le consulat ne répond pas." in text(answer)
    assert the_act(open_draft).citizen_note == ""


def test_a_piece_that_changed_meanwhile_is_shown_with_what_was_typed(
    her: Client, open_draft: Dossier
) -> None:
    page = pieces_page(her, open_draft)
    open_draft.pieces.filter(key=ACT).update(
        status="to_bring", issued_on=datetime(2026, 11, 2, tzinfo=PARIS).date()
    )

    clash = answer_pieces(her, page, ACT, issued_on="2026-11-09", documents=picture())
    kept = answer_pieces(her, clash, ACT, choice="", issued_on="2026-11-09")

    piece = the_act(open_draft)
    assert (clash.status_code, kept.status_code) == (409, 302)
    assert "« 2 novembre 2026 »" in text(clash)
    assert (piece.status, piece.files.count(), str(piece.issued_on)) == (
        "provided",
        1,
        "2026-11-09",
    )


def test_a_piece_of_which_nothing_new_is_said_is_left_alone(
    her: Client, open_draft: Dossier
) -> None:
    page = pieces_page(her, open_draft)
    open_draft.pieces.filter(key=ACT).update(status="blocked", citizen_note="Mairie fermée")

    answer = answer_pieces(her, page, "1-P03_identite", choice="to_bring")

    piece = the_act(open_draft)
    assert (answer.status_code, piece.status) == (302, "blocked")
    assert open_draft.pieces.get(key="1-P03_identite").status == "to_bring"


def test_a_piece_that_the_mairie_refused_meanwhile_is_not_touched(
    her: Client, open_draft: Dossier
) -> None:
    page = pieces_page(her, open_draft)
    open_draft.pieces.filter(key=ACT).update(
        status="refused", refusal_text="Illisible.", decided_at=NOW
    )

    clash = answer_pieces(her, page, ACT, documents=picture())
    replaced = answer_pieces(her, clash, ACT, documents=picture())

    assert (clash.status_code, replaced.status_code) == (409, 302)
    assert "La mairie a répondu entre-temps" in text(clash)
    assert "Illisible." in text(clash)
    assert (the_act(open_draft).status, the_act(open_draft).files.count()) == ("provided", 1)


def test_a_piece_that_the_mairie_accepted_meanwhile_is_not_touched(
    her: Client, open_draft: Dossier
) -> None:
    page = pieces_page(her, open_draft)
    open_draft.pieces.filter(key=ACT).update(status="accepted", decided_at=NOW)

    answer = answer_pieces(her, page, ACT, documents=picture())

    assert "Votre fichier n’est pas gardé" in text(her.get(answer.url))
    assert (the_act(open_draft).status, the_act(open_draft).files.count()) == ("accepted", 0)


def test_a_piece_sent_twice_is_sent_once(her: Client, open_draft: Dossier) -> None:
    page = pieces_page(her, open_draft)
    file = picture().read()

    answers = [
        answer_pieces(
            her,
            page,
            ACT,
            issued_on="2026-11-09",
            documents=SimpleUploadedFile("acte.png", file, content_type="image/png"),
        )
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert the_act(open_draft).files.count() == 1


def test_an_address_and_another_way_in_is_a_question(her: Client, alice: User) -> None:
    dossier = open_dossier(at=NOW, user=alice, couple=COMMON, people=(PERSON, {}))

    answer = press(
        her,
        at("partner-door", dossier),
        {"door": Door.SAME_DEVICE.value, "email": "noe@example.org"},
    )

    assert answer.status_code == 422
    assert person(dossier, 2).door == ""


def test_a_yes_with_a_remark_is_a_question(him: Client, open_draft: Dossier) -> None:
    answer = press(
        him,
        at("partner-confirm", open_draft),
        {"agrees": "oui", "comment": "Sauf le numéro."},
    )

    assert answer.status_code == 422
    assert "Sauf le numéro." in text(answer)


# Taking a file back


def test_a_file_is_taken_back_after_a_question(her: Client, open_draft: Dossier) -> None:
    page = pieces_page(her, open_draft)
    answer_pieces(her, page, ACT, documents=picture())
    stored = the_act(open_draft).files.get()
    address = reverse("pacs:piece-file-remove", args=[open_draft.reference, stored.pk])

    link = f'href="{address}"' in text(pieces_page(her, open_draft))
    question = Page.open(her, address)
    still_there = the_act(open_draft).files.count()
    done = question.press()

    assert (link, "acte.jpg" in question.html) == (True, True)
    assert (still_there, done.status_code, the_act(open_draft).files.count()) == (1, 302, 0)

"""A request for help: what the mairie does, and what it never knows."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from post_office.models import STATUS, Email
from pytest_django import DjangoAssertNumQueries

from demarches.dossiers.refusals import StaleDossier
from demarches.models import User
from demarches.rules.deadlines import DELETION_WARNING
from tests.support.followups import answered, closed, fresh, make_demande
from tests.support.pages import Reader
from vitale.actions import aide
from vitale.actions.upkeep import purge, warn_of_deletion
from vitale.models import (
    AnswerTemplate,
    Demande,
    DemandeEvent,
    DemandeMail,
    DemandeNote,
    DemandeReading,
    Source,
    Tally,
)
from vitale.reads.thread import thread_of
from vitale.reads.tracking import moments
from vitale.rules.situations import Regime

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

NOW = datetime(2027, 3, 15, 9, tzinfo=UTC)
NIR = "2 69 05 49 588 157 80"
FORBIDDEN = (NIR, "FR76 3000 6000 0112 3456 7890 189", "4539 1488 0343 6467")


def later(days: int) -> datetime:
    return NOW + timedelta(days=days)


def codes(demande: Demande) -> list[str]:
    return [event.label for event in fresh(demande).events.order_by("pk")]


def test_a_request_is_answered_and_closed(agent: User) -> None:
    demande = make_demande(email="alice@example.org", at=NOW)
    demande = answered(demande, by=agent, towards="france-services", at=later(1))
    assert demande.status_label == "Orientée vers\u00a0: France services, à Uzès"
    demande = closed(demande, by=agent, at=later(2))

    assert demande.code.value == "close"
    assert demande.assigned_to == agent
    assert [moment.title for moment in moments(demande)] == [
        "Demande d’aide reçue",
        "Un agent s’en occupe",
        "Orientée vers\u00a0: France services, à Uzès",
        "Terminée",
    ]
    assert {moment.state for moment in moments(demande)} == {"done"}
    assert codes(demande) == [
        "Demande d’aide reçue",
        "Un agent s’en occupe",
        "Orientée",
        "Terminée",
    ]


def test_mails_say_that_the_mairie_answers_and_subjects_nothing_more(agent: User) -> None:
    demande = make_demande(email="alice@example.org", at=NOW)
    answered(demande, by=agent, towards="france-services", at=NOW)

    assert list(Email.objects.order_by("pk").values_list("subject", flat=True)) == [
        "Un message de votre mairie",
        "La mairie vous a répondu",
    ]
    received, answer = Email.objects.order_by("pk")
    assert "Venez avec une pièce d’identité." in answer.message
    assert "Bâtiment Alzon" in answer.message
    assert "Mme Roux" not in received.message + answer.message
    assert list(DemandeMail.objects.values_list("kind", flat=True)) == [
        "aide_answered",
        "aide_received",
    ]


def test_whoever_left_a_telephone_gets_no_mail_and_agents_see_it(agent: User) -> None:
    demande = answered(make_demande(at=NOW), by=agent, at=NOW)

    assert Email.objects.count() == 0
    assert {mail.fate for mail in demande.mails.all()} == {"Aucun mail : pas d’adresse connue"}
    assert demande.status_label == "Réponse donnée"


def test_a_double_click_asks_once() -> None:
    first = make_demande(at=NOW)
    again = aide.ask_for_help(
        reason=first.reason,
        regime=Regime.CPAM,
        name="",
        email="",
        phone="+33612345678",
        owner=None,
        form_key=str(first.form_key),
        at=NOW + timedelta(seconds=2),
    )

    assert again == first
    assert (Demande.objects.count(), Tally.objects.get().count) == (1, 1)


@pytest.mark.parametrize("verb", ["take", "answer", "close"])
def test_agents_follow_the_states(agent: User, verb: str) -> None:
    demande = make_demande(at=NOW)
    aide.cancel(demande, by=None, at=NOW)
    version = fresh(demande).version
    calls: dict[str, Any] = {
        "take": lambda: aide.take(demande, by=agent, at=NOW, version=version),
        "answer": lambda: aide.answer(
            demande, text="Oui.", orientation=None, by=agent, at=NOW, version=version
        ),
        "close": lambda: aide.close(demande, by=agent, at=NOW, version=version),
    }

    with pytest.raises(ValidationError):
        calls[verb]()

    assert fresh(demande).code.value == "annulee"
    assert fresh(demande).answer == ""


def test_an_answer_needs_an_agent_first(agent: User) -> None:
    demande = make_demande(at=NOW)

    with pytest.raises(ValidationError):
        aide.answer(
            demande, text="Oui.", orientation=None, by=agent, at=NOW, version=fresh(demande).version
        )

    assert fresh(demande).code.value == "recue"


def test_two_agents_at_once_overwrite_nothing(agent: User, agent_other: User) -> None:
    demande = make_demande(at=NOW)
    seen = fresh(demande).version
    aide.take(demande, by=agent, at=NOW, version=seen)

    with pytest.raises(StaleDossier):
        aide.take(demande, by=agent_other, at=NOW, version=seen)

    assert fresh(demande).assigned_to == agent


@pytest.mark.parametrize("number", FORBIDDEN)
def test_no_private_number_is_stored_by_anybody(agent: User, number: str) -> None:
    demande = make_demande(at=NOW)
    aide.take(demande, by=agent, at=NOW, version=fresh(demande).version)
    text = f"Dossier de la personne : {number}."

    with pytest.raises(ValidationError):
        make_demande(name=text, at=NOW)
    with pytest.raises(ValidationError):
        aide.add_note(demande, body=text, by=agent, at=NOW)
    with pytest.raises(ValidationError):
        aide.answer(
            demande, text=text, orientation=None, by=agent, at=NOW, version=fresh(demande).version
        )

    assert (Demande.objects.count(), DemandeNote.objects.count()) == (1, 0)
    assert fresh(demande).answer == ""


def test_the_database_wants_one_contact() -> None:
    demande = make_demande(at=NOW)

    for changes in ({"phone": ""}, {"email": "alice@example.org"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Demande.objects.filter(pk=demande.pk).update(**changes)


@pytest.mark.parametrize(
    ("end", "days", "gone"),
    [
        ("closed", 91, 0),
        ("closed", 93, 1),
        ("cancelled", 93, 1),
        ("answered", 93, 1),
        ("open", 360, 0),
        ("open", 370, 1),
    ],
)
def test_names_and_contacts_go_three_months_after_the_end_and_counts_stay(
    agent: User, end: str, days: int, gone: int
) -> None:
    demande = make_demande(email="alice@example.org", at=NOW)
    if end == "cancelled":
        aide.cancel(demande, by=None, at=NOW)
    elif end != "open":
        demande = answered(demande, by=agent, at=NOW)
        if end == "closed":
            closed(demande, by=agent, at=NOW)
    aide.add_note(demande, body="Rappelée.", by=agent, at=NOW)
    aide.note_readings(agent, "demande", at=NOW, demandes=[demande])
    before = Tally.objects.count()

    assert purge(at=later(days)).demandes == 0  # nothing goes in silence
    assert warn_of_deletion(at=later(days) - DELETION_WARNING) == gone
    assert purge(at=later(days), dry_run=True).demandes == gone
    assert Demande.objects.count() == 1
    assert purge(at=later(days)).demandes == gone

    left = 1 - gone
    assert Demande.objects.count() == left
    for model in (DemandeEvent, DemandeNote, DemandeReading, DemandeMail, Email):
        assert (model.objects.count() > 0) == bool(left)
    assert Tally.objects.count() == before


# Whoever asks


def form_of(client: Client, **changes: str) -> dict[str, str]:
    page = client.get(reverse("vitale:aide-start")).content.decode()
    key = re.search(r'name="form_key" value="([a-z]{32})"', page)
    assert key
    return {
        "reason": "compte",
        "regime": "cpam",
        "name": "Mme Roux",
        "email": "",
        "phone": "06 12 34 56 78",
        "form_key": key[1],
        **changes,
    }


def send(client: Client, **changes: str) -> Any:
    return client.post(reverse("vitale:aide-start"), form_of(client, **changes))


def test_asking_leads_to_the_timeline(client: Client) -> None:
    response = send(client)

    demande = Demande.objects.get()
    assert response["Location"] == demande.get_absolute_url()
    page = client.get(response["Location"]).content.decode()
    assert "Demande d’aide reçue" in page
    assert "06 12 34 56 78" in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": ""}, "Donnez une adresse e-mail, ou un téléphone plus bas."),
        ({"email": "a@example.org"}, "Un seul moyen suffit"),
        ({"phone": "0612"}, "Il manque des chiffres à ce numéro."),
        ({"phone": "", "email": "alice"}, "Il manque le signe «\u00a0@\u00a0» dans cette adresse."),
        ({"reason": "nimporte"}, "Choisissez ce qui vous ressemble le plus."),
        ({"regime": ""}, "Choisissez votre caisse"),
        ({"name": "x" * 5000}, "100 signes au plus"),
        ({"name": "Roux\x00"}, "Un signe invisible"),
    ],
)
def test_a_refusal_says_what_to_do_and_keeps_what_was_typed(
    client: Client, changes: dict[str, str], words: str
) -> None:
    response = send(client, **changes)

    assert response.status_code == 422
    page = response.content.decode().replace("&nbsp;", " ")
    assert words in page
    assert 'value="compte"' in page
    assert Demande.objects.count() == 0


@pytest.mark.parametrize("field", ["name", "phone", "email"])
@pytest.mark.parametrize("number", FORBIDDEN)
def test_a_private_number_is_refused_and_stays_in_its_box_only(
    client: Client, caplog: pytest.LogCaptureFixture, field: str, number: str
) -> None:
    response = send(client, **{field: number})

    page = response.content.decode()
    assert response.status_code == 422
    assert "ne peut pas le garder" in page
    # In its box, to be corrected; nowhere else.
    assert page.count(number) == 1
    assert number not in caplog.text
    assert Demande.objects.count() == 0


def test_the_form_takes_no_file_and_no_free_text(client: Client) -> None:
    page = client.get(reverse("vitale:aide-start")).content.decode()

    assert 'type="file"' not in page
    assert "<textarea" not in page
    assert "multipart" not in page


def test_an_address_proved_by_signing_in_opens_the_request(
    client: Client, alice: User, charlie: User
) -> None:
    demande = make_demande(email="Alice@example.org", at=NOW)

    statuses = []
    for user in (alice, charlie):
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        statuses.append(client.get(demande.get_absolute_url()).status_code)
        listed = client.get(reverse("demarches:account")).content.decode()
        assert (demande.reference in listed) == (user == alice)

    assert statuses == [200, 302]


def test_cancelling_twice_is_cancelling_once(db: None) -> None:
    client = Reader()
    send(client)
    demande = Demande.objects.get()
    url = reverse("vitale:aide-cancel", args=[demande.reference])

    for _ in range(2):
        assert "est annulée." in client.post(url, follow=True).content.decode()

    assert codes(demande) == ["Demande d’aide reçue", "Annulée"]


def test_an_answered_request_is_not_cancelled(agent: User) -> None:
    client = Reader()
    send(client)
    demande = answered(Demande.objects.get(), by=agent, at=NOW)
    url = reverse("vitale:aide-cancel", args=[demande.reference])

    page = client.post(url, follow=True).content.decode()

    assert "la demande est à l’état" in page
    assert fresh(demande).code.value == "repondue"


def test_asking_has_a_limit(client: Client, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "vitale_create": (2, 3600)}

    statuses = [send(client).status_code for _ in range(3)]

    assert statuses == [302, 302, 429]
    assert Demande.objects.count() == 2


# The desk


@pytest.fixture
def desk(client: Client, agent: User) -> Client:
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    return client


def press(desk: Client, demande: Demande, verb: str, *, query: str = "", **data: Any) -> Any:
    url = reverse("admin:vitale_demande_act", args=[demande.pk, verb]) + query
    return desk.post(url, {"version": fresh(demande).version, **data})


def test_the_desk_takes_answers_and_closes(desk: Client, agent: User) -> None:
    demande = make_demande(at=NOW)

    press(desk, demande, "prendre")
    press(desk, demande, "noter", text="À rappeler demain.")
    press(desk, demande, "repondre", text="Allez à la MSA.", contact="msa")
    press(desk, demande, "clore")

    after = fresh(demande)
    assert (after.code.value, after.answer, after.orientation_id) == (
        "close",
        "Allez à la MSA.",
        "msa",
    )
    page = desk.get(reverse("admin:vitale_demande_change", args=[demande.pk])).content.decode()
    assert "À rappeler demain." in page
    assert DemandeReading.objects.get().agent == agent


def test_a_pile_is_worked_through_without_coming_back_to_the_list(
    desk: Client, client_of: Callable[[User | None], Client]
) -> None:
    """What a colleague has open is passed over; a button keeps the pile; its end is said."""
    rows = [make_demande(at=NOW + timedelta(minutes=number)) for number in range(3)]
    start = reverse("admin:vitale_demande_next", args=["recues"])
    pages = [reverse("admin:vitale_demande_change", args=[one.pk]) for one in rows]
    colleague = User.objects.create_user("lou@mairie.example", full_name="Lou Bru", is_staff=True)
    colleague.groups.add(Group.objects.get(name="instructeur"))
    client_of(colleague).get(pages[1])

    first = desk.get(start)["Location"]
    page = desk.get(first).content.decode()
    second = desk.get(f"{start}?apres={rows[0].pk}")["Location"]
    taken = press(desk, rows[0], "prendre", query="?pile=recues")
    desk.get(pages[2])
    press(desk, rows[2], "prendre")
    over = desk.get(f"{start}?apres={rows[2].pk}", follow=True).content.decode()

    assert (first, second) == (f"{pages[0]}?pile=recues", f"{pages[2]}?pile=recues")
    assert "Demandes d’aide reçues, 1 sur 3" in page
    assert f'href="{start}?apres={rows[0].pk}"' in page
    assert taken["Location"] == first
    assert "Pile finie : Demandes d’aide reçues." in over
    assert "Lou Bru regarde aussi cette demande." in desk.get(pages[1]).content.decode()
    assert desk.get(reverse("admin:vitale_demande_next", args=["inconnue"])).status_code == 404


def test_what_was_said_is_one_thread(agent: User) -> None:
    """The oldest first, each with its reader and its fate; a note has no reader."""
    mailed = make_demande(email="lea@example.org", at=NOW)
    phoned = make_demande(name="", at=NOW)
    aide.add_note(mailed, body="À rappeler.", by=agent, at=NOW + timedelta(hours=1))
    for one in (mailed, phoned):
        answered(one, by=agent, towards="msa", at=NOW + timedelta(hours=2))
    Email.objects.filter(to=["lea@example.org"]).update(status=STATUS.failed)

    def lines(demande: Demande) -> list[tuple[str, str, str]]:
        events = demande.events.select_related("by")
        return [(one.kind, one.who, one.to) for one in thread_of(fresh(demande), events)]

    portal, help_msa = "Le portail", fresh(mailed).orientation
    assert lines(mailed) == [
        ("Demande", "Mme Roux", "la mairie"),
        ("Mail", portal, "Mme Roux"),
        ("Note", str(agent), ""),
        ("Réponse", str(agent), "Mme Roux"),
        ("Mail", portal, "Mme Roux"),
    ]
    said = thread_of(fresh(mailed), mailed.events.select_related("by"))
    assert [bool(one.failed_mail) for one in said] == [False, True, False, False, True]
    assert said[3].text == "Venez avec une pièce d’identité."
    assert said[3].fate == f"oriente vers {help_msa.name if help_msa else ''}"
    assert [kind for kind, _, to in lines(phoned) if to == "la personne"] == [
        "Mail",
        "Réponse",
        "Mail",
    ]
    calls = [one.to_call for one in thread_of(fresh(phoned), phoned.events.all())]
    assert [one for one in calls if one] == ["06 12 34 56 78"] * 2


def test_a_text_refused_on_an_old_page_says_first_that_the_page_is_old(desk: Client) -> None:
    demande = make_demande(at=NOW)
    press(desk, demande, "prendre")

    stale = desk.post(
        reverse("admin:vitale_demande_act", args=[demande.pk, "repondre"]),
        {"version": 1, "text": "", "contact": "msa"},
    )
    html = stale.content.decode()

    assert stale.status_code == 409
    assert html.index(aide.CHANGED) < html.index("Écrivez la réponse")
    assert '<option value="msa" selected>' in html


def test_a_refused_answer_keeps_what_was_written(desk: Client) -> None:
    demande = make_demande(at=NOW)
    press(desk, demande, "prendre")

    stale = desk.post(
        reverse("admin:vitale_demande_act", args=[demande.pk, "repondre"]),
        {"version": 1, "text": "Mon long texte."},
    )
    private = press(desk, demande, "repondre", text=f"Son numéro : {NIR}")

    assert (stale.status_code, private.status_code) == (409, 422)
    assert "Mon long texte." in stale.content.decode()
    assert f">Son numéro : {NIR}</textarea>" in private.content.decode()
    assert fresh(demande).answer == ""


@pytest.mark.parametrize(
    ("verb", "data"),
    [("voler", {}), ("repondre", {"text": "x", "contact": "cnarefe"})],
)
def test_a_button_that_does_not_exist_is_a_404(
    desk: Client, verb: str, data: dict[str, str]
) -> None:
    demande = make_demande(at=NOW)
    press(desk, demande, "prendre")

    assert press(desk, demande, verb, **data).status_code == 404


def test_the_desk_is_for_agents_with_the_right(
    client: Client, agent_other: User, charlie: User
) -> None:
    demande = make_demande(at=NOW)
    urls = [
        reverse("admin:vitale_demande_changelist"),
        reverse("admin:vitale_demande_change", args=[demande.pk]),
        reverse("admin:vitale_demande_act", args=[demande.pk, "prendre"]),
    ]

    client.force_login(agent_other, backend="django.contrib.auth.backends.ModelBackend")
    assert [client.get(url).status_code for url in urls] == [403, 403, 403]
    client.force_login(charlie, backend="django.contrib.auth.backends.ModelBackend")
    assert [client.get(url).status_code for url in urls] == [302, 302, 302]
    assert DemandeReading.objects.count() == 0


def test_requests_are_found_by_reference_and_name(desk: Client) -> None:
    one, _ = make_demande(name="Mme Roux", at=NOW), make_demande(name="M. Blanc", at=NOW)
    url = reverse("admin:vitale_demande_changelist")

    for term in ("roux", one.reference.replace("-", " ")):
        assert list(desk.get(url, {"q": term}).context["cl"].queryset) == [one]


def test_the_piles_of_the_home_page(desk: Client) -> None:
    demande = make_demande(at=NOW)

    def counts() -> dict[str, int]:
        piles = desk.get(reverse("admin:index")).context["piles"]
        return {pile.title: pile.count for pile in piles}

    assert counts()["Demandes d’aide reçues"] == 1
    press(desk, demande, "prendre")
    assert (counts()["Demandes d’aide reçues"], counts()["Demandes d’aide en cours"]) == (0, 1)
    assert counts()["Demandes d’aide que je suis"] == 1


def test_the_list_asks_as_many_queries_for_three_as_for_one(
    desk: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    url = reverse("admin:vitale_demande_changelist")
    make_demande(at=NOW)
    desk.get(url)
    with django_assert_num_queries(11):
        desk.get(url)
    make_demande(at=NOW)
    make_demande(at=NOW)

    with django_assert_num_queries(11):
        desk.get(url)


def test_templates_hold_no_private_number(client: Client, agent_other: User) -> None:
    client.force_login(agent_other, backend="django.contrib.auth.backends.ModelBackend")
    template = AnswerTemplate.objects.get(pk="cpam")
    url = reverse("admin:vitale_answertemplate_change", args=[template.pk])

    page = client.post(
        url, {"slug": "cpam", "label": "CPAM", "body": f"Notez {NIR}", "orientation": "3646"}
    ).content.decode()

    assert "ressemble à un numéro de sécurité sociale" in page
    assert f"Notez {NIR}</textarea>" in page
    assert NIR not in AnswerTemplate.objects.get(pk="cpam").body


def test_small_counts_are_hidden(desk: Client) -> None:
    for _ in range(6):
        make_demande(at=datetime.now(UTC))
    make_demande(reason="fraude", at=datetime.now(UTC))

    tables = desk.get(reverse("admin:vitale_demande_counts")).context["tables"]

    shown = {table.title: dict(table.rows) for table in tables}
    assert shown["Demandes d’aide, par caisse"] == {"La CPAM (compte ameli)": "7"}
    assert set(shown["Demandes d’aide, par sujet"].values()) == {"moins de 5, ou caché"}


# The sources of the guide (check 5 of section 10)


def test_a_source_newer_than_its_reading_is_a_task_and_the_page_stays(
    client: Client, agent_other: User
) -> None:
    client.force_login(agent_other, backend="django.contrib.auth.backends.ModelBackend")

    def pile() -> Any:
        found = client.get(reverse("admin:index")).context["piles"]
        return next(one for one in found if "la source a changé" in one.title)

    assert pile().count == 0
    Source.objects.filter(pk="f265").update(published_on=date(2027, 1, 1))

    assert pile().count > 50
    listed = client.get(pile().url)
    assert listed.status_code == 200
    assert listed.context["cl"].queryset.count() > 0
    page = client.get(
        reverse("vitale:plan"), {"caisse": "cpam", "situation": "perte", "voie": "en-ligne"}
    ).content.decode()
    # What was read is still what is told, with its date.
    assert "d’après le texte du 18\u00a0novembre 2025" in page
    assert "2027" not in page

"""Each of the two is asked for their own part, and reads nothing of the other's."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.models import User
from pacs.actions import appointments, desk
from pacs.actions.dossiers import resubmit_dossier
from pacs.actions.refusals import ActionRefused
from pacs.models import (
    Correction,
    Dossier,
    InformationRequest,
    Message,
    MessageTemplate,
    Partenaire,
    Piece,
)
from pacs.reads.desk import desk_pieces, missing_text
from tests.support.dossiers import OTHER, PERSON, bring_everything, make_dossier, send
from tests.support.forms import answer

#: Of the second alone: a measure of protection, a refugee status, a divorce to prove.
SECRETIVE: dict[str, Any] = {
    **OTHER,
    "measure": "tutelle",
    "protection": "refugie",
    "birth_country": "AF",
    "nationalities": ["AF"],
    "situation": "divorce",
    "divorce_mentioned": "non",
    "union_record_country": "FR",
    "country_updates_records": "oui",
    "country_issues_coutume": "oui",
    "birth_record_in_french": "oui",
    "coutume_in_french": "oui",
}
OFPRA = "Certificat tenant lieu d’acte de naissance délivré par l’Ofpra"


@pytest.fixture
def asked(reference_data: None, alice: User, bob: User) -> Dossier:
    """Sent, with every piece of both to provide."""
    return send(make_dossier(alice, bob, people=(PERSON, SECRETIVE)))


def ask(dossier: Dossier, agent: User, **texts: Any) -> None:
    desk.request_pieces(
        dossier,
        texts={int(name[1]): text for name, text in texts.items() if name[0] == "p"},
        questions={int(name[1]): text for name, text in texts.items() if name[0] == "q"},
        by=agent,
        at=timezone.now(),
        version=None,
    )


def home(dossier: Dossier, client: Client) -> str:
    return client.get(dossier.get_absolute_url()).content.decode()


def test_what_is_missing_is_listed_for_its_reader(asked: Dossier) -> None:
    first, second = asked.people
    rows = desk_pieces(asked, at=timezone.now())

    assert OFPRA not in missing_text(rows, first)
    assert OFPRA in missing_text(rows, second)
    assert "Convention de Pacs" in missing_text(rows, first)
    assert "Convention de Pacs" in missing_text(rows, second)


def test_a_request_to_one_is_read_and_mailed_to_that_one_alone(
    asked: Dossier,
    agent: User,
    alice: User,
    bob: User,
    client_of: Callable[[User | None], Client],
) -> None:
    Email.objects.all().delete()

    ask(asked, agent, p2=f"{OFPRA} : à fournir.")

    assert [m.to for m in Email.objects.all()] == [[bob.email]]
    assert "Ofpra" not in Email.objects.get().message
    his, hers = home(asked, client_of(bob)), home(asked, client_of(alice))
    assert f"{OFPRA} : à fournir." in his
    assert "Rien ne vous est demandé" in hers
    assert OFPRA not in hers
    assert asked.events.get(transition="request_pieces").reason == "Demandé à Noé d’Almeida-Ünal"


def test_both_get_each_their_own_part(
    asked: Dossier,
    agent: User,
    alice: User,
    bob: User,
    client_of: Callable[[User | None], Client],
) -> None:
    ask(asked, agent, p1="Votre photo est floue.", p2="Il manque le jugement.")

    his, hers = home(asked, client_of(bob)), home(asked, client_of(alice))
    assert ("Votre photo est floue." in hers, "Il manque le jugement." in hers) == (True, False)
    assert ("Votre photo est floue." in his, "Il manque le jugement." in his) == (False, True)


def test_a_questioned_answer_is_one_click_away(
    asked: Dossier,
    agent: User,
    alice: User,
    bob: User,
    client_of: Callable[[User | None], Client],
) -> None:
    ask(asked, agent, p1="Relisez.", q1="commun/adresse", p2="Votre nom diffère.", q2="moi/acte")

    reference = asked.reference
    assert reverse("pacs:common-step", args=[reference, "adresse"]) in home(asked, client_of(alice))
    his = home(asked, client_of(bob))
    assert f'{reverse("pacs:own-step", args=[reference, "acte"])}">Corriger cette réponse' in his


def test_the_second_lands_on_the_shared_answers_they_read(
    asked: Dossier, agent: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    ask(asked, agent, p2="Relisez l’adresse.", q2="commun/adresse")

    url = reverse("pacs:partner-confirm", args=[asked.reference])
    assert f'{url}">Corriger cette réponse' in home(asked, client_of(bob))


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        ({}, "Écrivez à l’un des deux au moins ce qui manque."),
        ({"p1": "Relisez.", "q1": "moi/protection"}, "Cette question n’est pas posée à"),
        ({"p1": "Relisez.", "q1": "ailleurs/nom"}, "Cette question n’est pas posée à"),
        ({"p1": "Relisez.", "q2": "moi/acte"}, "Écrivez aussi, sous la réponse choisie"),
        ({"p1": "Votre partenaire est sous tutelle."}, "« tutelle » ne concerne que Noé"),
        ({"p1": "Il nous manque le certificat de l’OFPRA"}, "« ofpra » ne concerne que Noé"),
        ({"p1": "x" * 4001}, "Ce texte dépasse 4000 signes"),
    ],
)
def test_a_request_that_says_too_much_or_too_little_is_refused(
    texts: dict[str, str], reason: str, asked: Dossier, agent: User
) -> None:
    with pytest.raises(ActionRefused) as refused:
        ask(asked, agent, **texts)

    assert refused.value.messages[0].startswith(reason)
    assert Dossier.objects.get().status == "submitted"
    assert InformationRequest.objects.count() == 0


def test_asking_anew_or_sending_back_closes_what_was_asked(
    asked: Dossier, agent: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    ask(asked, agent, p2="Le jugement, s’il vous plaît.")
    resubmit_dossier(asked.people[1], at=timezone.now(), by=bob)
    ask(asked, agent, p1="Votre photo est floue.")

    assert [row.closed_at is None for row in InformationRequest.objects.all()] == [False, True]
    assert "Le jugement" not in home(asked, client_of(bob))


def send_back(client: Client, dossier: Dossier) -> Any:
    """Press « J’ai tout complété » as the page stands now."""
    url = reverse("pacs:dossier-resubmit", args=[dossier.reference])
    data = {"lu": client.get(dossier.get_absolute_url()).context["lu"]}
    told = client.post(url, data, follow=True)
    assert told.status_code == 200
    # A second click is the same one.
    assert client.post(url, data, follow=True).status_code == 200
    return told.content.decode()


@pytest.mark.parametrize("first", ["alice", "bob"])
def test_each_answers_for_oneself_and_the_last_one_hands_it_back(
    asked: Dossier,
    agent: User,
    alice: User,
    bob: User,
    first: str,
    client_of: Callable[[User | None], Client],
) -> None:
    ask(asked, agent, p1="Votre photo est floue.", p2="Corrigez votre nom.")
    clients = [client_of(alice), client_of(bob)]
    one, other = clients if first == "alice" else clients[::-1]
    answer(other, reverse("pacs:own-step", args=[asked.reference, "acte"]), birth_name="Zyxw")
    Email.objects.all().delete()

    told = send_back(one, asked)

    assert "quand votre partenaire aura répondu aussi" in told
    assert "La mairie attend une réponse de votre partenaire" in told
    assert Dossier.objects.get().status == "pieces_requested"
    assert InformationRequest.objects.filter(closed_at=None).count() == 1
    assert (Correction.objects.get().status, Email.objects.count()) == ("draft", 0)
    page = home(asked, other)
    assert "C’est à vous" in page
    assert "aussi une demande" not in page

    told = send_back(other, asked)

    assert "Vos compléments sont partis" in told
    assert Dossier.objects.get().status == "under_review"
    assert not InformationRequest.objects.filter(closed_at=None).exists()
    assert (Correction.objects.get().status, Email.objects.count()) == ("sent", 2)


def test_the_page_says_that_the_other_is_asked_too(
    asked: Dossier, agent: User, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    ask(asked, agent, p1="Votre photo est floue.", p2="Corrigez votre nom.")

    page = home(asked, client_of(alice))

    assert "Votre partenaire a aussi une demande de la mairie." in page
    assert "Corrigez votre nom." not in page


def test_whoever_is_asked_nothing_hands_nothing_back(
    asked: Dossier, agent: User, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    ask(asked, agent, p2="Corrigez votre nom.")

    send_back(client_of(alice), asked)

    assert InformationRequest.objects.filter(closed_at=None).count() == 1
    assert Dossier.objects.get().status == "pieces_requested"


def test_one_answers_for_whoever_takes_part_on_paper(
    asked: Dossier, agent: User, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    ask(asked, agent, p1="Votre photo est floue.", p2="Corrigez votre nom.")
    asked.partenaires.filter(position=2).update(door="paper", user=None)

    send_back(client_of(alice), asked)

    assert Dossier.objects.get().status == "under_review"
    assert not InformationRequest.objects.filter(closed_at=None).exists()


def test_ones_own_obstacle_is_told_before_the_other_answers(
    asked: Dossier, agent: User, alice: User, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    """A piece of theirs refused and not replaced: they could not come back to it after."""
    bring_everything(asked)
    piece = asked.pieces.select_related("dossier", "partenaire").get(key="1-P03_identite")
    desk.refuse_piece(
        piece, code="", text="La photo est floue.", by=agent, at=timezone.now(), version=None
    )
    ask(asked, agent, p1="Votre photo est floue.", p2="Corrigez votre nom.")

    send_back(client_of(alice), asked)

    assert InformationRequest.objects.filter(closed_at=None).count() == 2
    send_back(client_of(bob), asked)
    assert InformationRequest.objects.get(closed_at=None).partenaire.position == 1


def test_a_request_of_before_stays_with_the_agents(
    asked: Dossier,
    agent: User,
    alice: User,
    now: datetime,
    client_of: Callable[[User | None], Client],
) -> None:
    """Its one text was for both, and named the pieces of each."""
    asked.request_pieces(by=agent, at=now, reason=f"{OFPRA} : à fournir.")

    page = home(asked, client_of(alice))

    assert "C’est à vous" in page
    assert "renvoyer le dossier" in page
    assert OFPRA not in page


# Messages


def test_a_model_with_the_missing_pieces_becomes_a_message_for_each(
    asked: Dossier, agent: User, alice: User, bob: User
) -> None:
    body = MessageTemplate.objects.get(pk="complements").body
    Email.objects.all().delete()

    desk.write_to_couple(asked, body=body, private_to=None, by=agent, at=timezone.now())

    first, second = asked.people
    by_reader = {one.private_to: one.body for one in Message.objects.all()}
    assert set(by_reader) == {first, second}
    assert OFPRA in by_reader[second]
    assert OFPRA not in by_reader[first]
    assert "{{" not in "".join(by_reader.values())
    mails = Email.objects.all()
    assert sorted(m.to[0] for m in mails) == [alice.email, bob.email]
    assert not [m for m in mails if OFPRA in m.message]


def test_a_model_says_so_when_nothing_is_missing(asked: Dossier, agent: User) -> None:
    first, _ = asked.people
    Piece.objects.filter(dossier=asked).exclude(partenaire__position=2).update(status="to_bring")

    desk.write_to_couple(
        asked,
        body="Il manque : {{pieces_manquantes}}",
        private_to=first,
        by=agent,
        at=timezone.now(),
    )

    assert Message.objects.get().body == "Il manque : – rien de votre côté."


@pytest.mark.parametrize(
    "body",
    [
        "La preuve que votre tuteur vous a assisté manque.",
        "Il faut la preuve du divorce.",
        "Merci d’apporter le certificat tenant lieu d’acte de naissance.",
        "Vous habitez bien 17 chemin privé ?",
        "Le statut de réfugié change les pièces.",
    ],
)
def test_a_message_to_both_that_names_what_is_one_s_own_is_refused(
    body: str, asked: Dossier, agent: User
) -> None:
    with pytest.raises(ActionRefused) as refused:
        desk.write_to_couple(asked, body=body, private_to=None, by=agent, at=timezone.now())
    desk.write_to_couple(asked, body=body, private_to=asked.people[1], by=agent, at=timezone.now())

    assert "choisissez un nom sous « Pour »" in refused.value.messages[0]
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        "Apportez chacun votre pièce d’identité et votre acte de naissance.",
        "Bonjour Camille, bonjour Noé : votre dossier avance.",
        "Le Pacs se conclut au 3 rue des Lilas.",
    ],
)
def test_what_concerns_both_is_written_to_both(body: str, asked: Dossier, agent: User) -> None:
    desk.write_to_couple(asked, body=body, private_to=None, by=agent, at=timezone.now())

    assert Message.objects.get().body == body


def test_other_texts_that_both_read_are_held_to_the_same(
    asked: Dossier, agent: User, now: datetime
) -> None:
    convention = asked.pieces.select_related("dossier").get(rule_id="P02_convention")

    with pytest.raises(ActionRefused):
        desk.refuse_piece(
            convention,
            code="",
            text="Votre tuteur doit signer.",
            by=agent,
            at=now,
            version=None,
        )
    with pytest.raises(ActionRefused):
        appointments.cancel_for(
            asked, reason="La tutelle est à vérifier.", by=agent, at=now, version=None
        )


# The desk


def test_the_desk_proposes_each_one_s_pieces_and_loses_nothing_typed(
    asked: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    client = client_of(agent)
    page = client.get(reverse("admin:pacs_dossier_change", args=[asked.pk])).content.decode()
    url = reverse("admin:pacs_dossier_act", args=[asked.pk, "demander"])
    version = Dossier.objects.get().version

    typed = {"text_1": "Relisez la tutelle.", "question_1": "moi/acte", "text_2": "Le jugement."}
    refused = client.post(url, {**typed, "version": version})
    done = client.post(
        url, {**typed, "text_1": "Relisez votre nom.", "version": version}, follow=True
    )

    first, second = page.index('name="text_1"'), page.index('name="text_2"')
    assert OFPRA not in page[first:second]
    assert OFPRA in page[second:]
    again = refused.content.decode()
    assert refused.status_code == 422
    for kept in ("Relisez la tutelle.", "Le jugement.", '<option value="moi/acte" selected>'):
        assert kept in again
    assert "reçoit un mail" in done.content.decode()
    assert [(r.partenaire.position, r.question) for r in InformationRequest.objects.all()] == [
        (1, "moi/acte"),
        (2, ""),
    ]


def test_the_desk_says_whom_to_call_when_no_mail_can_leave(
    asked: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    Partenaire.objects.filter(position=2).update(
        user=None, contact_email="", invited_email="", phone="+33611223344"
    )
    url = reverse("admin:pacs_dossier_act", args=[asked.pk, "ecrire"])

    client = client_of(agent)
    read = client.get(reverse("admin:pacs_dossier_exchanges", args=[asked.pk])).context["place"]

    data = {"body": "Bonjour.", "private_to": "", "lu": read}
    done = client.post(url, data, follow=True)

    page = done.content.decode()
    assert "Camille Anne Lemoine reçoit un mail." in page
    assert "appelez cette personne au 06 11 22 33 44." in page


def test_a_decision_that_must_name_what_is_one_s_own_is_confirmed_first(
    asked: Dossier, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    """The decision is motivated (décret 2006-1806), and both read it: the agent is warned."""
    client = client_of(agent)
    url = reverse("admin:pacs_dossier_end", args=[asked.pk, "irrecevable"])
    typed = {"reason": "La tutelle ne suffit pas à l’expliquer.", "version": asked.version}

    warned = client.post(url, typed)
    confirmed = client.post(url, {**typed, "names_one": "on"})

    page = warned.content.decode()
    assert (warned.status_code, confirmed.status_code) == (422, 302)
    assert "Les deux liront ce motif" in page
    assert str(typed["reason"]) in page
    assert Dossier.objects.get().inadmissible_ground == typed["reason"]

"""What one partenaire never reads of the other: a marker in every private field, after each act.

The fields are those that the table of `pacs.rules.privacy` says are private, so that a new one
is asked for by itself; the pages are the whole URLconf of a dossier, so that a new one is
searched by itself.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse
from post_office.models import Email

from demarches.mail.emails import mail_text
from demarches.models import RateCounter, User
from demarches.rules.enums import PieceStatus
from pacs.actions import appointments, desk
from pacs.actions.corrections import decline_correction, send_corrections
from pacs.actions.dossiers import (
    record_answers,
    resubmit_dossier,
    stop_dossier,
    write_message,
)
from pacs.actions.endings import end_dossier
from pacs.actions.pieces import add_file, answer_piece
from pacs.models import Correction, Dossier, Partenaire
from pacs.models.completeness import COMMON, OWN
from pacs.models.gate import points_to_decide
from pacs.pages.steps import OWN_STEPS
from pacs.rules import privacy
from pacs.rules.eligibility import OUTCOME_TYPES
from pacs.views.documents import PAPERS
from tests.support.dossiers import OTHER, PERSON, bring_everything, make_dossier, send
from tests.support.files import png
from tests.support.forms import as_shown
from tests.support.pdf import text_of

#: A Monday.
NOW = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Paris"))
FIRST_SLOT = datetime(2026, 12, 8, 8, tzinfo=ZoneInfo("Europe/Paris"))
#: When the foreign papers leave the mairie the time to be ready.
LATER_SLOT = datetime(2026, 12, 29, 8, tzinfo=ZoneInfo("Europe/Paris"))

#: Every private column of the second partenaire, with a value found nowhere else.
CANARIES: dict[str, Any] = {
    "street": "17 allée Zyxw-Rue",
    "street_more": "Bâtiment Zyxw-More",
    "city": "Zyxw-Ville",
    "postcode": "99871",
    "country": "IS",
    "contact_email": "zyxw-contact@example.org",
    "phone": "+33699876543",
    "texts_agreed_at": datetime(2001, 2, 3, 9, tzinfo=UTC),
    "needs": "Zyxw-Besoin",
    "birth_insee": "99398",
    "measure": "tutelle",
    "protector_is_partenaire": False,
    "protection": "refugie",
    "has_french_record": "non",
    "divorce_mentioned": "non",
    "union_record_country": "MT",
    "union_record_in_french": "non",
    "country_updates_records": "oui",
    "country_issues_coutume": "oui",
    "birth_record_in_french": "oui",
    "coutume_in_french": "oui",
    "civil_status_changed": True,
    "lives_here": "non",
}
#: Written by the actions: the account, what an attestation keeps, which answers the other gave.
BY_ACTIONS = {"user", "attested_text", "attested_facts", "attested_on_paper", "said_by_other"}
#: What these answers make of the rest: pieces of a refugee, of a tutelle, of a divorce.
SITUATION: dict[str, Any] = {
    "birth_country": "AF",
    "birth_city": "Hérat",
    "nationalities": ["AF"],
    "situation": "divorce",
}
MARKERS = (
    *("03/02/2001", "2001-02-03", "3\u00a0février 2001"),
    *("Zyxw", "zyxw", "99871", "0699876543", "06 99 87 65 43", "699876543", "99398"),
    "bob@example.org",
)
#: As pieces, outcomes and choices name the private situation.
WORDS = (
    *("tutelle", "tuteur", "réfugié", "Ofpra", "Preuve du divorce", "Traduction"),
    *("décision du juge", "non-Pacs", "Islande", "Malte"),
)
#: Pages whose words are the same for everybody: the questions with all their choices, the
#: explanations by code, the blank part on paper. Markers are looked for there too.
SAME_FOR_ALL = ("/moi/", "/commun/", "/impossible/", "/partie-papier.pdf")


def test_every_private_column_holds_a_canary() -> None:
    private = set(privacy.secret_columns("Partenaire"))

    assert private == set(CANARIES) | BY_ACTIONS


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def secretive(reference_data: None, alice: User, bob: User) -> Dossier:
    """A draft whose second partenaire has a secret in every private field."""
    people = (PERSON, {**OTHER, **SITUATION, **CANARIES})
    dossier = make_dossier(alice, bob, at=NOW, people=people)
    second = Partenaire.objects.select_related("dossier").get(dossier=dossier, position=2)
    write_message(second, body="Zyxw-Message", private=True, form_key="k1", at=NOW)
    identity = dossier.pieces.select_related("dossier").get(key="2-P03_identite")
    picture = SimpleUploadedFile("Zyxw.png", png(), content_type="image/png")
    answer_piece(identity, declared=None, expires_on=date(2031, 1, 1), at=NOW)
    add_file(identity, picture, "Zyxw.png", partenaire=second, at=NOW)
    bring_everything(dossier, at=NOW)
    return dossier


# Everything one person can open


def of_a_dossier() -> list[URLPattern]:
    """Every address with the reference of a dossier, the new ones too."""
    _, resolver = get_resolver().namespace_dict["pacs"]
    found = [one for one in resolver.url_patterns if "<ref:reference>" in str(one.pattern)]
    pages = [one for one in found if isinstance(one, URLPattern)]
    assert pages == found
    return pages


def choices(pattern: URLPattern, dossier: Dossier) -> list[dict[str, Any]]:
    """What to put in the address: every step, code, paper, piece and file there is."""
    names = re.findall(r"<\w+:(\w+)>", str(pattern.pattern))
    found: list[dict[str, Any]] = [{"reference": dossier.reference}]
    values: dict[str, Callable[[], list[Any]]] = {
        "slug": lambda: {
            "common-step": list(COMMON),
            "own-step": list(OWN),
            "dossier-outcome": [kind.slug for kind in OUTCOME_TYPES],
            "dossier-paper": list(PAPERS),
        }[str(pattern.name)],
        "key": lambda: list(dossier.pieces.values_list("key", flat=True)),
        "pk": lambda: list(dossier.pieces.values_list("files", flat=True).exclude(files=None)),
    }
    for name in names[1:]:
        # A new kind of address says here what can stand in it.
        found = [{**kwargs, name: value} for kwargs in found for value in values[name]()]
    return found


def everything(client: Client, dossier: Dossier) -> dict[str, str]:
    """Address -> words of every page, paper and file that answers this person, refusals too."""
    RateCounter.objects.all().delete()
    urls = [reverse("demarches:account"), reverse("pacs:dossier-start")]
    for pattern in of_a_dossier():
        urls += [
            reverse(f"pacs:{pattern.name}", kwargs=kwargs) for kwargs in choices(pattern, dossier)
        ]
    return {url: words_of(client.get(url)) for url in urls}


def words_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    head = f"{response.get('Content-Disposition', '')} {response.get('Location', '')}"
    if response.get("Content-Type", "") == "application/pdf":
        return f"{head} {text_of(content)}"
    return f"{head} {content.decode('utf-8', 'replace')}"


def mails_to(user: User) -> dict[str, str]:
    return {
        f"mail {one.pk} {one.subject}": f"{one.subject}\n{mail_text(one)}\n{one.html_message}"
        f"\n{one.context}"
        for one in Email.objects.filter(to=[user.email])
    }


def found_in(texts: dict[str, str]) -> dict[str, list[str]]:
    """Where a marker or a word of the private situation stands."""
    leaks = {}
    for place, text in texts.items():
        words = () if any(part in place for part in SAME_FOR_ALL) else WORDS
        if told := [one for one in (*MARKERS, *words) if one in text]:
            leaks[place] = told
    return leaks


# The acts


def second_of(dossier: Dossier) -> Partenaire:
    return Partenaire.objects.select_related("dossier", "user").get(dossier=dossier, position=2)


def fresh(dossier: Dossier) -> Dossier:
    return Dossier.objects.get(pk=dossier.pk)


def accept_one(dossier: Dossier, agent: User) -> None:
    identity = dossier.pieces.select_related("dossier").get(key="2-P03_identite")
    desk.accept_piece(identity, by=agent, at=NOW, version=None)


def refuse_one(dossier: Dossier, agent: User) -> None:
    identity = dossier.pieces.select_related("dossier").get(key="2-P03_identite")
    text = "Zyxw-Refus : floue, pour la tutelle."
    desk.refuse_piece(identity, code="illisible", text=text, by=agent, at=NOW, version=None)


def ask_one(dossier: Dossier, agent: User) -> None:
    desk.request_pieces(
        dossier,
        texts={2: "Zyxw-Demande : la décision du juge, pour la tutelle."},
        questions={2: "moi/protection"},
        by=agent,
        at=NOW,
        version=None,
    )


def ask_both(dossier: Dossier, agent: User) -> None:
    texts = {1: "Relisez votre nom.", 2: "Zyxw-Demande : relisez la tutelle."}
    desk.request_pieces(
        dossier, texts=texts, questions={2: "moi/situation"}, by=agent, at=NOW, version=None
    )


def block_one(dossier: Dossier, agent: User) -> None:
    identity = dossier.pieces.select_related("dossier").get(key="2-P03_identite")
    answer_piece(identity, declared=PieceStatus.BLOCKED, note="Zyxw-Note", at=NOW)


def bring_one(dossier: Dossier, agent: User) -> None:
    identity = dossier.pieces.select_related("dossier").get(key="2-P03_identite")
    desk.bring_piece(identity, by=agent, at=NOW, version=None)


def send_back(dossier: Dossier, agent: User) -> None:
    second = second_of(dossier)
    resubmit_dossier(second, at=NOW, by=second.user)


def correct(dossier: Dossier, agent: User) -> None:
    second = second_of(dossier)
    step = OWN_STEPS.get("origine", second)
    assert step is not None
    shown = as_shown(step.form_class(instance=second))
    form = step.form_class({**shown, "birth_city": "Zyxw-Naissance"}, instance=second)
    assert form.is_valid(), form.errors
    record_answers(form, dossier=dossier, at=NOW, by=second.user)
    send_corrections(second, at=NOW, by=second.user)


def decline(dossier: Dossier, agent: User) -> None:
    row = Correction.objects.get(dossier=dossier, status="sent")
    decline_correction(
        dossier,
        row.pk,
        reason="Zyxw-Motif : l’acte de l’Ofpra dit le contraire.",
        changed_at=row.changed_at.isoformat(),
        by=agent,
        at=NOW,
        version=None,
    )


def write_to_both(dossier: Dossier, agent: User) -> None:
    body = "Il manque :\n{{ pieces_manquantes }}"
    desk.write_to_couple(dossier, body=body, private_to=None, by=agent, at=NOW)


def write_to_one(dossier: Dossier, agent: User) -> None:
    body = "Zyxw-Réponse sur la tutelle."
    desk.write_to_couple(dossier, body=body, private_to=second_of(dossier), by=agent, at=NOW)


def complete(dossier: Dossier, agent: User) -> None:
    for piece in dossier.pieces.required().select_related("dossier"):
        if piece.status != "accepted":
            desk.accept_piece(piece, by=agent, at=NOW, version=None)
    for point in points_to_decide(fresh(dossier), at=NOW):
        desk.decide_outcome(
            dossier,
            code=point.type.code,
            holder=point.holder,
            reason="Zyxw-Décision : acte lu.",
            by=agent,
            at=NOW,
            version=None,
        )
    desk.declare_complete(dossier, by=agent, at=NOW, version=None)


def book(dossier: Dossier, agent: User) -> None:
    appointments.book_for(fresh(dossier), FIRST_SLOT, by=agent, at=NOW)


def book_again(dossier: Dossier, agent: User) -> None:
    another = LATER_SLOT + timedelta(days=1)
    appointments.book_for(fresh(dossier), another, by=agent, at=NOW)


def move(dossier: Dossier, agent: User) -> None:
    later = FIRST_SLOT + timedelta(days=1)
    appointments.book_for(fresh(dossier), later, by=agent, at=NOW)


def hold(dossier: Dossier, agent: User) -> None:
    appointments.hold_slot(
        Partenaire.objects.select_related("dossier").get(dossier=dossier, position=1),
        LATER_SLOT,
        at=NOW,
        is_overriding=True,
    )


def cancel(dossier: Dossier, agent: User) -> None:
    appointments.cancel_for(
        fresh(dossier), reason="L’officier est absent.", by=agent, at=NOW, version=None
    )


def refuse_the_pacs(dossier: Dossier, agent: User) -> None:
    ground = "La déclaration ne réunit pas les conditions de l’article 515-1."
    end_dossier(fresh(dossier), "irrecevable", reason=ground, by=agent, at=NOW, version=None)


def stop(dossier: Dossier, agent: User) -> None:
    second = second_of(dossier)
    stop_dossier(second, at=NOW, by=second.user)


type Act = Callable[[Dossier, User], object]

REVIEW: tuple[Act, ...] = (
    *(lambda d, a: send(d, at=NOW), accept_one, refuse_one, write_to_both, ask_one),
    *(block_one, send_back, correct, decline, ask_both, write_to_one, bring_one, send_back),
)
APPOINTMENT: tuple[Act, ...] = (complete, book, move, hold, cancel, book_again, refuse_the_pacs)


def after_each(
    acts: tuple[Act, ...], dossier: Dossier, agent: User, alice: User, client: Client
) -> dict[str, dict[str, list[str]]]:
    """What stands where it must not, by the act after which it does."""
    leaks = {}
    for number, act in enumerate(acts):
        act(dossier, agent)
        seen = {**everything(client, dossier), **mails_to(alice)}
        if found := found_in(seen):
            leaks[f"{number} {act.__name__}"] = found
    return leaks


def test_the_canaries_are_really_there(
    secretive: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    """Their owner does read them: what could leak exists."""
    seen = "\n".join(everything(client_of(bob), secretive).values())

    told = ["Zyxw-Rue", "Zyxw-Message", "99871", "Islande", "bob@example.org"]
    told += ["tuteur", "Ofpra", "Preuve du divorce", "décision du juge"]
    assert [word for word in told if word not in seen] == []


def test_a_draft_shows_nothing_private_of_the_other(
    secretive: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    assert found_in({**everything(client_of(alice), secretive), **mails_to(alice)}) == {}


def test_no_act_of_the_review_tells_the_other(
    secretive: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    assert after_each(REVIEW, secretive, agent, alice, client_of(alice)) == {}


def test_no_act_about_the_appointment_tells_the_other(
    secretive: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    send(secretive, at=NOW)

    assert after_each(APPOINTMENT, secretive, agent, alice, client_of(alice)) == {}


def test_stopping_tells_the_other_that_it_is_stopped_and_nothing_else(
    secretive: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    send(secretive, at=NOW)

    assert after_each((stop,), secretive, agent, alice, client_of(alice)) == {}


def test_the_journey_reached_what_it_searched(
    secretive: Dossier, alice: User, agent: User, client_of: Callable[[User | None], Client]
) -> None:
    """The pages of the first were really opened, not refused all along."""
    send(secretive, at=NOW)
    complete(secretive, agent)
    book(secretive, agent)

    seen = everything(client_of(alice), secretive)

    reference = secretive.reference
    for name in ("dossier", "dossier-pieces", "appointment", "dossier-messages"):
        assert "Retour au dossier" in seen[reverse(f"pacs:{name}", args=[reference])] or (
            reference in seen[reverse(f"pacs:{name}", args=[reference])]
        )
    convocation = seen[reverse("pacs:dossier-paper", args=[reference, "convocation"])]
    assert "votre partenaire a sa propre liste" in convocation


def test_no_address_carries_a_personal_datum(
    secretive: Dossier, bob: User, client_of: Callable[[User | None], Client]
) -> None:
    pages = "\n".join(everything(client_of(bob), secretive).values())
    links = set(re.findall(r'(?:href|action|src)="([^"]+)"', pages))

    assert [one for one in links if re.search(r"zyxw|almeida|bob@|lemoine", one, re.I)] == []

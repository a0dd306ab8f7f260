"""« Mes données »: who looked, and a copy of everything that is theirs and of nothing else."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Field
from django.test import Client
from django.urls import reverse

from demarches.dossiers.mine import Told, is_key
from demarches.models import User
from pacs.actions.dossiers import join_dossier, write_message
from pacs.actions.part import empty_part
from pacs.actions.pieces import add_file, answer_piece
from pacs.actions.readings import note_readings
from pacs.hooks.mine_words import TOLD
from pacs.models import (
    Correction,
    Dossier,
    Helper,
    InformationRequest,
    Partenaire,
    Registration,
)
from pacs.rules.privacy import COLUMNS
from tests.pacs.test_official import booked, line  # noqa: F401 -- fixtures
from tests.pacs.test_privacy import CANARIES, MARKERS, SITUATION, WORDS
from tests.support.dossiers import OTHER, PERSON, bring_everything, make_dossier, send
from tests.support.files import png
from tests.support.followups import make_demande, make_suivi
from tests.support.pdf import text_of
from uzes_portal.mine import parts_of
from vitale.actions.aide import note_readings as note_help
from vitale.models import Demande

NOW = datetime(2026, 11, 23, 10, tzinfo=ZoneInfo("Europe/Paris"))
ADDRESSES = ("mine", "mine-pdf", "mine-json")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def secretive(reference_data: None, alice: User, bob: User) -> Dossier:
    """Bob, the second, has a secret in every private field, and a private message and file."""
    people = (PERSON, {**OTHER, **SITUATION, **CANARIES})
    dossier = make_dossier(alice, bob, at=NOW, people=people)
    second = Partenaire.objects.select_related("dossier").get(dossier=dossier, position=2)
    write_message(second, body="Zyxw-Message", private=True, form_key="k1", at=NOW)
    identity = dossier.pieces.select_related("dossier").get(key="2-P03_identite")
    answer_piece(identity, declared=None, expires_on=date(2031, 1, 1), at=NOW)
    picture = SimpleUploadedFile("Zyxw.png", png(), content_type="image/png")
    add_file(identity, picture, "Zyxw.png", partenaire=second, at=NOW)
    bring_everything(dossier, at=NOW)
    return send(dossier, at=NOW)


def copies(client: Client) -> dict[str, str]:
    """What each address shows, as text."""
    found = {name: client.get(reverse(name)) for name in ADDRESSES}
    assert {answer.status_code for answer in found.values()} == {200}
    return {
        name: text_of(answer.content) if name == "mine-pdf" else answer.content.decode()
        for name, answer in found.items()
    }


def exported(client: Client) -> dict[str, Any]:
    answer = client.get(reverse("mine-json"))
    assert "attachment" in answer["Content-Disposition"]
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_a_copy_holds_nothing_private_of_the_other(
    secretive: Dossier, alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    hers, his = copies(client_of(alice)), copies(client_of(bob))

    words = (*MARKERS, *WORDS)
    assert {name: [w for w in words if w in text] for name, text in hers.items()} == {
        name: [] for name in ADDRESSES
    }
    for name in ("mine-pdf", "mine-json"):
        # The same words are in his own: they could have leaked.
        assert all(word in his[name] for word in ("Zyxw-Besoin", "Zyxw-Message", "Zyxw-Ville"))


def test_a_copy_holds_every_column_that_is_theirs(
    secretive: Dossier, bob: User, client_of: Callable[[User], Client]
) -> None:
    """As the table of who reads what says: a new column is exported by itself."""
    told = exported(client_of(bob))["demarches"][0]["contenu"]

    titles = {str(apps.get_model("pacs", name)._meta.verbose_name): name for name in COLUMNS}
    columns: dict[str, set[str]] = {}
    for row in told:
        columns.setdefault(titles[row["objet"]], set()).update(set(row) - {"objet"})
    assert set(columns) == {"Dossier", "Partenaire", "Piece", "PieceFile", "Message"}
    for model, names in columns.items():
        assert names == {name for name, right in COLUMNS[model].items() if right.oneself}
    assert [row["needs"] for row in told if "needs" in row] == ["Zyxw-Besoin"]


def test_a_copy_holds_the_carte_vitale_of_the_same_person(
    reference_data: None, alice: User, charlie: User, client_of: Callable[[User], Client]
) -> None:
    demande = make_demande(alice, name="Mme Zyxw", at=NOW)
    suivi = make_suivi(owner=alice)

    hers, his = exported(client_of(alice)), exported(client_of(charlie))

    assert [one["reference"] for one in hers["demarches"]] == [demande.reference, suivi.reference]
    assert hers["demarches"][0]["contenu"][0]["name"] == "Mme Zyxw"
    assert hers["compte"]["adresse"] == alice.email
    assert (his["demarches"], his["consultations"]) == ([], [])


def test_people_see_which_day_and_how_often_but_no_name_and_no_piece(
    secretive: Dossier, alice: User, agent: User, client_of: Callable[[User], Client]
) -> None:
    for what in ("liste", "dossier", "fichier 12", "papier declaration"):
        note_readings(agent, what, at=NOW, dossiers=[secretive])
    note_readings(None, "plan B écrit par la machine", at=NOW, dossiers=[secretive])
    note_readings(agent, "réponses", at=NOW - timedelta(days=1), dossiers=[secretive])
    demande = make_demande(alice, at=NOW)
    note_help(agent, "demande", at=NOW, demandes=Demande.objects.filter(pk=demande.pk))

    client = client_of(alice)
    page, told = client.get(reverse("mine")).content.decode(), exported(client)

    ref = secretive.reference
    assert told["consultations"] == [
        {"jour": "2026-11-23", "reference": ref, "ouvertures": 3, "listes": 2, "aides": 0},
        {
            "jour": "2026-11-23",
            "reference": demande.reference,
            "ouvertures": 1,
            "listes": 0,
            "aides": 0,
        },
        {"jour": "2026-11-22", "reference": ref, "ouvertures": 1, "listes": 0, "aides": 0},
    ]
    assert "Ouvert 3 fois, vu 2 fois dans une liste, par 1 agent de la mairie" in page
    assert not [word for word in ("Nour", "Vidal", "fichier 12", "declaration") if word in page]


def test_looks_of_before_the_second_came_are_not_theirs(
    reference_data: None, alice: User, bob: User, agent: User, client_of: Callable[[User], Client]
) -> None:
    """They were looks at somebody else's part, or at nobody's."""
    dossier = make_dossier(alice, bob, at=NOW)
    Partenaire.objects.filter(dossier=dossier, position=2).update(part_begun_at=NOW)
    for day in (1, 0):
        note_readings(agent, "dossier", at=NOW - timedelta(days=day), dossiers=[dossier])

    seen = {
        user.email: [one["jour"] for one in exported(client_of(user))["consultations"]]
        for user in (alice, bob)
    }

    assert seen == {alice.email: ["2026-11-23", "2026-11-22"], bob.email: ["2026-11-23"]}


def test_a_stranger_sees_nothing_of_it(
    secretive: Dossier, charlie: User, agent: User, client_of: Callable[[User], Client]
) -> None:
    note_readings(agent, "dossier", at=NOW, dossiers=[secretive])

    assert not [text for text in copies(client_of(charlie)).values() if secretive.reference in text]


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_as_many_queries_whatever_was_looked_at(
    count: int,
    secretive: Dossier,
    alice: User,
    agent: User,
    client_of: Callable[[User], Client],
    django_assert_max_num_queries: Any,
) -> None:
    for _ in range(count):
        note_readings(agent, "dossier", at=NOW, dossiers=[secretive])
    client = client_of(alice)
    client.get(reverse("mine"))

    with django_assert_max_num_queries(8):
        client.get(reverse("mine"))


def ask(person: Partenaire, agent: User) -> None:
    """The mairie asks this person something of their own."""
    InformationRequest.objects.create(
        dossier=person.dossier, partenaire=person, text="Votre acte ?", by=agent, at=NOW
    )


def kinds_in(client: Client) -> dict[str, int]:
    """How many rows of each kind of the table this person's copy holds."""
    titles = {str(apps.get_model("pacs", name)._meta.verbose_name): name for name in COLUMNS}
    rows = [row for part in exported(client)["demarches"] for row in part["contenu"]]
    return Counter(titles[row["objet"]] for row in rows)


def test_whoever_gave_their_place_up_exports_nothing_and_leaves_nothing_to_the_next(
    secretive: Dossier,
    alice: User,
    bob: User,
    charlie: User,
    agent: User,
    client_of: Callable[[User], Client],
) -> None:
    """Bob was the second; Charlie comes after him, and the dossier goes on."""
    second = Partenaire.objects.select_related("dossier").get(dossier=secretive, position=2)
    ask(second, agent)
    note_readings(agent, "dossier", at=NOW - timedelta(days=1), dossiers=[secretive])
    before = kinds_in(client_of(bob))
    assert set(before) == {
        *("Dossier", "Partenaire", "Piece", "PieceFile", "Message", "InformationRequest")
    }

    Partenaire.objects.filter(pk=second.pk).update(user=None, invited_email=charlie.email)
    second.refresh_from_db()
    empty_part(second, secretive, by=agent, at=NOW)
    Partenaire.objects.filter(pk=second.pk).update(invited_email=charlie.email)
    join_dossier(secretive, charlie, at=NOW)
    now_second = Partenaire.objects.select_related("dossier").get(pk=second.pk)
    ask(now_second, agent)
    write_message(now_second, body="Qwertz-Message", private=True, form_key="k2", at=NOW)
    write_message(now_second, body="Qwertz-Deux", private=False, form_key="k3", at=NOW)
    note_readings(agent, "dossier", at=NOW, dossiers=[secretive])

    # Nothing at all for who left, of any kind, of before or after.
    assert kinds_in(client_of(bob)) == {}
    assert exported(client_of(bob))["consultations"] == []
    # The next one has the dossier of both and their own, and no word of the former.
    told = copies(client_of(charlie))
    assert [word for word in MARKERS if any(word in text for text in told.values())] == []
    assert "Qwertz-Message" in told["mine-json"]
    assert set(kinds_in(client_of(charlie))) >= {"Dossier", "Partenaire", "Message"}
    days = [one["jour"] for one in exported(client_of(charlie))["consultations"]]
    assert days == ["2026-11-23"]
    # The first one has what is of both, and never what was private.
    assert "Qwertz-Deux" in copies(client_of(alice))["mine-json"]
    assert "Qwertz-Message" not in copies(client_of(alice))["mine-json"]


#: Names that French and English write alike.
SAME_WORD = {"convention", "message", "place"}
#: What a copy to read never has: Python, ISO moments, codes of countries, keys, English.
RAW = re.compile(
    r"\{'|\['|_at\b|\+00:00|\bNone\b|\bTrue\b|\bFalse\b|\d{4}-\d{2}-\d{2}|P\d\d_"
    r"|: [A-Z]{2}$|\bheld\b|\bwarn|\bkey\b|\bcontent\b|\bappointment\b",
    re.MULTILINE,
)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_column_of_a_copy_is_named_in_french(name: str) -> None:
    """A new column is told in words, or said to be a key of the machine."""
    told, model = TOLD.get(name, Told()), apps.get_model("pacs", name)
    untold = []
    for column, right in COLUMNS[name].items():
        field = model._meta.get_field(column)
        if not right.oneself or column in told.hidden or not isinstance(field, Field):
            continue
        english = field.name.replace("_", " ")
        named = column in told.labels or field.verbose_name != english or english in SAME_WORD
        if not named or (is_key(field) and column not in told.words):
            untold.append(column)

    assert untold == []


def read_copy(user: User) -> str:
    """What the copy says, line by line, as the paper lists it."""
    return "\n".join(
        f"{row.title} | {label} : {words}"
        for part in parts_of(user)
        for row in part.sections
        for label, words in row.lines
    )


def test_a_copy_to_read_holds_words_only(
    line: Registration,  # noqa: F811
    agent: User,
    client_of: Callable[[User], Client],
) -> None:
    """Over every table of a couple, with the hours of here."""
    dossier = line.dossier
    assert dossier is not None
    first = dossier.partenaires.get(position=1)
    user = first.user
    assert user is not None
    Partenaire.objects.filter(pk=first.pk).update(
        part_begun_at=NOW, nationalities=["FR", "DZ"], said_by_other=["birth_name"]
    )
    picture = SimpleUploadedFile("carte.png", png(), content_type="image/png")
    identity = dossier.pieces.select_related("dossier").get(key="1-P03_identite")
    identity.files.create(
        display_name="carte.png",
        content_type="image/png",
        size=picture.size or 0,
        pages=1,
        sha256="0" * 64,
        storage_name="0" * 32,
        warnings=["dark"],
        uploaded_by=first,
        uploaded_at=NOW,
    )
    InformationRequest.objects.create(
        dossier=dossier,
        partenaire=first,
        text="Votre acte ?",
        question="moi/acte",
        by=agent,
        at=NOW,
    )
    dossier.messages.create(partenaire=first, body="Bonjour", form_key="k9", at=NOW)
    Correction.objects.create(
        dossier=dossier,
        holder=1,
        values={"birth_country": {"old": "FR", "new": "DZ"}},
        changed_at=NOW,
    )
    Helper.objects.create(partenaire=first, name="Nadia", email="n@example.org", invited_at=NOW)
    make_demande(user, name="Mme Zyxw", at=NOW)
    make_suivi(owner=user)

    told = read_copy(user)
    paper = text_of(client_of(user).get(reverse("mine-pdf")).content)

    assert RAW.findall(told) == []
    assert not [word for word in ("{'", "_at", "+00:00", "None", "P03_", " key") if word in paper]
    begun = "partenaire | part commencée le : 23 novembre 2026 à 10 h"
    assert begun in told.replace("\u00a0", " ")
    assert "nationalités : France, Algérie" in told
    assert "pays de naissance : Algérie" in told
    titles = {row.title for part in parts_of(user) for row in part.sections if row.lines}
    for model in (Dossier, Partenaire, InformationRequest, Correction, Helper, Registration):
        assert str(model._meta.verbose_name) in titles
    # Nothing without a line is printed: the title of an empty row says nothing.
    assert "Avis de mention" not in paper

"""What official papers print can be drawn, or is refused before the act: a table of the columns.

The table is read on the papers themselves: each text column of ours holds a word of its own, and
the papers tell which ones they print.
"""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from string import ascii_lowercase
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection, models
from django.test import Client
from django.urls import reverse
from phonenumber_field.modelfields import PhoneNumberField

from demarches.models import Entrance, Mairie, Officer, User
from demarches.models.fields import LatinCharField, Printed, unprintable
from demarches.papers.documents import RenderedPdf
from demarches.typed.guard import TextRefused
from pacs.actions.endings import end_dossier
from pacs.actions.refusals import ActionRefused
from pacs.actions.registration import open_act, refuse_act, register_act
from pacs.models import (
    Avis,
    Dossier,
    LaterAct,
    PacsSettings,
    Partenaire,
    RegisteredPerson,
    Registration,
)
from pacs.papers import documents, official
from pacs.rules.convention import ConventionChoices, MaterialAid, PropertyRegime
from tests.pacs.test_registration import AFTER, NOW, register, scheduled
from tests.support.dossiers import make_dossier, send

UNDRAWN = "Ольга"
#: The rows whose texts go on papers.
ROWS: tuple[type[models.Model], ...] = (
    Mairie,
    Entrance,
    Officer,
    PacsSettings,
    Dossier,
    Partenaire,
    Registration,
    RegisteredPerson,
    LaterAct,
    Avis,
)
#: Codes that the program writes.
OURS = {"birth_country", "dissolution", "reference"}
#: Printed, and of a shape that has no letter to draw.
SHAPES = {
    "demarches.mairie.postal_code",
    "demarches.entrance.postal_code",
    "pacs.dossier.postcode",
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def officer(reference_data: None) -> Officer:
    return Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=date(2026, 1, 1)
    )


@pytest.fixture
def line(officer: Officer, agent: User) -> Registration:
    """A PACS registered here, and modified since."""
    line = register(scheduled(agent, "alice", "bob"), officer, agent)
    act = opened(line, agent)
    register_act(act, officer=officer, by=agent, at=AFTER)
    return Registration.objects.get(pk=line.pk)


def opened(line: Registration, agent: User, kind: str = "modification") -> LaterAct:
    return open_act(
        line,
        kind=kind,
        received_on=AFTER.date(),
        by_post=False,
        pieces=["convention", "declaration", "identites"],
        event_on=None,
        by=agent,
        at=AFTER,
    )


def texts_of(model: type[models.Model]) -> Iterator[models.Field[Any, Any]]:
    """The columns in which a text of somebody's may stand."""
    for field in model._meta.local_fields:
        is_text = isinstance(field, models.CharField | models.TextField)
        if is_text and not isinstance(field, models.EmailField | PhoneNumberField):
            is_short = field.max_length is not None and field.max_length < 5
            if not field.choices and not is_short and field.name not in OURS:
                yield field


def official_papers(line: Registration) -> Iterator[RenderedPdf]:
    dossier = line.dossier
    assert dossier is not None
    yield official.recepisse(line)
    yield official.attestation(line)
    yield official.register_extract(line)
    for avis in Avis.objects.select_related("registration", "act", "person"):
        yield official.avis_de_mention(avis)
    yield official.inadmissibility_decision(dossier)
    yield documents.declaration(dossier, reader=None)
    choices = ConventionChoices(MaterialAid.PROPORTIONAL, PropertyRegime.SEPARATION)
    yield documents.convention(dossier, choices)
    for person in dossier.people:
        yield documents.personal_part(dossier, person)


def test_every_column_that_an_official_paper_prints_has_the_rule(line: Registration) -> None:
    words = map("".join, product("zq", "q", ascii_lowercase, ascii_lowercase))
    marks: dict[str, models.Field[Any, Any]] = {}
    for model in ROWS:
        columns = {next(words): field for field in texts_of(model)}
        model._default_manager.update(**{field.name: word for word, field in columns.items()})
        marks |= columns
    LaterAct.objects.update(kind="modification")

    read = "".join(paper.html for paper in official_papers(Registration.objects.get(pk=line.pk)))

    printed = {
        f"{field.model._meta.label_lower}.{field.name}": field
        for word, field in marks.items()
        if word in read
    }
    free = {n for n, one in printed.items() if not isinstance(one, LatinCharField | Printed)}
    assert free == SHAPES
    assert printed.keys() >= {
        "pacs.avis.recipient",
        "pacs.dossier.inadmissible_ground",
        "pacs.lateract.officer_name",
        "pacs.registration.gap_reason",
        "pacs.registration.officer_name",
        "pacs.registration.place",
    }


WRITTEN_ONCE = {
    f"{model._meta.label_lower}.{field.name}": field
    for model in ROWS
    for field in model._meta.local_fields
    if isinstance(field, Printed)
}


def test_what_an_act_writes_once_is_known() -> None:
    assert set(WRITTEN_ONCE) == {
        "pacs.avis.address",
        "pacs.avis.recipient",
        "pacs.dossier.inadmissible_ground",
        "pacs.lateract.ground",
        "pacs.lateract.officer_act",
        "pacs.lateract.officer_name",
        "pacs.lateract.officer_quality",
        "pacs.registration.gap_reason",
        "pacs.registration.number",
        "pacs.registration.officer_act",
        "pacs.registration.officer_name",
        "pacs.registration.officer_quality",
        "pacs.registration.place",
    }


@pytest.mark.parametrize("name", sorted(WRITTEN_ONCE))
def test_no_way_of_writing_passes_by(name: str) -> None:
    field = WRITTEN_ONCE[name]

    for text in (UNDRAWN, "article 515-2 → voir", "vu ✓", "王"):
        with pytest.raises(TextRefused, match="Écrivez en lettres latines"):
            field.get_db_prep_save(text, connection)
    field.get_db_prep_save(
        "L’acte n° 12 dit « Ünal-Łoś » ;\n– voir l’article 515-2, 3°.", connection
    )


def test_a_decision_is_refused_before_it_is_taken(
    reference_data: None, alice: User, bob: User, agent: User, client_of: Callable[[User], Client]
) -> None:
    dossier = send(make_dossier(alice, bob))

    with pytest.raises(ValidationError, match="lettres latines"):
        end_dossier(
            dossier, "irrecevable", reason=f"Acte : {UNDRAWN}.", by=agent, at=NOW, version=None
        )

    assert Dossier.objects.get(pk=dossier.pk).status == "submitted"
    page = reverse("admin:pacs_dossier_end", args=[dossier.pk, "irrecevable"])
    told = client_of(agent).post(page, {"reason": f"Acte : {UNDRAWN}.", "version": dossier.version})
    assert (told.status_code, UNDRAWN in told.content.decode()) == (422, True)
    assert Dossier.objects.get(pk=dossier.pk).status == "submitted"


def test_an_act_is_refused_in_words_that_can_be_kept(line: Registration, agent: User) -> None:
    act = opened(line, agent)

    with pytest.raises(ValidationError, match="lettres latines"):
        refuse_act(act, ground=f"Le nom {UNDRAWN} manque.", by=agent, at=NOW)

    assert LaterAct.objects.get(pk=act.pk).status == "open"


def test_an_officer_is_named_in_letters_that_papers_print(
    officer: Officer, client_of: Callable[[User], Client]
) -> None:
    boss = User.objects.create_superuser("root@example.org", "x")
    values = {"name": f"{UNDRAWN} 王", "quality": "adjoint ✓", "in_force_from": "1/1/2020"}

    refused = client_of(boss).post(reverse("admin:demarches_officer_add"), values)

    assert Officer.objects.count() == 1
    assert refused.context["adminform"].form.errors.keys() == {"name", "quality"}


def test_nothing_is_registered_that_could_not_be_printed(officer: Officer, agent: User) -> None:
    dossier = scheduled(agent, "alice", "bob")
    Partenaire.objects.filter(dossier=dossier, position=1).update(birth_city="Гард")
    Officer.objects.update(quality="adjointe ✓")
    officer.refresh_from_db()

    with pytest.raises(ActionRefused) as refused:
        register(dossier, officer, agent)

    assert [one for one in refused.value.messages if "imprimer" in one] == [
        "Claire Martin, adjointe ✓ (qualité) : les papiers ne peuvent pas imprimer « ✓ »."
        " Corrigez-le d’abord, en lettres latines.",
        "Camille Anne Lemoine (commune de naissance) : les papiers ne peuvent pas imprimer"
        " « Гард ». Corrigez-le d’abord, en lettres latines.",
    ]
    assert not Registration.objects.exists()


def test_unprintable_tells_the_column_and_the_word() -> None:
    officer = Officer(name="Claire 王小明", quality="maire")

    assert unprintable(officer) == [("nom", "王小明")]

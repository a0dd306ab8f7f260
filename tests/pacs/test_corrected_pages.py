"""Every page of questions, after the sending: it proposes what was changed, and nothing else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from demarches.models import User
from pacs.actions.corrections import drop_correction, take_correction
from pacs.actions.dossiers import write_message
from pacs.actions.refusals import ActionRefused
from pacs.models import Correction, Dossier
from pacs.models.completeness import missing_own
from pacs.pages.steps import COMMON_STEPS, OWN_STEPS
from tests.support.appointments import make_complete
from tests.support.dossiers import make_dossier, send
from tests.support.forms import as_shown

NOW = "2026-11-23T10:00:00+01:00"
#: Page: one change, the columns it proposes, and those it writes at once.
CHANGES: dict[str, list[tuple[dict[str, str], set[str], dict[str, Any]]]] = {
    "adresse": [
        ({"street": "4 rue des Lilas"}, {"street"}, {}),
        ({"where": "ici_ensemble"}, set(), {"already_home": True}),
        (
            {"street": "4 rue des Lilas", "where": "ici_ensemble"},
            {"street"},
            {"already_home": True},
        ),
        ({"where": "ici_deplacement"}, {"impediment"}, {}),
    ],
    "projet": [
        ({"kinship": "cousins"}, {"kinship"}, {}),
        ({"convention": "personnalisee"}, {"convention"}, {}),
    ],
    "jour": [({"wished_date": "14/1/2027"}, set(), {"wished_date": "2027-01-14"})],
    "acte": [
        ({"usage_name": "Martin"}, {"usage_name"}, {}),
        ({"birth_name": "Lemoyne"}, {"birth_name"}, {}),
        (
            {"birth_city": "Alès"},
            {"birth_city", "birth_department", "birth_insee"},
            {},
        ),
        ({"birth_date": "6 mai 1990"}, {"birth_day"}, {}),
    ],
    "situation": [
        ({"needs": "ascenseur"}, set(), {"needs": "ascenseur"}),
        ({"phone": "06 12 34 56 78"}, set(), {"phone": "06 12 34 56 78"}),
        ({"measure": "autre"}, {"measure"}, {}),
        (
            {"situation": "pacs_dissous", "phone": "06 12 34 56 78", "needs": "ascenseur"},
            {"situation"},
            {"phone": "06 12 34 56 78", "needs": "ascenseur"},
        ),
    ],
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def sent(reference_data: None, alice: User, bob: User) -> Dossier:
    return send(make_dossier(alice, bob))


@pytest.fixture
def her(sent: Dossier, client_of: Callable[[User], Client], alice: User) -> Client:
    return client_of(alice)


def address(dossier: Dossier, slug: str) -> str:
    common = any(step.slug == slug for step in COMMON_STEPS.steps)
    name = "pacs:common-step" if common else "pacs:own-step"
    return reverse(name, args=[dossier.reference, slug])


def post(client: Client, url: str, **typed: str) -> Any:
    context = client.get(url).context
    answer = client.post(url, {**as_shown(context["form"]), "lu": context["lu"], **typed})
    assert answer.status_code == 302, answer.context["form"].errors
    return answer


def row_of(dossier: Dossier, slug: str) -> Any:
    if any(step.slug == slug for step in COMMON_STEPS.steps):
        return Dossier.objects.get(pk=dossier.pk)
    return dossier.partenaires.get(position=1)


def test_every_page_shown_to_her_is_in_the_table(sent: Dossier) -> None:
    shown = {step.slug for step in COMMON_STEPS.for_subject(sent)}
    shown |= {step.slug for step in OWN_STEPS.for_subject(sent.people[0])}

    assert set(CHANGES) == shown


@pytest.mark.parametrize("slug", sorted(CHANGES))
def test_the_page_as_it_is_shown_proposes_nothing(her: Client, sent: Dossier, slug: str) -> None:
    before = row_of(sent, slug)
    wiped = {name: "" for name in ("birth_insee", "birth_department") if hasattr(before, name)}
    if wiped:  # written before the table of communes was read
        sent.partenaires.filter(position=1).update(**wiped)

    post(her, address(sent, slug))

    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    ("slug", "typed", "proposed", "written"),
    [(slug, *change) for slug, changes in CHANGES.items() for change in changes],
)
def test_one_change_proposes_itself_alone(
    her: Client,
    sent: Dossier,
    agent: User,
    slug: str,
    typed: dict[str, str],
    proposed: set[str],
    written: dict[str, Any],
) -> None:
    post(her, address(sent, slug), **typed)

    row = row_of(sent, slug)
    assert {name: str(getattr(row, name)) for name in written} == {
        name: str(value) for name, value in written.items()
    }
    found = Correction.objects.filter(dossier=sent)
    assert {name for one in found for name in one.values} == proposed
    again = post(her, address(sent, slug))  # shown with what was proposed, sent once more
    assert again.status_code == 302
    assert {name for one in found.all() for name in one.values} == proposed
    if not proposed:
        return
    correction = found.get()
    her.post(reverse("pacs:dossier-correct", args=[sent.reference]), {})
    Correction.objects.filter(pk=correction.pk).update(status="sent", sent_at=correction.changed_at)
    correction.refresh_from_db()
    take_correction(
        sent,
        correction.pk,
        changed_at=correction.changed_at.isoformat(),
        by=agent,
        at=correction.changed_at,
        version=None,
    )
    taken = row_of(sent, slug)
    assert {name: getattr(taken, name) for name in proposed} == {
        name: correction.values[name]["new"] for name in proposed
    }


def test_finishing_later_from_an_old_tab_empties_nothing(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    draft = make_dossier(alice, bob)
    client, url = client_of(alice), address(draft, "acte")
    lu = client.get(url).context["lu"]
    send(draft)

    answer = client.post(url, {"later": "1", "lu": lu, "birth_name": ""})

    assert answer.status_code in {409, 422}
    assert not Correction.objects.exists()


def test_an_address_not_known_yet_leads_on_and_says_what_will_be_missing(
    reference_data: None, alice: User, client_of: Callable[[User], Client]
) -> None:
    client = client_of(alice)
    page = client.post(reverse("pacs:dossier-start"))["Location"]

    answer = client.post(page, {"where": "inconnu", "lu": client.get(page).context["lu"]})

    dossier = Dossier.objects.get()
    assert answer["Location"] == address(dossier, "projet")
    assert "Pour l’envoi, il manquera encore" in client.get(answer["Location"]).content.decode()
    sent = {"kinship": "aucun", "convention": "cerfa_15726"}
    assert post(client, answer["Location"], **sent)["Location"] == address(dossier, "jour")
    assert post(client, address(dossier, "jour"))["Location"] == address(dossier, "acte")


def test_attesting_never_drops_ones_own_proposal(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    draft = make_dossier(alice, bob)
    draft.partenaires.filter(position=2).update(
        common_comment="Le 4 rue des Lilas", common_confirmed_at=None, attested_at=None
    )
    client = client_of(bob)
    review = reverse("pacs:dossier-review", args=[draft.reference])
    page = client.get(review)
    read = {name: page.context[name] for name in ("lu", "lu_commun", "lu_attestation")}
    assert "retirez cette proposition" in page.content.decode()

    answer = client.post(review, read)

    assert answer["Location"] == reverse("pacs:partner-confirm", args=[draft.reference])
    second = draft.partenaires.get(position=2)
    assert (second.common_comment, second.attested_at) == ("Le 4 rue des Lilas", None)


def test_once_complete_the_couple_is_told_to_write(
    reference_data: None, alice: User, bob: User, agent: User, client_of: Callable[[User], Client]
) -> None:
    complete = make_complete(make_dossier(alice, bob), agent, at=timezone.now())

    post(client_of(alice), address(complete, "jour"), wished_date="14/1/2027")

    assert not Correction.objects.exists()


# What a correction would open


@pytest.mark.parametrize(
    ("slug", "typed", "missing"),
    [
        ("acte", {"origin": "autre", "birth_city": "Rome"}, "pays de naissance"),
        ("situation", {"situation": "divorce"}, "divorce"),
    ],
)
def test_a_correction_that_opens_a_question_does_not_leave_without_its_answer(
    her: Client, sent: Dossier, agent: User, slug: str, typed: dict[str, str], missing: str
) -> None:
    post(her, address(sent, slug), **typed)
    correct = reverse("pacs:dossier-correct", args=[sent.reference])

    answer = her.post(correct, {"lu": her.get(correct).context["lu"]}, follow=True)

    row = Correction.objects.get()
    assert row.status == "draft"
    html = answer.content.decode()
    assert "Votre correction ouvre une question" in html
    assert missing in html
    Correction.objects.update(status="sent", sent_at=row.changed_at)
    with pytest.raises(ActionRefused, match="laisserait sans réponse"):
        take_correction(
            sent,
            row.pk,
            changed_at=row.changed_at.isoformat(),
            by=agent,
            at=row.changed_at,
            version=None,
        )
    assert row_of(sent, "acte").nationalities == ["FR"]


# What the mairie still owes


def propose_and_send(dossier: Dossier, holder: int) -> Correction:
    at = timezone.now()
    value = {"old": "", "new": "Martin"} if holder else {"old": "aucun", "new": "cousins"}
    return Correction.objects.create(
        dossier=dossier,
        holder=holder,
        values={"usage_name" if holder else "kinship": value},
        status="sent",
        changed_at=at,
        sent_at=at,
    )


def take(dossier: Dossier, row: Correction, agent: User) -> None:
    take_correction(
        dossier,
        row.pk,
        changed_at=row.changed_at.isoformat(),
        by=agent,
        at=timezone.now(),
        version=None,
    )


def test_taking_a_correction_does_not_forget_the_check_that_is_due(
    sent: Dossier, agent: User
) -> None:
    take(sent, propose_and_send(sent, 1), agent)

    assert Dossier.objects.get(pk=sent.pk).waiting_since is not None


def test_taking_one_correction_of_two_leaves_the_other_waiting(
    reference_data: None, alice: User, bob: User, agent: User
) -> None:
    complete = make_complete(make_dossier(alice, bob), agent, at=timezone.now())
    rows = [propose_and_send(complete, holder) for holder in (1, 2)]
    complete.touch(at=timezone.now(), waiting=True)

    take(complete, rows[0], agent)
    assert Dossier.objects.get(pk=complete.pk).waiting_since is not None
    take(complete, rows[1], agent)
    assert Dossier.objects.get(pk=complete.pk).waiting_since is None


def test_a_message_still_waits_after_a_correction_is_decided_or_given_up(
    reference_data: None, alice: User, bob: User, agent: User
) -> None:
    complete = make_complete(make_dossier(alice, bob), agent, at=timezone.now())
    first, second = complete.people
    row = propose_and_send(complete, 1)
    write_message(second, body="Une question.", private=False, form_key="k", at=timezone.now())

    drop_correction(first, row.pk, at=timezone.now(), by=None)
    assert Dossier.objects.get(pk=complete.pk).waiting_since is not None
    complete.messages.all().delete()
    row = propose_and_send(complete, 1)
    drop_correction(first, row.pk, at=timezone.now(), by=None)
    assert Dossier.objects.get(pk=complete.pk).waiting_since is None


# Where they live


def test_no_address_vanishes_when_they_no_longer_live_together(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    dossier = make_dossier(alice, bob)
    Dossier.objects.filter(pk=dossier.pk).update(already_home=True)
    dossier.partenaires.update(street="", street_more="", postcode="", city="")
    sent = send(Dossier.objects.get(pk=dossier.pk))
    shared = str(sent.address)

    answer = post(client_of(alice), address(sent, "adresse"), where="ici")

    assert answer["Location"] == address(sent, "situation")
    people = Dossier.objects.get(pk=sent.pk).people
    assert [(str(one.home.address), one.home.is_common) for one in people] == [(shared, False)] * 2
    assert [missing_own(one) for one in people] == [[], []]


def test_two_tabs_never_put_another_commune_of_the_same_name_back(
    reference_data: None, alice: User, bob: User, client_of: Callable[[User], Client]
) -> None:
    draft = make_dossier(alice, bob)
    first = draft.partenaires.filter(position=1)
    first.update(
        birth_city="Saint-Denis", birth_department="Seine-Saint-Denis", birth_insee="93066"
    )
    client, url = client_of(alice), address(draft, "acte")
    context = client.get(url).context
    old_tab = {**as_shown(context["form"]), "lu": context["lu"], "usage_name": "Martin"}
    assert old_tab["birth_commune"] == "93066"
    first.update(birth_department="La Réunion", birth_insee="97411")

    answer = client.post(url, old_tab)

    assert answer.status_code == 409
    assert first.get().birth_insee == "97411"

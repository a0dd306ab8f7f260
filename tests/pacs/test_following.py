"""Who follows a dossier: one agent it is confided to, others beside, and several at once."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.models import User
from pacs.actions import following
from pacs.models import Dossier, Follower
from pacs.reads.journal import journal_of
from pacs.reads.piles import pile_rules
from tests.support.dossiers import make_dossier, send
from tests.support.pdf import text_of

type ClientOf = Callable[[User | None], Client]


@pytest.fixture
def colleague(reference_data: None) -> User:
    user = User.objects.create_user("karim@example.org", full_name="Karim Roux", is_staff=True)
    user.groups.add(Group.objects.get(name="instructeur"))
    return user


@pytest.fixture
def accueil(reference_data: None) -> User:
    user = User.objects.create_user("accueil@example.org", full_name="Ada Roy", is_staff=True)
    user.groups.add(Group.objects.get(name="accueil"))
    return user


@pytest.fixture
def three(reference_data: None) -> list[Dossier]:
    people = [User.objects.create_user(f"p{number}@example.org") for number in range(6)]
    return [send(make_dossier(*people[rank : rank + 2])) for rank in (0, 2, 4)]


def of_pile(user: User) -> set[int]:
    return set(pile_rules(user, at=timezone.now())["les-miens"].read().values_list("pk", flat=True))


def test_several_agents_follow_and_each_is_told(
    three: list[Dossier], agent: User, colleague: User, accueil: User, client_of: ClientOf
) -> None:
    dossier = three[0]
    act = reverse("admin:pacs_dossier_act", args=[dossier.pk, "suivre"])

    def pick(who: User) -> int:
        return int(client_of(agent).post(act, {"to": who.pk}).status_code)

    assert [pick(colleague), pick(colleague), pick(agent), pick(accueil)] == [302, 302, 302, 422]

    page = client_of(agent).get(reverse("admin:pacs_dossier_follow_up", args=[dossier.pk]))
    mail = Email.objects.get(to=[colleague.email])
    assert {one.agent for one in dossier.followers.all()} == {agent, colleague}
    assert not Email.objects.filter(to__in=[[agent.email], [accueil.email]]).exists()
    assert dossier.reference in mail.message
    assert of_pile(colleague) == {dossier.pk}
    assert "Retirer Karim Roux" in page.content.decode()
    assert [line.words for line in journal_of(dossier)][:2] == [
        "a changé qui suit aussi le dossier"
    ] * 2

    gone = reverse("admin:pacs_dossier_act", args=[dossier.pk, "ne-plus-suivre"])
    for _ in range(2):
        client_of(agent).post(gone, {"to": colleague.pk})
    assert of_pile(colleague) == set()
    assert dossier.events.filter(kind="followed").count() == 3


def test_one_who_follows_and_is_then_confided_the_dossier_is_there_once(
    three: list[Dossier], agent: User, colleague: User
) -> None:
    now = timezone.now()
    following.follow(three[0], colleague, by=agent, at=now)
    following.assign(three[0], to=colleague, by=agent, at=now)
    following.follow(three[0], colleague, by=agent, at=now)

    assert not Follower.objects.exists()
    assert of_pile(colleague) == {three[0].pk}


def test_several_are_confided_and_each_refusal_is_named(
    three: list[Dossier], agent: User, colleague: User, client_of: ClientOf
) -> None:
    client = client_of(agent)
    chosen = client.post(
        reverse("admin:pacs_dossier_changelist"),
        {"action": "confide", "_selected_action": [one.pk for one in three]},
    )
    page = client.get(chosen["Location"])
    following.assign(three[1], to=agent, by=agent, at=timezone.now())
    Dossier.objects.get(pk=three[2].pk).close(by=agent, at=timezone.now(), reason="Double.")
    read = {f"was_{one.pk}": 0 for one in three}
    address = reverse("admin:pacs_dossier_confide")
    keys = {"dossier": [one.pk for one in three], **read}

    nobody = client.post(address, keys)
    done = client.post(address, {**keys, "to": colleague.pk}, follow=True)

    said = [str(one) for one in done.context["messages"]]
    assert all(one.reference in page.content.decode() for one in three)
    assert nobody.status_code == 422
    assert "Choisissez à qui confier ces dossiers." in nobody.content.decode()
    assert said[0] == "1 dossier confié à Karim Roux."
    assert sorted(one.split(" : ", 1)[1] for one in said[1:]) == [
        "Ce dossier est fini : il n’y a plus rien à suivre.",
        f"Ce dossier est suivi depuis par {agent}.",
    ]
    assert [Dossier.objects.get(pk=one.pk).assigned_to for one in three] == [colleague, agent, None]
    assert Email.objects.filter(to=[colleague.email]).count() == 1


def test_a_dossier_that_has_ended_is_followed_by_nobody_new(
    three: list[Dossier], agent: User, colleague: User, client_of: ClientOf
) -> None:
    """From its own page as from the list; who followed it may still be removed."""
    dossier, client = three[0], client_of(agent)
    following.follow(dossier, agent, by=agent, at=timezone.now())
    dossier.close(by=agent, at=timezone.now(), reason="Double.")

    def act(verb: str, to: User) -> int:
        address = reverse("admin:pacs_dossier_act", args=[dossier.pk, verb])
        return int(client.post(address, {"to": to.pk, "was": 0}).status_code)

    answers = [act("confier", colleague), act("suivre", colleague), act("ne-plus-suivre", agent)]
    page = client.get(reverse("admin:pacs_dossier_follow_up", args=[dossier.pk]))

    assert answers == [422, 422, 302]
    assert Dossier.objects.get(pk=dossier.pk).assigned_to is None
    assert not Follower.objects.exists()
    assert "Confier à" not in page.content.decode()


def test_only_those_who_can_act_are_offered_the_gesture(
    three: list[Dossier], accueil: User, agent: User, client_of: ClientOf
) -> None:
    rows = reverse("admin:pacs_dossier_changelist")

    offered = [client_of(who).get(rows).content.decode() for who in (accueil, agent)]

    assert ["Confier à…" in page for page in offered] == [False, True]
    assert ["Imprimer les listes de pièces" in page for page in offered] == [True, True]
    with pytest.raises(ValidationError):
        following.assign_many([(three[0], 0)], to=accueil, by=agent, at=timezone.now())


def test_the_lists_of_several_are_one_paper(
    three: list[Dossier], accueil: User, client_of: ClientOf
) -> None:
    client = client_of(accueil)
    chosen = client.post(
        reverse("admin:pacs_dossier_changelist"),
        {"action": "print_lists", "_selected_action": [one.pk for one in three]},
    )

    paper = client.get(chosen["Location"])
    said = text_of(paper.content)

    assert paper["Content-Type"] == "application/pdf"
    assert [said.count(one.reference) >= 2 for one in three] == [True] * 3
    assert client.get(reverse("admin:pacs_dossier_lists"), {"dossier": "x"}).status_code == 302


def test_the_page_that_confides_asks_as_much_for_three_as_for_one(
    three: list[Dossier], agent: User, client_of: ClientOf
) -> None:
    client, counts = client_of(agent), []
    client.get(reverse("admin:pacs_dossier_confide"), {"dossier": [three[0].pk]})  # content is read
    for many in (three[:1], three):
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("admin:pacs_dossier_confide"), {"dossier": [d.pk for d in many]})
        counts.append(len(asked))

    assert counts == [11, 11]


def test_a_colleague_who_has_left_is_not_nobody(
    three: list[Dossier], agent: User, colleague: User, client_of: ClientOf
) -> None:
    """Their name was on the page: chosen, it frees no dossier; a follower, it is removed."""
    dossier, now = three[0], timezone.now()
    following.assign(dossier, to=agent, by=agent, at=now)
    following.follow(dossier, colleague, by=agent, at=now)
    User.objects.filter(pk=colleague.pk).update(is_active=False)
    client = client_of(agent)

    def act(verb: str, **typed: int) -> int:
        address = reverse("admin:pacs_dossier_act", args=[dossier.pk, verb])
        return int(client.post(address, {"to": colleague.pk, **typed}).status_code)

    assert [act("confier", was=agent.pk), act("ne-plus-suivre")] == [422, 302]

    dossier.refresh_from_db()
    assert dossier.assigned_to == agent
    assert not dossier.followers.exists()

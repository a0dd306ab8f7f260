"""Who may change which account: one line a pair."""

import pytest

from demarches.rules.rights import (
    MANAGE,
    Account,
    leaves_nobody,
    may_grant,
    may_help,
    may_make_superuser,
    may_manage,
)

READ = "pacs.view_dossier"
ADMIN = Account(1, permissions=frozenset({MANAGE}))
PEER = Account(2, permissions=frozenset({MANAGE}))
PLAIN = Account(3)
READER = Account(4, permissions=frozenset({READ}))
CLOSED_READER = Account(5, is_active=False, permissions=frozenset({READ}))
BOTH = Account(6, permissions=frozenset({MANAGE, READ}))
ROOT = Account(7, is_superuser=True)
OTHER_ROOT = Account(8, is_superuser=True)
CLOSED_ROOT = Account(9, is_superuser=True, is_active=False)
RESIDENT = Account(10, is_staff=False)
CLOSED_ADMIN = Account(11, is_active=False, permissions=frozenset({MANAGE}))
EVERYBODY = (
    ADMIN, PEER, PLAIN, READER, CLOSED_READER, BOTH,
    ROOT, OTHER_ROOT, CLOSED_ROOT, RESIDENT, CLOSED_ADMIN,
)  # fmt: skip


@pytest.mark.parametrize(
    ("actor", "within_reach"),
    [
        (ADMIN, {2, 3, 11}),
        (BOTH, {1, 2, 3, 4, 5, 11}),
        (ROOT, {1, 2, 3, 4, 5, 6, 8, 9, 11}),
        (READER, set()),
        (PLAIN, set()),
        (RESIDENT, set()),
        (CLOSED_ADMIN, set()),
        (CLOSED_ROOT, set()),
    ],
)
def test_who_may_change_whom(actor: Account, within_reach: set[int]) -> None:
    assert {one.pk for one in EVERYBODY if may_manage(actor, one)} == within_reach


@pytest.mark.parametrize(
    ("actor", "helped"),
    [
        (ADMIN, {2, 3, 4, 6, 11}),
        (BOTH, {1, 2, 3, 4, 5, 11}),
        (ROOT, {1, 2, 3, 4, 5, 6, 8, 9, 11}),
        (READER, set()),
        (PLAIN, set()),
        (RESIDENT, set()),
        (CLOSED_ADMIN, set()),
        (CLOSED_ROOT, set()),
    ],
)
def test_who_may_help_whom(actor: Account, helped: set[int]) -> None:
    assert {one.pk for one in EVERYBODY if may_help(actor, one)} == helped


@pytest.mark.parametrize(
    ("actor", "group", "expected"),
    [
        (ADMIN, {MANAGE}, True),
        (ADMIN, set(), True),
        (ADMIN, {READ}, False),
        (ADMIN, {MANAGE, READ}, False),
        (BOTH, {MANAGE, READ}, True),
        (ROOT, {"anything.at_all"}, True),
        (READER, {READ}, False),
        (CLOSED_ROOT, {READ}, False),
    ],
)
def test_nobody_gives_what_they_do_not_have(
    actor: Account, group: set[str], expected: bool
) -> None:
    assert may_grant(actor, group) is expected


def test_a_superuser_is_made_by_another_one() -> None:
    makers = [ADMIN, BOTH, READER, RESIDENT, ROOT, CLOSED_ROOT]

    assert [one.pk for one in makers if may_make_superuser(one)] == [ROOT.pk]


@pytest.mark.parametrize(
    ("target", "others", "expected"),
    [
        (ADMIN, [], True),
        (ADMIN, [ADMIN], True),
        (ADMIN, [READER, PLAIN, CLOSED_ADMIN], True),
        (ADMIN, [PEER], False),
        (ADMIN, [ROOT], False),
        (READER, [], False),
    ],
)
def test_somebody_always_administrates(
    target: Account, others: list[Account], expected: bool
) -> None:
    assert leaves_nobody(target, others) is expected

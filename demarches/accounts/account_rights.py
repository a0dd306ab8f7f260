"""The rule on accounts (`demarches.rules.rights`), applied to rows of the database."""

from collections.abc import Iterable

from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from demarches.models import User
from demarches.rules.rights import Account, leaves_nobody, may_grant, may_help, may_manage


def account_of(user: User) -> Account:
    """What counts of this account; its rights are those it has, or had before it was closed."""
    # Not `get_all_permissions`, which says that a closed account may do nothing: whoever opens it
    # again gives its rights back.
    held = Permission.objects.filter(Q(group__user=user) | Q(user=user)).distinct()
    return Account(
        pk=user.pk,
        is_staff=user.is_staff,
        is_active=user.is_active,
        is_superuser=user.is_superuser,
        permissions=_names(held),
    )


def _names(permissions: "QuerySet[Permission]") -> frozenset[str]:
    rows = permissions.values_list("content_type__app_label", "codename")
    return frozenset(f"{app}.{codename}" for app, codename in rows)


def permissions_of(groups: Iterable[Group]) -> frozenset[str]:
    """Everything these groups may do together."""
    return _names(Permission.objects.filter(group__in=list(groups)).distinct())


def is_within_reach(target: User, *, of: User) -> bool:
    """Whether this agent may change that account."""
    return may_manage(account_of(of), account_of(target))


def may_be_helped(target: User, *, by: User) -> bool:
    """Whether this agent may give that account its way back in."""
    return may_help(account_of(by), account_of(target))


def grantable_groups(actor: User) -> "QuerySet[Group]":
    """The groups that this agent may give or take."""
    strength = account_of(actor)
    groups = Group.objects.prefetch_related("permissions__content_type")
    return groups.filter(
        pk__in=[
            group.pk
            for group in groups
            if may_grant(
                strength,
                {f"{one.content_type.app_label}.{one.codename}" for one in group.permissions.all()},
            )
        ]
    ).order_by("name")


def would_leave_nobody(target: User) -> bool:
    """Whether no administrateur would be left without this account. Call it under a lock."""
    others = [account_of(one) for one in User.objects.administrators().exclude(pk=target.pk)]
    return leaves_nobody(account_of(target), others)

"""Who may change which agent's account, help whom, and grant what (ADR 0057).

Nobody gives what they do not have.

The strength of an account is the set of its permissions. An account is within reach of another
when it holds nothing the other does not hold; so are the groups that one may give or take.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

#: Whoever holds it manages accounts.
MANAGE = "demarches.change_user"


@dataclass(frozen=True, slots=True)
class Account:
    """What counts of an account; residents have `is_staff` False."""

    pk: int
    is_staff: bool = True
    is_active: bool = True
    is_superuser: bool = False
    permissions: frozenset[str] = field(default_factory=frozenset)

    @property
    def manages(self) -> bool:
        """An administrateur in office."""
        is_agent = self.is_staff and self.is_active
        return is_agent and (self.is_superuser or MANAGE in self.permissions)


def may_manage(actor: Account, target: Account) -> bool:
    """Whether `actor` may change `target`: their address, their rights, whether they are open.

    Never oneself, never a resident, never somebody who may do more.
    """
    if not actor.manages or not target.is_staff or actor.pk == target.pk:
        return False
    if actor.is_superuser:
        return True
    return not target.is_superuser and target.permissions <= actor.permissions


def may_help(actor: Account, target: Account) -> bool:
    """Whether `actor` may close sessions of `target`, take devices away, mail them a link.

    Neither opens anything to `actor`, so that one who reads dossiers may be helped by one who does
    not. Never oneself, a resident, or a superuser, except by another superuser.
    """
    if may_manage(actor, target):
        return True
    is_other_agent = target.is_staff and target.is_active and actor.pk != target.pk
    return actor.manages and is_other_agent and not target.is_superuser


def may_grant(actor: Account, permissions: Collection[str]) -> bool:
    """Whether `actor` may give, or take, a group that holds these permissions."""
    return actor.manages and (actor.is_superuser or actor.permissions.issuperset(permissions))


def may_make_superuser(actor: Account) -> bool:
    """A superuser is made, and unmade, by another one only."""
    return actor.manages and actor.is_superuser


def leaves_nobody(target: Account, others: Collection[Account]) -> bool:
    """Whether taking `target` out of office leaves no administrateur."""
    return target.manages and not any(one.manages for one in others if one.pk != target.pk)

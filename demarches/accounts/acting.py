"""Who acts by this request, and which state of things they had before their eyes."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from demarches.models import User
from demarches.rules.numbers import read_number


def account_of(request: HttpRequest) -> User | None:
    """The signed-in account, if there is one."""
    return request.user if isinstance(request.user, User) else None


def agent_of(request: HttpRequest) -> User:
    """The agent; the admin site has already checked that they are staff."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def version_of(request: HttpRequest) -> int:
    """The version the agent was looking at; without one, nothing matches."""
    return read_number(request.POST.get("version", "")) or 0

"""Who is looking at a follow-up: every page of one begins here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone

from demarches.accounts.acting import account_of
from vitale.actions.suivi import note_visit
from vitale.reads.access import PASSES_KEY, Coded, find_demande, find_suivi, with_pass


def let_in(request: HttpRequest, row: Coded) -> None:
    """Let this browser open the row for a while."""
    # Whoever gave this browser the key of its session does not come in with it.
    request.session.cycle_key()
    passes = request.session.get(PASSES_KEY, {})
    request.session[PASSES_KEY] = with_pass(passes, row, at=timezone.now())


def _resolving[R: Coded](
    find: Callable[..., R | None], visited: Callable[[R], None]
) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Give the view the row of the address, or send to the page that asks for the codes.

    The answer is the same for a reference that does not exist.
    """

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @login_not_required
        @wraps(view)
        def resolve(request: HttpRequest, reference: str, **kwargs: Any) -> HttpResponseBase:
            row = find(
                reference,
                user=account_of(request),
                passes=request.session.get(PASSES_KEY, {}),
                at=timezone.now(),
            )
            if row is None:
                return redirect("vitale:codes-open")
            visited(row)
            return view(request, row, **kwargs)

        return resolve

    return decorate


for_suivi = _resolving(find_suivi, lambda suivi: note_visit(suivi, at=timezone.now()))
for_demande = _resolving(find_demande, lambda demande: None)

"""Nothing typed is lost when a session ends: the answers wait until the person is back in.

A form sent without a session is kept in the anonymous session (which sign-in carries over)
and shown again, filled in, on the page it came from: sealed, and for an hour at most. Files are
not kept.
"""

import time
from typing import Final

from django.http import HttpRequest, QueryDict

from demarches.files.sealing import SecretDamaged, seal, unseal

PURPOSE: Final = "demarches.replay"
KEPT_SECONDS: Final = 3600
SESSION_KEY = "typed_before_sign_in"
#: What was typed on a page that another one has taken the place of.
MOVED_KEY = "typed_on_a_former_page"
MAX_LENGTH = 20_000


def keep_for_after_sign_in(request: HttpRequest) -> None:
    """Remember what this POST carried; a body that is too long is not kept."""
    if request.method == "POST":
        _keep(request, SESSION_KEY, request.path, request.POST)


def _keep(request: HttpRequest, key: str, path: str, posted: QueryDict) -> None:
    typed = posted.copy()
    typed.pop("csrfmiddlewaretoken", None)
    encoded = typed.urlencode()
    if typed and len(encoded) <= MAX_LENGTH:
        request.session[key] = {
            "path": path,
            "typed": seal(encoded, purpose=PURPOSE),
            "until": time.time() + KEPT_SECONDS,
        }


def take_back(request: HttpRequest) -> QueryDict | None:
    """What was typed on this page before signing in, once; None when there is nothing."""
    return _take(request, SESSION_KEY)


def hand_on(request: HttpRequest, *, to: str) -> None:
    """Keep what was typed on this page, now or before signing in, for the one at the path `to`."""
    typed = request.POST if request.method == "POST" else take_back(request)
    if typed is not None:
        _keep(request, MOVED_KEY, to, typed)


def take_over(request: HttpRequest) -> dict[str, str]:
    """What was typed on a page whose place this one has taken, once: a part of this page."""
    kept = _take(request, MOVED_KEY)
    return kept.dict() if kept else {}  # type: ignore[return-value]


def _take(request: HttpRequest, key: str) -> QueryDict | None:
    kept = request.session.get(key)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[key]
    if kept["until"] < time.time():
        return None
    try:
        return QueryDict(unseal(kept["typed"], purpose=PURPOSE))
    except SecretDamaged:
        return None

"""Nothing typed is lost when a session ends: the answers wait until the person is back in.

A form sent without a session is kept in the anonymous session (which sign-in carries over)
and shown again, filled in, on the page it came from. Files are not kept.
"""

from django.http import HttpRequest, QueryDict

SESSION_KEY = "typed_before_sign_in"
MAX_LENGTH = 20_000


def keep_for_after_sign_in(request: HttpRequest) -> None:
    """Remember what this POST carried; a body that is too long is not kept."""
    if request.method != "POST":
        return
    typed = request.POST.copy()
    typed.pop("csrfmiddlewaretoken", None)
    encoded = typed.urlencode()
    if typed and len(encoded) <= MAX_LENGTH:
        request.session[SESSION_KEY] = {"path": request.path, "typed": encoded}


def take_back(request: HttpRequest) -> QueryDict | None:
    """What was typed on this page before signing in, once; None when there is nothing."""
    kept = request.session.get(SESSION_KEY)
    if not kept or kept["path"] != request.path:
        return None
    del request.session[SESSION_KEY]
    return QueryDict(kept["typed"])

"""A button of the desk answers in place: the parts of the page that changed, and nothing else.

With script, the same POST carries `X-Desk: fragment` and gets the parts with their ids, which
take the place of those on the page; without it, the page comes back by a redirection. Both are
made by the same template, so that they never say two things (`static/js/desk.js`).
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.cache import patch_vary_headers


def wants_fragment(request: HttpRequest) -> bool:
    """Whether the page itself asks, and puts the answer in its place."""
    return request.headers.get("X-Desk") == "fragment"


def page_or_parts(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    is_whole: bool = False,
) -> HttpResponse:
    """The whole page, or its partial « answer » for whoever has the page already.

    `status`: 200 done, 409 somebody was first, 422 refused; the same for both. `is_whole`: the
    page that they have is old, so that its parts alone would be decided beside what is no more.
    """
    name = f"{template}#answer" if wants_fragment(request) and not is_whole else template
    response = TemplateResponse(request, name, context, status=status)
    patch_vary_headers(response, ["X-Desk"])
    return response

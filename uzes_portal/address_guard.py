"""No private number in the address of a page: a search is a GET, and addresses are logged."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string

from demarches.typed.guard import TextRefused, check_text

#: Where servers keep the address as it came, and from where they write it into their access log.
RAW_ADDRESSES = ("RAW_URI", "REQUEST_URI")


class AddressGuardMiddleware:
    """Answer 400 to an address whose values hold a NIR, an IBAN or a card, or have no end.

    Before any view, session or log of ours; the number is neither shown again nor searched for.
    It is also taken out of the environment of the request, from which an application server
    writes its access log after the answer, and the page of refusal sends no `Referer`. The log of
    a proxy in front is for its own settings: see docs/operations.md.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            for name, values in request.GET.lists():
                for text in (name, *values):
                    check_text(text)
        except TextRefused as refused:
            self._forget(request)
            # The message, without the signs that show the place: nothing of it is repeated here.
            page = render_to_string(
                "400_address.html", {"is_too_long": refused.code == "max_length"}
            )
            return HttpResponse(
                page,
                status=400,
                headers={"Referrer-Policy": "no-referrer", "Cache-Control": "no-store"},
            )
        return self.get_response(request)

    def _forget(self, request: HttpRequest) -> None:
        request.GET = QueryDict("")
        request.META["QUERY_STRING"] = ""
        for name in RAW_ADDRESSES:
            if name in request.META:
                request.META[name] = request.META[name].partition("?")[0]

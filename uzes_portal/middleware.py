"""Headers that protect private pages in browsers and shared caches."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers


class PrivacyHeadersMiddleware:
    """Forbid other origins to embed our answers, and any cache to keep a signed-in page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        # `session.accessed` is true as soon as the answer depended on who is asking; an
        # anonymous reader has no session key, and their page may be cached.
        if request.session.session_key is not None and "Cache-Control" not in response:
            add_never_cache_headers(response)
        return response

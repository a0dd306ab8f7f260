"""The languages of the public pages that have more than French.

The language stands in the address, `?langue=en`, and nowhere else: no cookie, no session. A page
names the languages it has; asked for another one it is in French, and its links go on carrying
what was asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import get_language_info

FRENCH = "fr"
ENGLISH = "en"
PARAMETER = "langue"
#: How the list is offered in each language besides French, in that language.
INVITATIONS: Mapping[str, str] = {
    ENGLISH: "In English",
    "it": "In italiano",
    "es": "En español",
    "pt": "Em português",
}
#: The languages besides French of a whole page, and of the list of papers.
PAGES = (ENGLISH,)
LIST = (ENGLISH, "it", "es", "pt")


@dataclass(frozen=True, slots=True)
class Version:
    """One language of the page that is shown."""

    code: str
    #: In that language.
    name: str
    url: str
    is_current: bool


def asked_language(request: HttpRequest, among: tuple[str, ...]) -> str:
    """The language that the address asks for; French when it is none of these."""
    asked = request.GET.get(PARAMETER, "")
    return asked if asked in among else FRENCH


def in_address(url: str, language: str) -> str:
    """The address that asks for this language; French is never written."""
    if language == FRENCH:
        return url
    path, _, query = url.partition("?")
    return f"{path}?{query}{'&' if query else ''}{PARAMETER}={language}"


def language_name(code: str) -> str:
    """« Español »: short enough for all of them to stand in one line of a phone."""
    name: str = get_language_info(code)["name_local"]
    return name.capitalize()


def versions(request: HttpRequest, among: tuple[str, ...], current: str) -> list[Version]:
    """The same page in each of its languages, French first."""
    query = request.GET.copy()
    query.pop(PARAMETER, None)
    url = f"{request.path}?{query.urlencode()}" if query else request.path
    return [
        Version(code, language_name(code), in_address(url, code), code == current)
        for code in (FRENCH, *among)
    ]


def render_in(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    among: tuple[str, ...] = PAGES,
    status: int = 200,
) -> HttpResponse:
    """Render a page that has these languages besides French, in the one its address asks for."""
    language = asked_language(request, among)
    with translation.override(language):
        spoken = {"versions": versions(request, among, language)}
        response = render(request, template, {**(context or {}), **spoken}, status=status)
    response["Content-Language"] = language
    return response

"""A page as its reader has it: opened at one moment, and pressed at another."""

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, Self, override

from django.test import Client

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse

# What a `Client` gives.
type Answer = _MonkeyPatchedWSGIResponse


class _Forms(HTMLParser):
    """The hidden fields of every form, by the address it is sent to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((values.get("action", ""), {}))
        elif tag == "input" and values.get("type") == "hidden" and self.found:
            self.found[-1][1][values.get("name", "")] = values.get("value", "")


@dataclass(frozen=True)
class Page:
    """One tab of one browser."""

    client: Client
    url: str
    response: Any

    @classmethod
    def open(cls, client: Client, url: str) -> Self:
        response = client.get(url)
        assert response.status_code == 200, (url, response.status_code)
        return cls(client, url, response)

    @property
    def html(self) -> str:
        return str(self.response.content.decode())

    def fields(self, action: str = "") -> dict[str, str]:
        """What the form sent to this address carries; « lu » says what was read."""
        parser = _Forms()
        parser.feed(self.html)
        # Forms without an address of their own are sent to the page itself.
        return next(
            fields
            for sent_to, fields in parser.found
            if (sent_to or self.url) == (action or self.url)
        )

    def press(self, data: dict[str, Any] | None = None, *, action: str = "") -> Any:
        """Send the form as this page has it, however old the page is by now."""
        return self.client.post(action or self.url, {**self.fields(action), **(data or {})})


def plain(html: str) -> str:
    """The words of a page, with plain spaces."""
    text = unescape(re.sub(r"<[^>]*>", " ", html)).replace("\u00a0", " ")
    return " ".join(text.split())


def answered(page: Any) -> Answer:
    """The redirection by which a POST led to this page (`tests/conftest.py`)."""
    answer: Answer = page.answered
    return answer


def press(client: Client, url: str, data: dict[str, Any] | None = None, *, action: str = "") -> Any:
    """Open a page and press its button at once."""
    return Page.open(client, url).press(data, action=action)


class Reader(Client):
    """A browser whose person opens the page a form stands on just before sending it."""

    @override
    def post(self, path: Any, data: Any = None, *args: Any, **kwargs: Any) -> Any:
        sent = dict(data or {})
        return super().post(path, {**self._read(path), **sent}, *args, **kwargs)

    def _read(self, path: str) -> dict[str, str]:
        """What the nearest page above the address says it showed, if any does."""
        for depth in range(3):
            page = "/".join(path.rstrip("/").split("/")[: -depth or None]) + "/"
            response = self.get(page)
            if response.status_code != 200:
                continue
            parser = _Forms()
            parser.feed(response.content.decode())
            for action, fields in parser.found:
                if (action or page) == path and "lu" in fields:
                    return {"lu": fields["lu"]}
        return {}

"""Every page that a link leads to: each id once, each element closed where it should be."""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from tinyhtml5.parser import HTMLParser

from demarches.models import User
from pacs.models import Dossier
from tests.support.dossiers import bring_everything, make_dossier, send
from tests.support.followups import make_demande

#: Pages looked at from one start; the plans of the Carte Vitale are hundreds of the same page.
MOST, MOST_ALIKE = 60, 4
LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]+)')


def crawl(client: Client, start: str) -> Iterator[tuple[str, str]]:
    """The pages that links lead to, by a person who presses nothing: address and text."""
    todo, seen, alike = deque([start]), {start}, Counter[str]()
    shown = 0
    while todo and shown < MOST:
        url = todo.popleft()
        path = urlsplit(url).path
        kind = re.sub(r"[A-Z]+-\d{4}-\d+-\w|\d+", "·", path)
        alike[kind] += 1
        if alike[kind] > MOST_ALIKE:
            continue
        answer: Any = client.get(url, follow=True)
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        html = answer.content.decode()
        shown += 1
        yield url, html
        for link in LINK.findall(html):
            target = urljoin(url, unescape(link))
            is_ours = target.startswith("/") and not target.startswith(("//", "/static/"))
            if is_ours and target not in seen:
                seen.add(target)
                todo.append(target)


def wrong_in(html: str) -> list[str]:
    """Ids that stand twice, and what a browser would have to mend."""
    ids = Counter(re.findall(r'<[^>]*\sid="([^"]*)"', html))
    found = [f"id « {name} » {count} times" for name, count in ids.items() if count > 1]
    parser = HTMLParser()
    parser.parse(html)
    return found + [str(error) for error in parser.errors]


def test_the_check_sees() -> None:
    page = "<!doctype html><html lang=fr><title>x</title><p id=a>{}</p>"

    assert wrong_in(page.format("")) == []
    assert wrong_in('<!doctype html><title>x</title><p id="a"></p><p id="a"></p>')
    assert wrong_in(page.format("<div></div>"))
    assert wrong_in(page.format("<b>"))


@pytest.mark.parametrize("who", ["nobody", "draft", "sent", "vitale"])
def test_every_page_is_well_formed(
    who: str,
    reference_data: None,
    alice: User,
    bob: User,
    client: Client,
    client_of: Callable[[User | None], Client],
) -> None:
    browser, start = client_of(alice), "/mes-demarches/"
    if who == "nobody":
        browser, start = client, "/"
    elif who == "vitale":
        make_demande(alice)
    else:
        dossier: Dossier = make_dossier(alice, bob)
        if who == "sent":
            bring_everything(dossier)
            send(dossier)

    pages = [(url, wrong_in(html)) for url, html in crawl(browser, start)]

    assert len(pages) > 8
    assert {url: found for url, found in pages if found} == {}

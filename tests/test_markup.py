"""Every page that a link leads to: each id once, each element closed where it should be."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from tinyhtml5.parser import HTMLParser

from demarches.models import User
from pacs.models import Dossier
from tests.support.crawl import crawl
from tests.support.dossiers import bring_everything, make_dossier, send
from tests.support.followups import make_demande

#: Pages looked at from one start; the plans of the Carte Vitale are hundreds of the same page.
MOST, MOST_ALIKE = 60, 4
#: Forms sent empty that come back with what is wrong, at least.
REFUSED = {"nobody": 4, "draft": 10, "sent": 5, "vitale": 3, "agent": 0}


def pages_of(client: Client, start: str) -> Iterator[tuple[str, str]]:
    """What this person comes to by links, redirections followed."""

    def read(url: str) -> str:
        answer: Any = client.get(url, follow=True)
        is_page = answer.get("Content-Type", "").startswith("text/html")
        return answer.content.decode() if is_page else ""

    return crawl(read, start, most=MOST, most_alike=MOST_ALIKE)


#: A form of questions: sent to the address of its own page, which says what is wrong.
OWN_FORM = re.compile(r'<form\b(?=[^>]*\bmethod="post")(?=[^>]*\bnovalidate)')


def refused(client: Client, url: str) -> str:
    """The page that comes back when its form is sent empty; "" when it led elsewhere.

    Nothing of it stays: another page is read as it was.
    """
    cookies = deepcopy(client.cookies)  # signing out is a form too
    with transaction.atomic():
        answer: Any = client.post(url, follow=True)
        transaction.set_rollback(True)
    client.cookies = cookies
    is_page = answer.get("Content-Type", "").startswith("text/html")
    return answer.content.decode() if is_page and "error-summary" in answer.text else ""


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


@pytest.mark.parametrize("who", ["nobody", "draft", "sent", "vitale", "agent"])
def test_every_page_is_well_formed(
    who: str,
    reference_data: None,
    alice: User,
    bob: User,
    agent: User,
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
        if who in ("sent", "agent"):
            bring_everything(dossier)
            send(dossier)
        if who == "agent":
            browser, start = client_of(agent), reverse("admin:index")

    pages = list(pages_of(browser, start))
    again = [
        (f"{url}, refused", text)
        for url, html in pages
        if OWN_FORM.search(html) and (text := refused(browser, url))
    ]

    assert len(pages) > 8
    assert len(again) >= REFUSED[who]
    wrong = [(url, wrong_in(html)) for url, html in (*pages, *again)]
    assert {url: found for url, found in wrong if found} == {}

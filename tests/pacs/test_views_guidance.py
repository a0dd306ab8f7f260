"""The pages to read about the PACS: open to all, no cookie, few queries, links that lead."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

PAGES = ("pacs:home", "pacs:how", "pacs:convention-explained", "pacs:effects")


@pytest.mark.parametrize("name", PAGES)
def test_a_reader_gets_the_page_and_no_cookie(
    name: str, reference_data: None, client: Client
) -> None:
    page = client.get(reverse(name))

    assert page.status_code == 200
    assert dict(page.cookies) == {}
    assert page.content.decode().count("<h1") == 1


@pytest.mark.parametrize(
    ("name", "queries"),
    [("pacs:home", 1), ("pacs:how", 1), ("pacs:convention-explained", 1), ("pacs:effects", 1)],
)
def test_the_pages_ask_the_database_little(
    name: str,
    queries: int,
    reference_data: None,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client.get(reverse(name))  # the hours are compiled once

    with django_assert_num_queries(queries):
        client.get(reverse(name))


@pytest.mark.parametrize("name", PAGES)
def test_every_link_of_the_page_leads_somewhere(
    name: str, reference_data: None, client: Client
) -> None:
    links = re.findall(r'href="(/[^"#?]*)"', client.get(reverse(name)).content.decode())
    ours = {link for link in links if not link.startswith("/static/")}

    answers = {link: client.get(link).status_code for link in ours}

    assert {link: status for link, status in answers.items() if status not in (200, 302)} == {}


def test_the_convention_page_says_what_the_law_says_by_default(
    reference_data: None, client: Client
) -> None:
    text = client.get(reverse("pacs:convention-explained")).content.decode()

    assert text.count("C’est ce que prévoit la loi si la convention n’en dit rien.") == 2
    assert "loi du 15 novembre 1999" in text


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_take_no_post(name: str, reference_data: None, client: Client) -> None:
    assert client.post(reverse(name)).status_code == 405

"""A page that says no: what happened, that nothing is lost, and a way on, to this site alone."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from demarches.templatetags.portal import page_before

HERE = "http://testserver"
#: Those that stand without a request, and those that are asked one.
ALONE = ("400_address.html", "500.html", "503.html")
ASKED = ("400.html", "403.html", "403_csrf.html", "404.html", "413.html", "422.html", "429.html")


@pytest.mark.parametrize(
    ("method", "came_from", "before"),
    [
        ("post", f"{HERE}/pacs/pieces/?date=2027-01-14#liste", "/pacs/pieces/?date=2027-01-14"),
        ("post", f"{HERE}/la/", "/la/"),
        ("get", f"{HERE}/la/", ""),
        ("get", f"{HERE}/plan/", "/plan/"),
        ("post", "https://ailleurs.example/la/", ""),
        ("post", f"{HERE}//ailleurs.example/la/", ""),
        ("post", "", ""),
    ],
)
def test_the_page_before_is_one_of_this_site(method: str, came_from: str, before: str) -> None:
    request = getattr(RequestFactory(), method)(
        "/la/", headers={"referer": came_from, "host": "testserver"}
    )

    assert page_before({"request": request}) == before  # type: ignore[arg-type]


def test_without_a_request_no_page_is_known() -> None:
    assert page_before({}) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [*ALONE, *ASKED])
def test_each_says_that_nothing_is_lost_and_where_to_go(reference_data: None, name: str) -> None:
    request = None
    if name in ASKED:
        request = RequestFactory().get("/la/", headers={"host": "testserver"})
        request.user = AnonymousUser()

    page = render_to_string(name, {"problem": "Trop long."}, request=request)

    main = page[page.index('<main id="contenu"') : page.index("</main>")]
    assert main.count("<h1>") == main.count("Rien n’est perdu") == 1
    assert main.count('class="button"') == 1


def test_a_page_that_is_none_leads_back_to_the_one_that_named_it(
    reference_data: None, client: Client
) -> None:
    headers = {"referer": f"{HERE}/plan-du-site/", "host": "testserver"}
    page = client.get("/nulle-part/", headers=headers)

    assert page.status_code == 404
    assert '<a href="/plan-du-site/">Revenir à la page d’avant</a>' in page.content.decode()

"""How long the list of the hard couple is on a phone, in each language."""

from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from playwright.sync_api import Browser

from demarches.web.languages import FRENCH, LIST, PARAMETER
from tests.e2e.conftest import PHONE
from tests.pacs.simulator_answers import ITALIAN_WIDOW, params_of

pytestmark = pytest.mark.e2e

#: Pixels of the page of the list, the footer included.
MAX_LIST = 3_500
#: A French citizen whose French birth record says the divorce.
BORN_IN_ORAN = {"origine": "etranger_francaise", "acte_francais": "oui"}
BORN_IN_ORAN |= {"situation": "divorce", "divorce_inscrit": "oui"}


def test_the_list_of_the_hard_couple_is_short_in_every_language(
    browser: Browser, site: str
) -> None:
    """Words of another language are longer; the page may not be."""
    wished = date.today() + timedelta(days=60)  # noqa: DTZ011 -- a day to write, not a rule
    answers = params_of(
        ITALIAN_WIDOW, BORN_IN_ORAN, convention="personnalisee", date=wished.isoformat()
    )
    context = browser.new_context(viewport=PHONE, locale="fr-FR")
    page = context.new_page()
    heights = {}
    for language in (FRENCH, *LIST):
        query = urlencode(answers | {PARAMETER: language})
        page.goto(f"{site}{reverse('pacs:simulator')}?{query}")
        assert page.get_attribute("html", "lang") == language
        assert page.locator("[data-piece]").count() > 10
        heights[language] = page.evaluate("document.documentElement.scrollHeight")
    context.close()

    assert {one: height for one, height in heights.items() if height > MAX_LIST} == {}

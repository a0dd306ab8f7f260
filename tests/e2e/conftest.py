"""A running portal and a browser; every page that is visited is examined by axe."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)
from post_office.models import Email
from pytest_django.live_server_helper import LiveServer

from demarches.mail.emails import mail_text
from demarches.models import User
from tests.support.album import take_pictures
from tests.support.chromium import launch_options
from tests.support.reference import load

# Playwright's own loop runs in this thread; the tests are the only ones to use the ORM here.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

expect.set_options(timeout=60_000)  # a busy machine is slow, not wrong

PHONE = ViewportSize(width=360, height=740)
DESKTOP = ViewportSize(width=1280, height=900)


@pytest.fixture(scope="session")
def assets() -> None:
    """The style sheet and the font, as the portal builds them at its start."""
    call_command("build_assets", verbosity=0)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**launch_options())
        yield chromium
        chromium.close()


@pytest.fixture
def site(assets: None, transactional_db: None, live_server: LiveServer, settings: Any) -> str:
    """The address of the portal, loaded with Uzès; the limits of a house do not apply to it."""
    load(
        "mairie",
        "opening_hours",
        "agendas",
        "pacs_settings",
        "pacs_pieces",
        "groups",
        "refusal_reasons",
        "message_templates",
    )
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10_000, 60))
    settings.SITE_URL = live_server.url
    # The live server speaks plain HTTP, over which a Secure cookie is not sent.
    settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE = "sessionid", False
    settings.CSRF_COOKIE_NAME, settings.CSRF_COOKIE_SECURE = "csrftoken", False
    settings.DEVICE_COOKIE_NAME = "device"
    return live_server.url


class Visitor:
    """A person in a browser of their own; every page they see must please axe and the policy."""

    def __init__(
        self, context: BrowserContext, site: str, *, has_script: bool, by_keyboard: bool = False
    ) -> None:
        self.site = site
        #: Without it nothing can be measured inside the page: only the journey counts.
        self.has_script = has_script
        self.by_keyboard = by_keyboard
        context.set_default_timeout(60_000)  # a busy machine is slow, not wrong
        self.page: Page = context.new_page()
        self.context = context
        self.troubles: list[str] = []
        self.seen: set[str] = set()
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))
        self.page.on("request", self._watch)

    def _listen(self, message: ConsoleMessage) -> None:
        # The browser itself tells 4xx answers there; those are expected.
        if message.type == "error" and "status of 4" not in message.text:
            self.troubles.append(message.text)

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.site, "data:", "blob:", "about:")):
            self.troubles.append(f"foreign request: {request.url}")

    def go(self, path: str) -> None:
        self.page.goto(self.site + path if path.startswith("/") else path)
        self.examine()

    def examine(self) -> None:
        """axe, the width, one h1; what the policy refuses comes by the console."""
        self.page.wait_for_load_state()  # a click returns as soon as the next page begins
        self.seen.add(urldefrag(self.page.url).url)  # a place on a page is no other page
        if not self.has_script or self.by_keyboard:
            return  # the same pages are examined when the mouse walks them
        violations = Axe().run(self.page).response["violations"]
        self.troubles += [
            f"{self.page.url}: {v['id']} {v['nodes'][0]['html'][:160]}" for v in violations
        ]
        wide = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        if wide > 0:
            self.troubles.append(f"{self.page.url}: {wide} px too wide")
        if self.page.locator("h1").count() != 1:
            self.troubles.append(f"{self.page.url}: not one h1")
        take_pictures(self.page)

    def press(self, name: str, *, exact: bool = False) -> None:
        """Push a button by its words, then examine what comes."""
        self.act_on(self.page.get_by_role("button", name=name, exact=exact).first)

    def follow(self, name: str) -> None:
        self.act_on(self.page.get_by_role("link", name=name).first)

    def act_on(self, control: Locator) -> None:
        """Click, or Enter by the keyboard, then examine the page that comes.

        The browser goes on showing the old page until the new one answers, however late.
        """
        if self.by_keyboard:
            self.reach(control)
        with self.page.expect_navigation():
            if self.by_keyboard:
                self.page.keyboard.press("Enter")
            else:
                control.click()
        self.examine()

    def unfold(self, summary: Locator) -> None:
        """Open what is folded, on the same page."""
        if not self.by_keyboard:
            summary.click()
            return
        self.reach(summary)
        self.page.keyboard.press("Enter")

    def choose(self, label: str) -> None:
        """A choice by its words."""
        self.page.get_by_label(label, exact=True).check()

    def tick(self, name: str, value: str | None = None) -> None:
        """A radio by its value, or a box."""
        choice = self.page.locator(f"input[name={name}]" + (f"[value='{value}']" if value else ""))
        if not self.by_keyboard:
            choice.first.check()
            return
        group = self.page.locator(f"input[name={name}]")
        checked = self.page.locator(f"input[name={name}]:checked")
        self.reach(checked.first if checked.count() else group.first)
        self.page.keyboard.press("Space")
        for _ in range(group.count()):
            if choice.first.is_checked():
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{name}={value} cannot be chosen by the keyboard")

    def pick(self, name: str, value: str) -> None:
        """One option of a list."""
        control = self.page.locator(f"select[name={name}]")
        if not self.by_keyboard:
            control.select_option(value)
            return
        self.reach(control)
        self.page.keyboard.type(control.locator(f"option[value='{value}']").inner_text())
        assert control.input_value() == value

    def check(self, box: Locator) -> None:
        """One box among several of the same name."""
        if not self.by_keyboard:
            box.check()
            return
        self.reach(box)
        self.page.keyboard.press("Space")
        assert box.is_checked()

    def fill(self, label: str, value: str) -> None:
        self.write(self.page.get_by_label(label).first, value)

    def write(self, control: Locator, value: str) -> None:
        """Type in a box, in place of what it holds."""
        if not self.by_keyboard:
            control.fill(value)
            return
        self.reach(control)
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(value)

    def attach(self, control: Locator, file: Path) -> None:
        """Give a file to a box."""
        control.set_input_files(file)

    def reach(self, control: Locator) -> None:
        """Press Tab until this control has the focus, and see that the focus shows."""
        here = "it => it === document.activeElement"
        for _ in range(250):
            if control.evaluate(here):
                ring = "it => getComputedStyle(it).outlineStyle !== 'none' || it.type === 'radio'"
                assert control.evaluate(ring), "the focus does not show"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{control} cannot be reached by the keyboard")

    def sign_in(self, email: str) -> None:
        """By the code sent by mail, read in the outbox."""
        self.fill("Adresse e-mail", email)
        self.press("Recevoir un code")
        self.type_code(email)
        self.press("Entrer", exact=True)

    def type_code(self, email: str) -> None:
        """Type the code of the latest mail to this address."""
        message = mail_text(Email.objects.filter(to=[email]).latest("pk"))
        found = re.search(r"^\s*(\d{4}[ \u00a0]?\d{2,4})\s*$", message, re.MULTILINE)
        assert found, message
        self.write(self.page.locator("input[name=code]"), found[1])

    @property
    def path(self) -> str:
        # A redirection carries over the mark of the page before.
        return self.page.url.removeprefix(self.site).partition("#")[0]


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[Callable[..., Visitor]]:
    """Make visitors; at the end, none of them may have met a trouble."""
    visitors: list[Visitor] = []

    def make(*, by_keyboard: bool = False, **options: Any) -> Visitor:
        context = browser.new_context(**{"viewport": PHONE, "locale": "fr-FR", **options})
        script = bool(options.get("java_script_enabled", True))
        visitors.append(Visitor(context, site, has_script=script, by_keyboard=by_keyboard))
        return visitors[-1]

    yield make
    troubles = [trouble for one in visitors for trouble in one.troubles]
    for one in visitors:
        one.context.close()
    assert troubles == []


@pytest.fixture
def signed_in(site: str, visitor: Callable[..., Visitor]) -> Callable[..., Visitor]:
    """A visitor who already has a session."""

    def make(user: User, **options: Any) -> Visitor:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        one = visitor(**options)
        session = client.cookies["sessionid"].value
        one.context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
        return one

    return make

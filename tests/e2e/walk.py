"""A person who walks from page to page, and what it costs them: pages, taps, fields.

A page is one HTML document shown in the window; a redirection, a PDF or a mail is none. A tap is
one activation of a link, a button, a radio, a box or the line of a fold. A field is one control
typed into, chosen from, or given files; a date in three boxes is three. Choosing a file in the
phone's own window and reading one's mail cost nothing; the tap on a mail's link does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Request, Response

from tests.e2e.conftest import Visitor

#: Counts again, in the page itself, what really reached it.
COUNTER = """(() => {
  // The window's name outlives the pages, even one that clears what the site keeps.
  const add = (place) => {
    const counts = JSON.parse(window.name || "[0, 0]");
    counts[place] += 1;
    window.name = JSON.stringify(counts);
  };
  const filled = new Set();
  addEventListener("click", (event) => {
    if (event.isTrusted && event.target.closest("a, button, summary")) add(0);
  }, true);
  const fill = ({target}) => {
    if (["radio", "checkbox"].includes(target.type) || filled.has(target)) return;
    filled.add(target);
    add(1);
  };
  addEventListener("input", fill, true);
  addEventListener("change", (event) => {
    if (["radio", "checkbox"].includes(event.target.type)) add(0);
    else fill(event);
  }, true);
})()"""


@dataclass(slots=True)
class Shown:
    """One page of the walk, and what was done on it."""

    title: str
    #: Seconds the server took, redirections on the way included.
    seconds: float
    #: Of the HTML alone.
    size: int
    #: Pixels of the header of the site; 0 where there is none.
    header: int
    taps: int = 0
    fields: int = 0
    #: Inside a procedure, where the header is the quiet one.
    is_inside: bool = False


class Walker(Visitor):
    """A visitor whose every act is counted; the hand of the walks."""

    def __init__(self, context: BrowserContext, site: str, *, has_script: bool) -> None:
        if has_script:
            context.add_init_script(COUNTER)
        super().__init__(context, site, has_script=has_script)
        self.walk: list[Shown] = []
        self.mails_opened = 0
        self._document: Response | None = None
        self.page.on("response", self._receive)

    def _receive(self, response: Response) -> None:
        is_page = response.request.is_navigation_request() and response.frame.parent_frame is None
        if is_page and "text/html" in response.headers.get("content-type", ""):
            self._document = None if 300 <= response.status < 400 else response

    def examine(self) -> None:
        super().examine()
        document, self._document = self._document, None
        if document is None:
            return  # nothing new was shown
        seconds = 0.0
        request: Request | None = document.request
        while request is not None:
            times = request.timing
            seconds += max(times["responseStart"] - times["requestStart"], 0) / 1000
            request = request.redirected_from
        header = self.page.locator("body > header").first.bounding_box()
        self.walk.append(
            Shown(
                title=self.page.title(),
                seconds=seconds,
                size=len(document.body()),
                header=round(header["height"]) if header else 0,
                is_inside=self.path.startswith(("/pacs/PACS-", "/pacs/pieces/")),
            )
        )

    def page_height(self) -> int:
        """Pixels from the top of the page to its end."""
        height: int = self.page.evaluate("document.documentElement.scrollHeight")
        return height

    # What counts

    def act_on(self, control: Locator) -> None:
        self.walk[-1].taps += 1
        if self.has_script and control.evaluate("one => one.type === 'submit' && !!one.form"):
            # A form may first finish sending its files: the page comes later than the click.
            with self.page.expect_navigation():
                control.click()
            self.examine()
        else:
            super().act_on(control)

    def tick(self, name: str, value: str | None = None) -> None:
        self.walk[-1].taps += 1
        super().tick(name, value)

    def check(self, box: Locator) -> None:
        self.walk[-1].taps += 1
        super().check(box)

    def choose(self, label: str) -> None:
        self.walk[-1].taps += 1
        super().choose(label)

    def pick(self, name: str, value: str) -> None:
        self.walk[-1].fields += 1
        super().pick(name, value)

    def write(self, control: Locator, value: str) -> None:
        self.walk[-1].fields += 1
        super().write(control, value)

    def attach(self, control: Locator, file: Path) -> None:
        self.walk[-1].fields += 1
        super().attach(control, file)

    def go(self, path: str) -> None:
        """Type an address: only where a walk begins."""
        assert not self.walk, "a walk goes on by what the pages offer"
        super().go(path)

    def open_mail(self, link: str) -> None:
        """Tap on the link of a mail, in this person's own browser."""
        super().go(link)
        self.walk[-1].taps += 1
        self.mails_opened += 1

    def in_page_counts(self) -> tuple[int, int]:
        """Taps and fields, as the pages themselves saw them."""
        taps, fields = self.page.evaluate("JSON.parse(window.name || '[0, 0]')")
        return taps, fields


@dataclass(frozen=True, slots=True)
class Counts:
    """What a whole walk costs."""

    pages: int
    taps: int
    fields: int

    @property
    def acts(self) -> int:
        return self.taps + self.fields


def counts_of(walk: Iterable[Shown]) -> Counts:
    """The sums of a walk."""
    pages = list(walk)
    return Counts(len(pages), sum(one.taps for one in pages), sum(one.fields for one in pages))

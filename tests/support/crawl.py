"""The pages that links lead to, for somebody who presses nothing."""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]+)')
#: References and numbers: pages that differ by them alone are the same page.
NUMBERS = re.compile(r"[A-Z]+-\d{4}-\d+-\w|\d+")


def crawl(
    read: Callable[[str], str], start: str, *, most: int, most_alike: int
) -> Iterator[tuple[str, str]]:
    """Address and text of each page, the nearest first; `read` gives "" for what is no page.

    No more than `most` in all, and `most_alike` of one kind: plans and days are hundreds.
    """
    todo, seen, alike, shown = deque([start]), {start}, Counter[str](), 0
    while todo and shown < most:
        url = todo.popleft()
        kind = NUMBERS.sub("·", urlsplit(url).path)
        alike[kind] += 1
        if alike[kind] > most_alike or not (html := read(url)):
            continue
        shown += 1
        yield url, html
        for link in LINK.findall(html):
            target = urljoin(url, unescape(link))
            is_ours = target.startswith("/") and not target.startswith(("//", "/static/"))
            if is_ours and target not in seen:
                seen.add(target)
                todo.append(target)

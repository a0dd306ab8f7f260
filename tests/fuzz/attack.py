"""Walk every page of every actor, then send what nobody types, and see what must hold.

Everything is drawn from one seed. Each input runs in a savepoint that is rolled back: the scene
stays as it was made, and an input that fails can be sent again alone.
"""

import random
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

from django.db import transaction
from django.urls import Resolver404, resolve

from tests.fuzz.pages import Form, PageReader
from tests.fuzz.scene import Actor
from tests.fuzz.values import METHODS, PARAMETERS, SHAPES, Fields, hostile

#: How many pages of one address an actor looks at: verbs, steps, pieces.
MOST_WORDS = 8
#: An input may take so many times what the honest page took; below the floor nothing is noticed.
TIMES_SLOWER = 40
FLOOR_SECONDS = 0.05
#: A document costs ten pages: it is asked for as often as they allow.
PDF_SHARE = 0.1
FRENCH = (b'lang="fr"', b'id="contenu"'), (b'lang="fr"', b'id="content-start"')


@dataclass(frozen=True)
class Target:
    """A page or a form of one actor."""

    actor: Actor
    url: str
    name: str
    form: Form | None = None


@dataclass
class Report:
    """What was sent and what came of it."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    targets: set[str] = field(default_factory=set)
    failures: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True)
class Input:
    """One request, to be sent again as it is."""

    method: str
    url: str
    body: str = ""
    multipart: bool = False


class Walk:
    """The pages each actor reaches, with the processor time each took."""

    def __init__(self, actors: list[Actor]) -> None:
        self.targets: list[Target] = []
        self.seconds: dict[str, float] = {}
        self.failures: dict[str, list[str]] = defaultdict(list)
        for actor in actors:
            self._walk(actor)

    def _walk(self, actor: Actor) -> None:
        waiting = [*actor.starts] or ["/", "/plan-du-site/", "/compte/connexion/"]
        seen: Counter[tuple[str, ...]] = Counter()
        while waiting:
            url = waiting.pop(0)
            name = view_name(url)
            # Whoever has rows of their own walks these; the rest is walked once, by nobody.
            own = not actor.starts or url.startswith(actor.starts)
            if not own or not name or name.endswith("logout"):
                continue
            if is_document(name) and name in self.seconds:
                continue
            match = resolve(urlsplit(url).path)
            words = [
                str(v) for k, v in match.kwargs.items() if k in {"slug", "verb", "key", "step"}
            ]
            kind = (name, *words)
            if seen[kind] >= actor.variants or len([k for k in seen if k[0] == name]) > MOST_WORDS:
                continue
            seen[kind] += 1
            began = time.thread_time()
            response = send(actor, Input("GET", url))
            spent = time.thread_time() - began
            self.seconds[name] = max(spent, self.seconds.get(name, 0))
            self.targets.append(Target(actor, url, name))
            if isinstance(response, str) or response.status_code >= 500:
                self.failures[f"GET {name}"].append(f"{actor.name} {url}\n{response}")
                continue
            if response.status_code in {301, 302}:
                waiting.append(urljoin(url, response["Location"]))
            if response.get("Content-Type", "").startswith("text/html") and not response.streaming:
                page = PageReader(response.content.decode())
                waiting += [urljoin(url, link) for link in page.links if _is_ours(link)]
                for form in page.forms:
                    action = urljoin(url, form.action or url)
                    if (sent_to := view_name(action)) and _is_ours(action):
                        self.targets.append(Target(actor, action, sent_to, form))


def _is_ours(link: str) -> bool:
    return urlsplit(link).scheme == "" and urlsplit(link).netloc == "" and not link.startswith("#")


def view_name(url: str) -> str:
    """The name of the address; empty for what is no page of ours."""
    try:
        return resolve(urlsplit(url).path).view_name or ""
    except Resolver404:
        return ""


def send(actor: Actor, one: Input) -> Any:
    """The answer, or the traceback of what the portal did not catch."""
    cookies = actor.client.cookies.output()
    kept = dict(actor.client.cookies.items())
    extra: dict[str, Any] = {"content_type": "application/x-www-form-urlencoded"}
    data = one.body.encode("ascii", "replace")
    if one.multipart:
        data = multipart(one.body)
        extra["content_type"] = "multipart/form-data; boundary=fuzz"
    try:
        with transaction.atomic():
            path, _, query = one.url.partition("?")
            response = actor.client.generic(
                one.method, path, data if one.method != "GET" else b"", QUERY_STRING=query, **extra
            )
            transaction.set_rollback(True)
    except Exception:  # noqa: BLE001 -- whatever it is, it is told
        return traceback.format_exc()
    finally:
        # A browser that was signed out comes in again.
        if actor.client.cookies.output() != cookies:
            actor.client.cookies.clear()
            for name, morsel in kept.items():
                actor.client.cookies[name] = morsel.value
                actor.client.cookies[name].update(dict(morsel.items()))
    return response


def multipart(body: str) -> bytes:
    """The fields of a query string as a form with files; a name that ends in « ! » is a file."""
    parts = []
    for pair in body.split("&"):
        name, _, value = pair.partition("=")
        content = unquote_to_bytes(value)
        label = unquote_to_bytes(name.removesuffix("%21")).replace(b"\r", b"").replace(b"\n", b"")
        head = b'Content-Disposition: form-data; name="' + label + b'"'
        if name.endswith("%21"):
            shown = content[:300].replace(b"\r", b" ").replace(b"\n", b" ").replace(b'"', b"'")
            head += b'; filename="' + shown + b'.pdf"'
        parts.append(b"--fuzz\r\n" + head + b"\r\n\r\n" + content + b"\r\n")
    return b"".join(parts) + b"--fuzz--\r\n"


def draw(chance: random.Random, target: Target) -> Input:
    """One hostile request for this target."""
    path, _, query = target.url.partition("?")
    if target.form is None:
        choice = chance.random()
        if choice < 0.35:
            parts = path.split("/")
            rank = chance.choice([n for n, part in enumerate(parts) if part] or [0])
            parts[rank] = hostile(chance)
            path = "/".join(parts)
            if not path.startswith("/"):
                path = f"/{path}"
        elif choice < 0.8:
            names = [pair.partition("=")[0] for pair in query.split("&") if pair] + PARAMETERS
            query = "&".join(
                f"{chance.choice(names)}={hostile(chance)}"
                for _ in range(chance.choice([1, 1, 2, 5]))
            )
        method = chance.choice(METHODS) if choice >= 0.8 else chance.choice(["GET", "GET", "POST"])
        return Input(method, f"{path}?{query}")
    fields: Fields = [
        (quote(one.name) + ("%21" if one.is_file else ""), quote(_honest(chance, one), safe=""))
        for one in target.form.fields
        # One button of several is pressed, one box of several is ticked.
    ]
    longest = {quote(one.name): one.longest for one in target.form.fields}
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        if fields:
            rank = chance.randrange(len(fields))
            name = fields[rank][0]
            fields[rank] = (name, hostile(chance, longest=longest.get(name)))
    if chance.random() < 0.35:
        fields = chance.choice(SHAPES)(chance, fields)
    body = "&".join(f"{name}={value}" for name, value in fields)
    if target.form.method == "GET":
        return Input("GET", f"{path}?{body}")
    multipart = target.form.is_multipart and chance.random() < 0.8
    return Input("POST", target.url, body, multipart)


def _honest(chance: random.Random, one: Any) -> str:
    if one.options and chance.random() < 0.8:
        return str(chance.choice(one.options))
    return str(one.value)


def attack(walk: Walk, *, inputs: int, seed: int) -> Report:
    """Send so many inputs, evenly over the kinds of targets; collect what fails."""
    chance = random.Random(seed)
    report = Report()
    for name, failures in walk.failures.items():
        report.failures[name] += failures
    kinds: dict[tuple[str, bool], list[Target]] = defaultdict(list)
    for target in walk.targets:
        kinds[target.name, target.form is not None].append(target)
    usual = median(walk.seconds.values())
    order = sorted(kinds)
    while report.sent < inputs:
        chance.shuffle(order)
        for kind in order[: inputs - report.sent]:
            name = kind[0]
            if is_document(name) and chance.random() > PDF_SHARE:
                continue
            target = chance.choice(kinds[kind])
            one = draw(chance, target)
            began = time.thread_time()
            answer = send(target.actor, one)
            spent = time.thread_time() - began
            report.sent += 1
            report.targets.add(name)
            allowed = max(FLOOR_SECONDS, walk.seconds.get(name, 0), usual) * TIMES_SLOWER
            for wrong in faults(answer, one, spent=spent, allowed=allowed):
                report.failures[f"{wrong} {name}"].append(
                    f"{target.actor.name}: {one!r:.1500}\n{str(answer)[-1800:]}"
                )
            if not isinstance(answer, str):
                report.statuses[answer.status_code] += 1
    return report


def is_document(name: str) -> bool:
    words = ("pdf", "paper", "sheet", "letter", "blank-set", "decision", "preview", "births")
    return any(word in name for word in words)


def faults(answer: Any, one: Input, *, spent: float, allowed: float) -> Iterator[str]:
    """What is wrong with this answer, if anything."""
    if isinstance(answer, str):
        yield "500"
        return
    if answer.status_code >= 500:
        yield str(answer.status_code)
    if spent > allowed:
        yield "slow"
    if 400 <= answer.status_code < 500 and one.method != "HEAD":
        kind = answer.get("Content-Type", "")
        page = b"" if answer.streaming else answer.content
        if kind.startswith("text/html") and not any(
            all(mark in page for mark in marks) for marks in FRENCH
        ):
            yield f"{answer.status_code} without a French page"

"""The example for nginx, by a real nginx: what it keeps is true, and nobody's but everybody's."""

import http.client
import time as clock
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as portal_settings
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from demarches.models import Mairie, User
from demarches.rules.opening_hours import next_change
from demarches.serving import kept_pages
from demarches.serving.kept_pages import pages
from demarches.templatetags.portal import nb
from tests.support.nginx import PROGRAM, STATUS_HEADER, running_nginx
from tests.support.reference import REFERENCE_FIXTURES, load

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="no nginx here")

#: Tuesday, at noon in Uzès: the doors open next in two hours.
NOON = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
SIMULATORS = (
    "/pacs/pieces/?parcours=pacs",
    "/pacs/resultats/already_married/",
    "/pacs/apres/ici/",
    "/vitale/que-dois-je-faire/?situation=perte",
    "/vitale/que-dois-je-faire/plan/?situation=perte&caisse=cpam&voie=guichet",
)
#: A new answer must come within this, whatever the machine does beside; it comes much sooner.
PATIENCE = 120


@dataclass(frozen=True)
class Got:
    """An answer, and between which moments it was asked and given."""

    status: int
    cache: str
    headers: http.client.HTTPMessage
    text: str
    asked: float
    given: float


@dataclass(frozen=True)
class Front:
    port: int
    folder: Path

    def get(self, path: str, *, method: str = "GET", **headers: str) -> Got:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        asked = clock.monotonic()
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=names)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        cache = answer.headers.get(STATUS_HEADER, "")
        return Got(answer.status, cache, answer.headers, text, asked, clock.monotonic())

    def stored(self) -> bytes:
        """All that nginx wrote to its disk."""
        files = (self.folder / "portail").rglob("*")
        return b"".join(one.read_bytes() for one in files if one.is_file())


@pytest.fixture
def front(
    transactional_db: None, live_server: LiveServer, settings: Any, tmp_path: Path
) -> Iterator[Front]:
    load(*REFERENCE_FIXTURES)
    settings.KEPT_PAGES_BYTES = 1024 * 1024
    settings.TRUSTED_PROXY_COUNT = 1
    pages.clear()
    with running_nginx(tmp_path, portal=live_server.thread.port) as port:
        yield Front(port, tmp_path)
    pages.clear()


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute is long for a test."""
    monkeypatch.setattr(kept_pages, "LONGEST_OFFER", timedelta(seconds=1))


def _cookie(client_of: Callable[[User | None], Client], user: User) -> str:
    name = portal_settings.SESSION_COOKIE_NAME
    return f"{name}={client_of(user).cookies[name].value}"


@pytest.mark.usefixtures("noon")
def test_the_second_who_asks_does_not_reach_the_portal(front: Front) -> None:
    first = front.get("/mairie/")
    second = front.get("/mairie/")
    head = front.get("/mairie/", method="HEAD")

    assert [first.cache, second.cache, head.cache] == ["MISS", "HIT", "HIT"]
    assert second.text == first.text
    assert second.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
    assert second.headers["X-Request-ID"] != first.headers["X-Request-ID"]
    # A browser asks again each time; a cache behind this one adds no minute of its own.
    assert second.headers.get_all("Cache-Control") == ["public, max-age=0"]
    assert "Set-Cookie" not in second.headers


@pytest.mark.usefixtures("noon")
def test_who_has_the_page_is_told_that_it_did_not_change(front: Front) -> None:
    known = front.get("/mairie/").headers["ETag"]
    again = front.get("/mairie/", If_None_Match=known)
    other = front.get("/mairie/", If_None_Match='W/"another"')

    assert (again.status, again.cache, again.text) == (304, "HIT", "")
    assert again.headers["ETag"] == known
    assert (other.status, other.cache) == (200, "HIT")


@pytest.mark.usefixtures("noon")
def test_who_is_signed_in_gets_nothing_from_the_cache_and_leaves_nothing_there(
    front: Front, alice: User, client_of: Callable[[User | None], Client]
) -> None:
    hers = _cookie(client_of, alice)
    # The name that nginx cannot read as a variable.
    assert hers.startswith("__Host-")

    before = front.get("/", Cookie=hers)
    assert ("Quitter" in before.text, before.cache, front.stored()) == (True, "", b"")
    assert [front.get("/").cache for _ in range(2)] == ["MISS", "HIT"]
    after = front.get("/", Cookie=hers)
    assert ("Quitter" in after.text, after.cache) == (True, "")
    assert b"Quitter" not in front.stored()
    # Cookies of other sites of the town, and one that nginx would take for « no ».
    for other in (f"a=b; {hers}", "a=b", "0"):
        assert front.get("/", Cookie=other).cache == ""


def test_the_open_data_of_the_rules_keep_their_hour_for_browsers_alone(front: Front) -> None:
    path = "/pacs/regles.json"
    first, second = (front.get(path) for _ in range(2))

    assert [first.cache, second.cache] == ["MISS", "HIT"]
    assert set(second.headers["Cache-Control"].split(", ")) == {"public", "max-age=3600"}
    # Who shows a cookie is answered by the portal, « not modified » included.
    again = front.get(path, Cookie="a=b", If_None_Match=first.headers["ETag"])
    assert (again.status, again.cache) == (304, "")


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("path", SIMULATORS)
def test_no_answer_to_a_questionnaire_is_written_to_the_disk(front: Front, path: str) -> None:
    for _ in range(2):
        got = front.get(path)
        assert (got.status, got.cache) == (200, "MISS")
    assert front.stored() == b""
    assert pages.count == 1, "it is kept in the process"


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize(
    "path", ["/?x=1", "/compte/connexion/", "/fiches/?q=pacs", "/nulle-part/", "/sante/"]
)
def test_what_the_portal_does_not_offer_is_not_kept(front: Front, path: str) -> None:
    assert [front.get(path).cache for _ in range(2)] == ["MISS", "MISS"]
    assert front.stored() == b""


@pytest.mark.usefixtures("noon")
def test_another_host_has_copies_of_its_own(front: Front) -> None:
    assert front.get("/").cache == "MISS"
    assert front.get("/", Host="localhost").cache == "MISS"
    assert front.get("/", Host="localhost").cache == "HIT"


@pytest.mark.usefixtures("noon")
def test_a_compressed_copy_is_for_who_reads_it(front: Front) -> None:
    zipped = [front.get("/", Accept_Encoding="gzip") for _ in range(2)]
    plain = [front.get("/") for _ in range(2)]

    assert [got.cache for got in zipped + plain] == ["MISS", "HIT", "MISS", "HIT"]
    assert [got.headers.get("Content-Encoding") for got in zipped + plain] == [
        *("gzip", "gzip"),
        *(None, None),
    ]


@pytest.mark.usefixtures("noon", "short")
def test_a_correction_waits_for_no_longer_than_what_was_offered(front: Front) -> None:
    front.get("/")
    Mairie.objects.update(name="Mairie de Nîmes")
    changed = clock.monotonic()
    seen = [front.get("/")]
    while "Mairie de Nîmes" not in seen[-1].text:
        seen.append(front.get("/"))
        assert seen[-1].asked < changed + PATIENCE

    # One second was offered, which nginx counts whole.
    assert all(got.asked < changed + 2 for got in seen[:-1])


@pytest.mark.usefixtures("noon", "short")
def test_a_copy_that_is_still_true_is_not_sent_again(front: Front) -> None:
    front.get("/")
    while (got := front.get("/")).cache == "HIT":
        pass

    assert (got.status, got.cache) == (200, "REVALIDATED")
    assert front.get("/").cache == "HIT", "it lives again"


def _turn() -> datetime:
    """When the first door opens after noon."""
    schedule = Mairie.objects.get().schedule(NOON)
    turns = [next_change(one.expression, NOON) for one in schedule.services]
    return min(turn for turn in turns if turn is not None)


def test_it_is_right_at_the_second_the_mairie_opens(front: Front) -> None:
    """Through the turn: what was asked before it is of before, what was asked after it of after."""
    mairie, turn = Mairie.objects.get(), _turn()
    before, after = (
        nb(mairie.schedule(at).today(at).sentence) for at in (turn - timedelta(seconds=1), turn)
    )
    assert before != after
    for _ in range(5):
        wrong, is_judged, caches = _walk_through(front, turn, before, after)
        if is_judged:
            assert wrong == []
            assert "HIT" in caches
            return
    pytest.skip("this machine took more than a second for one page, five times")


def _walk_through(
    front: Front, turn: datetime, before: str, after: str
) -> tuple[list[Any], bool, set[str]]:
    """What was wrong, whether every copy was taken within its margin, what the cache did."""
    pages.clear()
    path = f"/mairie/?semaine={clock.monotonic_ns() % 12}"
    # By whole seconds, as two machines that agree on the hour: nginx's clock is the true one.
    ahead = round((turn - timedelta(seconds=4) - datetime.now(UTC)).total_seconds())
    wrong, caches, is_judged = [], set(), True
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=ahead), tick=True):
        while (asked := timezone.now()) < turn + timedelta(seconds=2):
            got = front.get(path)
            given = timezone.now()
            caches.add(got.cache)
            if got.cache != "HIT" and got.given - got.asked >= 1:
                is_judged = False
            is_right = (asked < turn and before in got.text) or (
                given >= turn and after in got.text
            )
            if not is_right:
                wrong.append((str(asked), got.cache, got.headers.as_string()))
    return wrong, is_judged, caches


def test_just_before_the_turn_no_copy_begins_a_new_life(front: Front) -> None:
    """A « not modified » without a life would make nginx take the one of the first answer."""
    turn = _turn()
    with time_machine.travel(turn - timedelta(seconds=3), tick=False):
        known = front.get("/mairie/").headers["ETag"]
    with time_machine.travel(turn - timedelta(seconds=1), tick=False):
        while front.get("/mairie/").cache == "HIT":
            pass
        got = front.get("/mairie/", If_None_Match=known)
        assert (got.status, got.cache) == (200, "EXPIRED")
    with time_machine.travel(turn, tick=False):
        assert front.get("/mairie/").headers["ETag"] != known

"""Public pages kept in memory: never yesterday's hours, never another person's page."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import ResolverMatch, URLPattern, URLResolver, get_resolver, resolve
from django.utils.csp import LazyNonce

from demarches.guidance.comarquage import import_source
from demarches.models import Closure, Mairie, OpeningHours, RateCounter, Revision, User
from demarches.models.mairie import _load_schedule
from demarches.rules.opening_hours import next_change
from demarches.serving import kept_pages
from demarches.serving.kept_pages import (
    _MARK,
    ANSWERS,
    KeptPage,
    KeptPages,
    Mark,
    _is_for_everybody,
    _page,
    _turn,
    keeps_page,
    pages,
)
from demarches.serving.revision import _tables, content_models
from demarches.templatetags.portal import nb
from demarches.web.request_memory import content_mark
from pacs.models import PacsSettings
from tests.pacs.simulator_answers import FRENCH, ITALIAN_WIDOW, params_of
from tests.support.fiches import fiche_xml, write_zip
from tests.support.present import found, the
from tests.test_headers import faults
from uzes_portal import views
from vitale.models import Fact

pytestmark = [pytest.mark.usefixtures("reference_data", "kept")]

#: Tuesday, at noon in Uzès: both services are as the fixtures say.
NOON = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
PAGES = (
    "/",
    "/mairie/",
    "/mairie/?semaine=2",
    "/fiches/",
    "/fiches/F265/",
    "/fiches/F265/?situation=1",
    "/plan-du-site/",
    "/mentions-legales/",
    "/donnees-personnelles/",
    "/modalites-d-utilisation/",
    "/accessibilite/",
    "/pacs/",
    "/pacs/?langue=en",
    "/pacs/comment-ca-se-passe/",
    "/pacs/convention/",
    "/pacs/ce-que-change-un-pacs/",
    "/pacs/apres/",
    "/pacs/apres/ici/",
    "/pacs/comment-nous-decidons/",
    "/pacs/pieces/",
    f"/pacs/pieces/?{urlencode(params_of())}",
    f"/pacs/pieces/?{urlencode(params_of(FRENCH, ITALIAN_WIDOW))}&langue=es",
    "/pacs/resultats/already_married/",
    "/vitale/",
    "/vitale/que-dois-je-faire/",
    "/vitale/que-dois-je-faire/?situation=perte",
    "/vitale/que-dois-je-faire/plan/?situation=perte&caisse=cpam&voie=guichet",
)
#: Pages whose address tells what somebody answered.
OF_SOMEBODY = (
    "/pacs/pieces/",
    "/pacs/resultats/",
    "/pacs/apres/ici/",
    "/vitale/que-dois-je-faire/",
)
FOR_PROXIES = tuple(path for path in PAGES if not path.startswith(OF_SOMEBODY))
#: By whichever address the page is asked, as a proxy and a browser do.
SECURE: dict[str, Any] = {"secure": True}
NONCE = re.compile(r'nonce="([^"]+)"')
TABLE = re.compile(r'(?:FROM|JOIN) "(\w+)"')


@pytest.fixture
def kept(settings: Any) -> Iterator[None]:
    settings.KEPT_PAGES_BYTES = 1024 * 1024
    pages.clear()
    yield
    pages.clear()


@pytest.fixture
def guide(reference_data: None, tmp_path: Path) -> None:
    import_source(write_zip(tmp_path / "guide.zip", {"F265.xml": fiche_xml("F265")}), at=NOON)


def _read(path: str, **options: Any) -> tuple[str, int]:
    """The page without its nonces, and how many queries it took."""
    with CaptureQueriesContext(connection) as seen:
        answer = Client().get(path, **options)
    assert answer.status_code == 200, path
    return NONCE.sub("", answer.text), len(seen)


def _with_token(request: HttpRequest) -> HttpResponse:
    return HttpResponse(get_token(request))


def _routes(resolver: URLResolver) -> Iterator[URLPattern]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from _routes(one)
        else:
            yield one


# Kept


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_made_once_and_then_takes_one_query(path: str) -> None:
    with time_machine.travel(NOON, tick=False):
        first, cost = _read(path)
        again, one = _read(path)
    assert (again, one) == (first, 1)
    assert cost > 1


def test_each_answer_has_a_nonce_of_its_own_the_one_of_its_policy() -> None:
    seen = set()
    for _ in range(3):
        answer = Client().get("/pacs/pieces/")
        nonces = set(NONCE.findall(answer.text))
        assert nonces == {found(r"'nonce-([^']+)'", answer["Content-Security-Policy"])[1]}
        seen |= nonces
    assert len(seen) == 3


def test_every_marked_view_is_tried_and_open_to_all() -> None:
    marked = {
        route.lookup_str for route in _routes(get_resolver()) if hasattr(route.callback, _MARK)
    }
    tried = {f"{resolve(path.partition('?')[0])._func_path}" for path in PAGES}
    assert marked == tried
    for route in _routes(get_resolver()):
        if hasattr(route.callback, _MARK):
            assert getattr(route.callback, "login_required", None) is False, route


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_does_without_the_script_only_where_nothing_needs_it(path: str) -> None:
    page, _ = _read(path)
    needs = re.search(r'data-uzes-|method="?post', page) is not None
    assert "uzes.js" in page or not needs


# True


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("path", PAGES)
def test_a_kept_page_reads_nothing_but_marked_content(path: str) -> None:
    """A table without triggers would leave the page as it was."""
    _load_schedule.cache_clear()
    with CaptureQueriesContext(connection) as seen:
        Client().get(path)
    read = {name for query in seen for name in TABLE.findall(query["sql"])}
    allowed = {table for table, _ in _tables()} | {Revision._meta.db_table}
    # Who computes how often: read to refuse, never shown.
    assert read - {RateCounter._meta.db_table} <= allowed


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("model", sorted(content_models(), key=str))
def test_no_way_of_writing_content_leaves_the_revision(model: type[Model]) -> None:
    """`save()`, `update()`, `bulk_create()` past a conflict, SQL by hand, `delete()`."""
    table, rows = connection.ops.quote_name(model._meta.db_table), model._base_manager
    row = rows.order_by("pk").first()
    key = row.pk if row else 0
    column = next(field for field in model._meta.concrete_fields if not field.primary_key)
    name = connection.ops.quote_name(the(column.column))
    with connection.cursor() as cursor:
        for line in (
            f"UPDATE {table} SET {name} = {name}",
            f"DELETE FROM {table} WHERE 1 = 1",
        ):
            if row is None and connection.vendor == "sqlite":
                continue  # its triggers fire for each row, and there is none
            before = content_mark()
            with transaction.atomic():
                cursor.execute(line)
                assert content_mark() != before, line
                transaction.set_rollback(True)
            assert content_mark() == before, "what was undone comes back with its mark"
    if row is not None:
        acts: tuple[Callable[[], object], ...] = (
            lambda: rows.filter(pk=key).update(**{column.name: getattr(row, column.attname)}),
            lambda: rows.bulk_create([row], ignore_conflicts=True)[0].save(),
        )
        for act in acts:
            before = content_mark()
            act()
            assert content_mark() != before


@pytest.mark.parametrize(
    ("path", "change", "shown"),
    [
        ("/", lambda: Mairie.objects.update(name="Mairie de Nîmes"), "Mairie de Nîmes"),
        (
            "/mairie/",
            lambda: Closure.objects.create(
                mairie=Mairie.objects.get(),
                first_day=NOON.date(),
                last_day=NOON.date(),
                reason="Fermé pour inventaire",
            ),
            "Fermé pour inventaire",
        ),
        ("/vitale/", lambda: Fact.objects.update(text="Un fait tout neuf."), "Un fait tout neuf."),
        (
            "/pacs/comment-ca-se-passe/",
            lambda: PacsSettings.objects.update(review_days=17),
            "sous 17",
        ),
    ],
)
def test_a_change_shows_at_the_next_request(
    path: str, change: Callable[[], object], shown: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        assert shown not in _read(path)[0]
        change()
        assert shown in _read(path)[0]


@pytest.mark.parametrize(
    "change",
    [
        lambda: OpeningHours.objects.update(opens=time(6, 35)),
        lambda: connection.cursor().execute("UPDATE demarches_openinghours SET opens = '06:35:00'"),
        lambda: OpeningHours.objects.bulk_update(
            [_opening(row, time(6, 35)) for row in OpeningHours.objects.all()], ["opens"]
        ),
    ],
)
def test_hours_changed_past_every_model_show_at_once(change: Callable[[], object]) -> None:
    with time_machine.travel(NOON, tick=False):
        assert "6\u00a0h\u00a035" not in _read("/mairie/")[0]
        change()
        assert "6\u00a0h\u00a035" in _read("/mairie/")[0]


def _opening(row: OpeningHours, opens: time) -> OpeningHours:
    row.opens = opens
    return row


def test_an_older_copy_of_the_mairie_does_not_bring_older_hours_back() -> None:
    """Saved whole, by whoever read it before the hours changed."""
    with time_machine.travel(NOON, tick=False):
        old = Mairie.objects.get()
        _read("/mairie/")
        OpeningHours.objects.update(opens=time(6, 35))
        _read("/mairie/")
        old.save()
        assert "6\u00a0h\u00a035" in _read("/mairie/")[0]


def test_what_was_undone_is_not_shown() -> None:
    before, _ = _read("/")
    with transaction.atomic():
        Mairie.objects.update(name="Mairie de Nîmes")
        assert "Mairie de Nîmes" in _read("/")[0]
        transaction.set_rollback(True)
    assert _read("/")[0] == before


def test_a_page_made_while_the_content_changed_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    made = render

    def slow(*args: Any, **kwargs: Any) -> HttpResponse:
        page = made(*args, **kwargs)
        monkeypatch.setattr(views, "render", made)
        Mairie.objects.update(name="Mairie de Nîmes")
        return page

    monkeypatch.setattr(views, "render", slow)
    assert "Mairie de Nîmes" not in _read("/")[0]
    assert "Mairie de Nîmes" in _read("/")[0]


def test_doors_turn_at_the_second() -> None:
    mairie = Mairie.objects.get()
    schedule = mairie.schedule(NOON)
    turn = min(the(next_change(one.expression, NOON)) for one in schedule.services)
    shown = set()
    for moment in (turn - timedelta(seconds=1), turn, turn - timedelta(seconds=1)):
        with time_machine.travel(moment, tick=False):
            for _ in range(2):
                sentence = mairie.schedule(moment).today(moment).sentence
                assert nb(sentence) in _read("/mairie/")[0]
                shown.add(sentence)
    assert len(shown) == 2


def test_tomorrow_begins_at_midnight_and_no_page_lives_longer_than_a_minute() -> None:
    late, early = (
        datetime(2026, 12, 1, 22, 59, 59, tzinfo=UTC),
        datetime(2026, 12, 1, 3, 0, tzinfo=UTC),
    )
    assert _turn(late) == late + timedelta(seconds=1)
    request, answer = RequestFactory().get("/"), HttpResponse("words")
    for moment in (late, early):
        page = _page(request, answer, Mark(frozenset(), for_proxies=True), "r", moment)
        assert page.until == min(_turn(moment), moment + timedelta(minutes=1))


def test_doors_that_never_turn_leave_midnight() -> None:
    OpeningHours.objects.all().delete()
    assert _turn(NOON) == datetime(2026, 12, 1, 23, 0, tzinfo=UTC)


# Nobody's but everybody's


@pytest.mark.parametrize(
    "address",
    ["/?x=1", "/mairie/?semaine=2&x=1", "/fiches/?q=pacs", "/pacs/?langue=" + "e" * 2000],
)
def test_an_address_that_is_none_of_ours_is_not_kept(address: str) -> None:
    _read(address)
    assert pages.count == 0


def test_no_answer_to_a_visitor_with_a_cookie_is_kept_nor_given(
    alice: User, client_of: Callable[[User | None], Client]
) -> None:
    hers = client_of(alice).get("/")
    assert "Quitter" in hers.text
    assert pages.count == 0
    _read("/")
    assert pages.count == 1
    assert "Quitter" in client_of(alice).get("/").text
    assert "Quitter" not in _read("/")[0]


def test_a_page_with_a_token_or_a_cookie_is_not_kept() -> None:
    """« Le dossier papier » and every form that posts has one."""
    for path in ("/compte/connexion/", "/pacs/apres/documents/dissolution/", "/pacs/commencer/"):
        Client().get(path)
    assert pages.count == 0
    marked = keeps_page()(_with_token)
    request = RequestFactory().get("/")
    request.resolver_match = ResolverMatch(marked, (), {})
    assert not _is_for_everybody(request, marked(request))


def test_another_host_or_scheme_has_pages_of_its_own() -> None:
    _read("/mairie/")
    _read("/mairie/", headers={"host": "localhost"})
    _read("/mairie/", secure=True)
    assert pages.count == 3


def test_memory_is_bounded_and_what_is_wanted_stays() -> None:
    kept = KeptPages()
    for number in range(50):
        page = KeptPage("r", NOON, NOON + timedelta(minutes=1), (b"x" * 100,), ())
        kept.keep((str(number),), page, room=1000)
        kept.at(("0",), "r", NOON)
    assert kept.count <= 10
    assert kept.at(("0",), "r", NOON), "asked for each time, it is not the one that leaves"
    assert kept.at(("0",), "another", NOON) is None
    assert kept.at(("0",), "r", NOON + timedelta(minutes=1)) is None
    assert kept.at(("0",), "r", NOON - timedelta(seconds=1)) is None


def test_a_database_that_does_not_answer_is_no_reason_to_keep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken() -> str:
        raise OperationalError

    monkeypatch.setattr(kept_pages, "content_mark", broken)
    _read("/")
    assert pages.count == 0


def test_nothing_is_kept_while_a_part_has_no_mark() -> None:
    Revision.objects.all().delete()
    _read("/")
    assert pages.count == 0


# Offered to proxies (by a real one: `test_nginx`)


def _page_until(offered_until: datetime | None) -> KeptPage:
    later = NOON + timedelta(minutes=1)
    return KeptPage("r", NOON, later, (b"words",), (), offered_until=offered_until, etag='W/"1"')


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (7200, 60),
        (61.5, 60),
        (61, 60),
        (60.999, 59),
        (3.5, 2),
        (2, 1),
        (1.999, 0),
        (1, 0),
        (0.5, 0),
        (-30, 0),
    ],
)
def test_what_is_offered_ends_a_second_before_the_words_may_be_wrong(
    left: float, seconds: int
) -> None:
    page = _page_until(NOON + timedelta(seconds=left))
    answer = page.answer(RequestFactory().get("/"), NOON)
    offered = re.search(r"s-maxage=(\d+)", answer["Cache-Control"])
    assert (int(offered[1]) if offered else 0) == seconds
    assert ("ETag" in answer) is bool(seconds)


def test_no_page_of_somebody_s_answers_can_be_offered() -> None:
    with pytest.raises(ValueError, match="for no proxy"):
        keeps_page(ANSWERS, for_proxies=True)


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("path", FOR_PROXIES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_an_offered_page_holds_nothing_of_one_visit(path: str, method: str) -> None:
    with time_machine.travel(NOON, tick=False):
        answers = [getattr(Client(), method)(path, **SECURE) for _ in range(2)]
        page = Client().get(path, **SECURE)
    for answer in (*answers, page):
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "public, max-age=0, s-maxage=60"
        assert answer["ETag"] == page["ETag"]
        assert sorted(answer["Vary"].split(", ")) == ["Accept-Encoding", "Cookie"]
        assert "nonce" not in answer["Content-Security-Policy"]
        assert "Set-Cookie" not in answer
        assert not answer.cookies
    assert not re.search(r"\bnonce=|csrfmiddlewaretoken", page.text)
    assert faults(page) == []


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("path", [path for path in PAGES if path not in FOR_PROXIES])
def test_a_page_of_somebody_s_answers_leaves_the_process_for_its_reader_alone(path: str) -> None:
    for _ in range(2):
        answer = Client().get(path)
        assert (answer["Cache-Control"], "ETag" in answer) == ("private, max-age=0", False)
        assert Client().get(path, headers={"if-none-match": "*"}).status_code == 200


def test_what_is_offered_is_what_the_views_say() -> None:
    offered = {
        route.lookup_str
        for route in _routes(get_resolver())
        if getattr(route.callback, _MARK, None) and getattr(route.callback, _MARK).for_proxies
    }
    assert offered == {f"{resolve(path.partition('?')[0])._func_path}" for path in FOR_PROXIES}


def test_a_page_whose_template_asked_for_a_nonce_is_not_offered() -> None:
    request: Any = RequestFactory().get("/")
    request._csp_nonce = LazyNonce()
    mark = Mark(frozenset(), for_proxies=True)
    assert _page(request, HttpResponse("words"), mark, "r", NOON).offered_until
    str(request._csp_nonce)
    assert _page(request, HttpResponse("words"), mark, "r", NOON).offered_until is None


@pytest.mark.parametrize("cookie", ["a=b", "__Host-sessionid=x", "__Host-device=x"])
@time_machine.travel(NOON)
def test_nothing_is_offered_to_who_shows_a_cookie(cookie: str) -> None:
    known = Client().get("/")["ETag"]
    answer = Client().get("/", headers={"cookie": cookie, "if-none-match": known})
    assert (answer.status_code, "ETag" in answer) == (200, False)
    assert "public" not in answer.get("Cache-Control", "")


@pytest.mark.usefixtures("guide")
@pytest.mark.parametrize("path", FOR_PROXIES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_who_has_the_page_gets_no_second_one(path: str, method: str) -> None:
    with time_machine.travel(NOON, tick=False):
        page = Client().get(path, **SECURE)
        pages.clear()  # another process, which makes the same page
        for _ in range(2):
            again = getattr(Client(), method)(
                path, headers={"if-none-match": page["ETag"]}, **SECURE
            )
            assert (again.status_code, again.content) == (304, b"")
            for name in ("ETag", "Cache-Control", "Vary", "Content-Security-Policy"):
                assert again[name] == page[name]
            assert faults(again) == []
            assert "Content-Type" not in again


def test_another_page_has_another_etag() -> None:
    schedule = Mairie.objects.get().schedule(NOON)
    turn = min(the(next_change(one.expression, NOON)) for one in schedule.services)
    seen = set()
    for at in (NOON, turn):
        with time_machine.travel(at, tick=False):
            for path in ("/", "/mairie/", "/mairie/?semaine=2", "/pacs/", "/pacs/?langue=en"):
                seen.add(Client().get(path)["ETag"])
            Mairie.objects.update(name=f"Mairie de {at:%H}")
            seen.add(Client().get("/")["ETag"])
    assert len(seen) == 12
    assert all(etag.startswith('W/"') for etag in seen)


@time_machine.travel(NOON)
def test_what_changed_without_a_mark_has_another_etag(settings: Any) -> None:
    """The environment, or another release: no row of content tells it."""
    path = "/mentions-legales/"
    known = Client().get(path)["ETag"]
    settings.LEGAL_HOST = "Un autre hébergeur"
    pages.clear()
    assert Client().get(path, headers={"if-none-match": known}).status_code == 200


def test_just_before_the_doors_turn_the_page_is_sent_whole() -> None:
    schedule = Mairie.objects.get().schedule(NOON)
    turn = min(the(next_change(one.expression, NOON)) for one in schedule.services)
    with time_machine.travel(turn - timedelta(seconds=10), tick=False):
        known = Client().get("/mairie/")
        assert "s-maxage=9" in known["Cache-Control"]
    with time_machine.travel(turn - timedelta(seconds=1), tick=False):
        last = Client().get("/mairie/", headers={"if-none-match": known["ETag"]})
    assert (last.status_code, last["Cache-Control"]) == (200, "private, max-age=0")


def test_nothing_is_offered_where_nothing_is_kept(settings: Any) -> None:
    settings.KEPT_PAGES_BYTES = 0
    answer = Client().get("/")
    assert "Cache-Control" not in answer
    assert "ETag" not in answer

"""What a machine that watches reads: figures behind a token, lines of the log without anybody."""

import json
import logging
import sys
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from demarches.desk.jobs import job_types
from demarches.models import Job
from uzes_portal.log_lines import JsonLines
from uzes_portal.request_id import HEADER

TOKEN = "of-whoever-watches"


@pytest.fixture
def watched(settings: Any, tmp_path: Any, db: None) -> Client:
    settings.METRICS_TOKEN, settings.METRICS_DIR = TOKEN, tmp_path
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def test_figures_are_not_there_without_a_token(client: Client, db: None) -> None:
    assert client.get("/mesures/", headers={"Authorization": "Bearer "}).status_code == 404


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer é", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_another_token_reads_nothing(watched: Client, sent: str) -> None:
    answer = Client().get("/mesures/", headers={"Authorization": sent})

    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_figures_say_how_the_portal_is(watched: Client, now: Any) -> None:
    name = job_types()[0].command
    Job.objects.create(name=name, next_at=now, succeeded_at=now, failure="x")

    families = text_string_to_metric_families(watched.get("/mesures/").text)

    samples = [one for each in families for one in each.samples]
    found = {(one.name, *one.labels.values()): one.value for one in samples}
    assert found["portal_mails_waiting",] == found["portal_mail_oldest_seconds",] == 0
    assert found["portal_job_failed", name] == 1
    assert found["portal_job_succeeded_timestamp_seconds", name] == pytest.approx(now.timestamp())
    assert found["portal_disk_free_bytes",] > 0
    assert found["portal_check_well", "base"] == 1


def test_a_request_has_a_name_that_its_answer_and_its_lines_bear(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.handler.setFormatter(JsonLines())
    with caplog.at_level(logging.INFO, logger="uzes_portal.requests"):
        answer = client.get("/sante/vie/", headers={HEADER: "sent-by-a-visitor"})

    name = answer[HEADER]
    assert len(name) == 32
    line = next(json.loads(text) for text in caplog.text.splitlines() if "request_answered" in text)
    assert {key: line[key] for key in ("event", "view", "method", "status", "request")} == {
        "event": "request_answered",
        "view": "demarches:life",
        "method": "GET",
        "status": "200",
        "request": name,
    }


@pytest.mark.parametrize(
    ("sent", "is_taken"),
    [("0af7651916cd43dd8448eb211c80319c", True), ("short", False), ("a" * 65, False)]
    + [(f"name{sign}with-more", False) for sign in (" ", '"', "é", "\x1b")],
)
def test_only_a_well_formed_name_of_our_proxy_is_taken(
    client: Client, settings: Any, sent: str, is_taken: bool
) -> None:
    settings.TRUSTED_PROXY_COUNT = 1

    name = client.get("/sante/vie/", headers={HEADER: sent})[HEADER]

    assert (name == sent) is is_taken


def test_a_line_holds_neither_what_a_library_says_nor_the_text_of_an_error() -> None:
    try:
        raise ValueError("alice@example.org")
    except ValueError:
        failed = sys.exc_info()
    record = logging.LogRecord(
        "django.request", logging.ERROR, "", 0, "Not Found: %s", ("/pacs/PACS-2026-1",), failed
    )

    text = JsonLines().format(record)

    line = json.loads(text)
    assert "alice" not in text
    assert "PACS-2026" not in text
    assert (line["event"], line["text"], line["error"]) == (
        "library",
        "Not Found: %s",
        "ValueError",
    )
    assert line["trace"][0].endswith("nor_the_text_of_an_error")


@pytest.mark.parametrize("as_text", [True, False])
def test_an_error_that_is_the_message_is_told_by_its_kind(as_text: bool) -> None:
    """Django writes a refused name of a host so, post_office what a mail server answered."""
    error = ValueError("550 no such user alice@example.org")
    told: Any = str(error) if as_text else error
    record = logging.LogRecord(
        "post_office", logging.ERROR, "", 0, told, (), (ValueError, error, None)
    )

    text = JsonLines().format(record)

    assert "alice" not in text
    assert json.loads(text)["text"] == "ValueError"

import subprocess
import sys
import threading
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from demarches.web.time_limit import STUCK, TookTooLong, time_limit, watch
from uzes_portal import urls


def forever() -> None:
    while True:
        pass


@login_not_required
def slow_page(request: HttpRequest) -> HttpResponse:
    forever()
    return HttpResponse()


urlpatterns = [path("lent/", slow_page), *urls.urlpatterns]


def test_a_block_that_overstays_is_stopped() -> None:
    with pytest.raises(TookTooLong), time_limit(0.1):
        forever()


def test_a_block_that_ended_is_left_alone() -> None:
    with time_limit(0.1):
        pass

    threading.Event().wait(0.5)
    assert watch._blocks == []


def test_the_inner_limit_leaves_the_outer_block_running() -> None:
    with time_limit(3600):
        with pytest.raises(TookTooLong), time_limit(0.1):
            forever()
        assert len(watch._blocks) == 1


def test_a_process_that_cannot_be_stopped_ends() -> None:
    # One call that never comes back to Python: no exception can be raised inside it.
    code = (
        "from demarches.web.time_limit import time_limit\n"
        "with time_limit(0.1, last_seconds=0.5):\n"
        "    import time; time.sleep(600)\n"
    )

    ended = subprocess.run([sys.executable, "-c", code], timeout=60, capture_output=True, text=True)

    assert ended.returncode == STUCK


@pytest.fixture
def short_requests(settings: Any) -> None:
    settings.ROOT_URLCONF = __name__
    settings.REQUEST_SECONDS, settings.REQUEST_LAST_SECONDS = 0.2, 3600


@pytest.mark.django_db
def test_a_request_that_overstays_gets_a_page_in_french(
    client: Client, short_requests: None
) -> None:
    answer = client.get("/lent/")

    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert "Attendez une minute" in answer.content.decode()
    assert watch._blocks == []


@pytest.mark.django_db
def test_the_next_request_of_the_same_thread_is_served(
    client: Client, short_requests: None
) -> None:
    client.get("/lent/")

    assert client.get("/robots.txt").status_code == 200

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.models import RateCounter, User
from demarches.serving.ratelimit import client_ip, rate_limited, seconds_to_wait
from uzes_portal.apps import check_proxies

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def limits(settings: Any, **scopes: tuple[int, int]) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (10_000, 600)) | scopes


# Whose address it is


@pytest.mark.parametrize(
    ("proxies", "forwarded", "remote", "expected"),
    [
        (0, "", "203.0.113.7", "203.0.113.7"),
        (0, "198.51.100.1", "203.0.113.7", "203.0.113.7"),
        (1, "198.51.100.1", "10.0.0.1", "198.51.100.1"),
        (1, "1.1.1.1, 198.51.100.1", "10.0.0.1", "198.51.100.1"),
        (2, "1.1.1.1, 198.51.100.1, 10.0.0.2", "10.0.0.1", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1", "10.0.0.1"),
        (1, "", "10.0.0.1", "unknown"),
        (1, "not an address", "10.0.0.1", "unknown"),
        (0, "", "", "unknown"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        (0, "", "2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        # As servers and proxies write them: for both kinds of address, with a port, in brackets.
        (0, "", "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "::ffff:198.51.100.9", "10.0.0.1", "198.51.100.9"),
        (1, "198.51.100.1:51234", "10.0.0.1", "198.51.100.1"),
        (1, "[2001:db8:1:2::9]:51234", "10.0.0.1", "2001:db8:1:2::"),
        (1, "[2001:db8:1:2::9]", "10.0.0.1", "2001:db8:1:2::"),
        (1, "[::ffff:198.51.100.9]:443", "10.0.0.1", "198.51.100.9"),
        (0, "", "fe80::1:2%eth0", "fe80::"),
        (1, "198.51.100.1:", "10.0.0.1", "198.51.100.1"),
        (1, "[198.51.100.1", "10.0.0.1", "198.51.100.1"),
        (1, "198.51.100.1:51234:9", "10.0.0.1", "unknown"),
    ],
)
def test_client_ip(
    settings: Any, rf: RequestFactory, proxies: int, forwarded: str, remote: str, expected: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    request = rf.get("/", REMOTE_ADDR=remote)
    if forwarded or proxies == 1:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded

    assert client_ip(request) == expected


@pytest.mark.parametrize(
    ("header", "count", "told"),
    [(None, 0, []), (("X", "https"), 1, []), (("X", "https"), 0, ["uzes_portal.E001"])],
)
def test_a_proxy_that_nobody_counts_is_told_before_it_serves(
    settings: Any, header: tuple[str, str] | None, count: int, told: list[str]
) -> None:
    settings.SECURE_PROXY_SSL_HEADER, settings.TRUSTED_PROXY_COUNT = header, count

    assert [message.id for message in check_proxies()] == told


# Counting


@pytest.mark.django_db
def test_limit_opens_again_when_its_time_is_over(settings: Any) -> None:
    limits(settings, pdf=(2, 60))
    with time_machine.travel(NOW, tick=False) as clock:
        waits = [seconds_to_wait("pdf", "k") for _ in range(3)]
        clock.move_to(NOW + timedelta(seconds=59.5))
        waits.append(seconds_to_wait("pdf", "k"))
        clock.move_to(NOW + timedelta(seconds=60))
        waits.append(seconds_to_wait("pdf", "k"))

    assert waits == [0, 0, 60, 1, 0]


@pytest.mark.django_db
def test_keys_and_scopes_are_counted_apart(settings: Any) -> None:
    limits(settings, pdf=(1, 60), upload=(1, 60))

    assert seconds_to_wait("pdf", "a") == 0
    assert seconds_to_wait("pdf", "b") == 0
    assert seconds_to_wait("upload", "a") == 0
    assert seconds_to_wait("pdf", "a") > 0


@pytest.mark.django_db
def test_counter_keeps_no_address() -> None:
    seconds_to_wait("pdf", "203.0.113.7")

    counter = RateCounter.objects.get()
    assert "203" not in str(counter).replace("2026", "")
    assert len(counter.key) == 64


@pytest.mark.django_db
def test_old_counters_are_swept() -> None:
    RateCounter.objects.create(pk=99, key="old", ends_at=timezone.now() - timedelta(seconds=1))
    RateCounter.objects.create(pk=98, key="new", ends_at=timezone.now() + timedelta(seconds=60))
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT setval('demarches_ratecounter_id_seq', 99)")

    seconds_to_wait("pdf", "the hundredth")

    assert sorted(RateCounter.objects.values_list("pk", flat=True)) == [98, 100]


@pytest.mark.django_db(transaction=True)
def test_simultaneous_requests_are_all_counted(settings: Any) -> None:
    limits(settings, pdf=(5, 600))
    barrier = threading.Barrier(12)
    waits: list[int] = []

    def ask() -> None:
        barrier.wait()
        try:
            waits.append(seconds_to_wait("pdf", "k"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(wait == 0 for wait in waits) == 5
    assert RateCounter.objects.get().hits == 12


# What people see


@pytest.mark.django_db
def test_too_many_requests_get_a_page_that_says_when_to_come_back(
    client: Client, settings: Any
) -> None:
    limits(settings, sign_in_ip=(2, 600))

    answers = [
        client.post(reverse("account_login"), {"email": f"a{rank}@exemple.fr"}) for rank in range(3)
    ]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert 590 <= int(answers[2]["Retry-After"]) <= 600
    assert answers[2].context["minutes"] == 10
    assert "10&nbsp;minutes" in answers[2].content.decode()
    assert Email.objects.count() == 2


@pytest.mark.django_db
def test_reading_is_never_limited(client: Client, settings: Any) -> None:
    limits(settings, sign_in_ip=(1, 600))

    assert {client.get(reverse("account_login")).status_code for _ in range(5)} == {200}


@pytest.mark.django_db
def test_forged_header_does_not_escape_the_limit(settings: Any) -> None:
    limits(settings, sign_in_ip=(2, 600))

    answers = [
        Client(headers={"x-forwarded-for": f"198.51.100.{rank}"})
        .post(reverse("account_login"), {"email": f"a{rank}@exemple.fr"})
        .status_code
        for rank in range(4)
    ]

    assert answers == [302, 302, 429, 429]


@pytest.mark.django_db
def test_guessing_codes_is_limited(client: Client, settings: Any) -> None:
    limits(settings, code_ip=(3, 600))

    answers = [
        client.post(reverse("account_confirm_login_code"), {"code": "12345678"}).status_code
        for _ in range(5)
    ]

    assert answers == [302, 302, 302, 429, 429]


@pytest.mark.django_db
def test_guessing_a_staff_password_is_limited_by_account_and_by_place(settings: Any) -> None:
    User.objects.create_user("agente@mairie.example", "x" * 20, is_staff=True)
    limits(settings, staff_account=(3, 600), staff_ip=(5, 600))

    def guess(place: str, account: str, password: str = "wrong") -> int:
        return (
            Client(REMOTE_ADDR=place)
            .post(reverse("admin:login"), {"username": account, "password": password})
            .status_code
        )

    one_account = [guess(f"203.0.113.{n}", "Agente@mairie.example") for n in range(4)]
    right_but_late = guess("203.0.113.9", "agente@mairie.example", "x" * 20)
    one_place = [guess("198.51.100.1", f"a{n}@mairie.example") for n in range(6)]

    assert one_account == [200, 200, 200, 429]
    assert right_but_late == 429
    assert one_place == [200, 200, 200, 200, 200, 429]


def test_a_limit_without_numbers_cannot_be_declared() -> None:
    with pytest.raises(ImproperlyConfigured):
        rate_limited("no_such_scope", reads=True)


@pytest.mark.django_db
def test_view_without_a_key_is_not_limited(rf: RequestFactory, settings: Any) -> None:
    limits(settings, pdf=(0, 600))
    answer = HttpResponse()

    @rate_limited("pdf", reads=True, by=lambda request: "")
    def view(request: Any) -> HttpResponse:
        return answer

    assert view(rf.get("/")) is answer
    assert RateCounter.objects.count() == 0

"""A database that does not answer in time: a page that says so, and nothing written."""

from collections.abc import Callable
from threading import Event, Thread

import pytest
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse

from demarches.models import User
from tests.support.followups import fresh, make_demande
from tests.support.reference import load
from vitale.models import Demande

FOLLOW_UPS = ("vitale_references", "vitale_situations", "vitale_help")


@pytest.mark.django_db
def test_nobody_sees_an_error_of_ours(
    client_of: Callable[[User | None], Client], alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_slow(*args: object, **kwargs: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    load(*FOLLOW_UPS)
    demande = make_demande(alice)
    monkeypatch.setattr("vitale.views.aide.actions.cancel", too_slow)

    answer = client_of(alice).post(reverse("vitale:aide-cancel", args=[demande.reference]))

    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    page = answer.content.decode()
    assert "Votre dernière action n’a rien changé, ou elle est enregistrée en entier" in page
    assert 'id="contenu"' in page
    assert "lock timeout" not in page


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="rows are locked there only")
@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_for_too_long_is_a_clear_answer(
    client_of: Callable[[User | None], Client], alice: User
) -> None:
    load(*FOLLOW_UPS)
    demande = make_demande(alice)
    held, done = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            Demande.objects.select_for_update().get(pk=demande.pk)
            held.set()
            done.wait(20)
        connection.close()

    other = Thread(target=hold)
    other.start()
    held.wait(5)
    try:
        answer = client_of(alice).post(reverse("vitale:aide-cancel", args=[demande.reference]))
    finally:
        done.set()
        other.join()

    assert answer.status_code == 503
    assert fresh(demande).code.value == "recue"

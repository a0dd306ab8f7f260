"""`make run`: the commands behind it, then the real thing once."""

import socket
import urllib.request
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from demarches.models import Mairie, OpeningHours
from tests.support.portal import ROOT, running_portal


def _load() -> str:
    out = StringIO()
    call_command("load_fixtures", stdout=out)
    return out.getvalue().strip()


def test_load_fixtures_fills_an_empty_database_once(db: None) -> None:
    files = sorted((ROOT / "fixtures").glob("*.json"))
    # `migrate` has written the words of the pieces already.
    everything = ", ".join(path.stem for path in files if path.stem != "pacs_pieces")

    assert _load() == f"Chargés : {everything}"
    assert _load() == "Chargés : aucun"


def test_load_fixtures_keeps_what_agents_wrote(db: None) -> None:
    _load()
    mairie = Mairie.objects.get()
    mairie.name = "Mairie annexe"
    mairie.save(update_fields=["name"])
    OpeningHours.objects.all().delete()

    assert _load() == "Chargés : opening_hours"

    assert Mairie.objects.get().name == "Mairie annexe"
    assert OpeningHours.objects.exists()


def test_start_refuses_to_run_in_production(settings: Settings) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError) as refusal:
        call_command("start")

    assert str(refusal.value) == (
        "This starts a demonstration, and needs DEBUG=1; docs/operations.md says how to run the "
        "portal for the public."
    )


def test_start_says_when_the_port_is_taken(settings: Settings) -> None:
    settings.DEBUG = True
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(CommandError) as refusal:
            call_command("start", "--port", str(port))

    assert str(refusal.value) == (
        f"The port {port} is taken by another program: stop it, or try "
        f"« make run PORT={port + 1 if port < 65535 else 8000} »."
    )


@pytest.mark.parametrize("typed", ["0", "65536", "-1", "80a", "²", ""])
def test_start_refuses_what_is_not_a_port(typed: str) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("start", f"--port={typed}")

    assert str(refusal.value) == (
        f"Error: argument --port: {typed!r}: write a number between 1 and 65535."
    )


def test_start_serves_stops_and_starts_again_with_the_same_agent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as guide:
        there = f"http://127.0.0.1:{guide.getsockname()[1]}/guide.zip"
        with running_portal(tmp_path, COMARQUAGE_URL=there) as first:
            assert urllib.request.urlopen(first.site).status == 200
            assert "Guide    empty: « make guide » downloads it from 127.0.0.1" in first.lines
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", first.port))

    # Nobody is at that address any more: nothing is offered.
    with running_portal(tmp_path, COMARQUAGE_URL=there) as second:
        assert not [line for line in second.lines if line.startswith("Guide")]
        assert "Chargés : aucun" in second.lines
        assert second.password == first.password

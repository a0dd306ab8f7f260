"""Start the portal for trying it out: `make run`."""

import os
import secrets
import signal
import socket
import threading
import time
from argparse import ArgumentTypeError
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from demarches.models import FicheSet, Officer, User
from uzes_portal.processes import granian, run, stop

HOST = "127.0.0.1"
AGENT_EMAIL = "agent@uzes.example"
#: Seconds for an answer.
PATIENCE = 10


def _port(typed: str) -> int:
    if not (typed.isdecimal() and 0 < int(typed) < 65536):
        raise ArgumentTypeError(f"{typed!r}: write a number between 1 and 65535.")
    return int(typed)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            raise CommandError(
                f"Only root may use the port {port}: try « make run PORT=8001 »."
            ) from None
        except OSError:
            raise CommandError(
                f"The port {port} is taken by another program: stop it, or try "
                f"« make run PORT={port + 1 if port < 65535 else 8000} »."
            ) from None


def _demo_agent() -> str:
    """Create the agent of the demonstration once; give the password, empty if it was changed."""
    path = settings.VAR_DIR / "demo_agent_password"
    agent = User.objects.of_address(AGENT_EMAIL)
    if agent is None:
        password = secrets.token_urlsafe(16)
        path.write_text(password, encoding="utf-8")
        path.chmod(0o600)
        agent = User.objects.create_superuser(
            AGENT_EMAIL, password, full_name="Camille Démonstration"
        )
        # Without an officer in force, nothing could be registered in the demonstration.
        Officer.objects.create(
            name=agent.full_name,
            quality="officier de démonstration",
            in_force_from=timezone.localdate(),
            account=agent,
        )
        return password
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    return known if agent.check_password(known) else ""


def _answers(port: int) -> bool:
    """True once a page comes back: the port is open some time before."""
    connection = HTTPConnection(HOST, port, timeout=PATIENCE)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return True


class GuideOffer:
    """Whether the national guide is missing and its server answers from here.

    Asked beside the start: without a network, looking up a name may take half a minute.
    """

    def __init__(self) -> None:
        self._reached = threading.Event()
        address = urlsplit(settings.COMARQUAGE_URL)
        self.host = address.hostname or ""
        self._port = address.port or (443 if address.scheme == "https" else 80)
        if self.host and not FicheSet.objects.filter(is_current=True).exists():
            threading.Thread(target=self._ask, daemon=True).start()

    def _ask(self) -> None:
        try:
            socket.create_connection((self.host, self._port), timeout=PATIENCE).close()
        except OSError:
            return
        self._reached.set()

    @property
    def lines(self) -> list[str]:
        if not self._reached.is_set():
            return []
        return [f"Guide    empty: « make guide » downloads it from {self.host}"]


class Command(BaseCommand):
    """Prepare the database, then serve the portal and send its mails until Control-C.

    For development and demonstrations: it refuses to start without DEBUG.
    """

    help = "Migrate, load the first data, then serve the portal and send its mails."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=_port, default=8000)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "This starts a demonstration, and needs DEBUG=1; docs/operations.md says how to "
                "run the portal for the public."
            )
        _check_port(port)
        # SIGINT too: a shell that starts a command in the background makes it deaf to it.
        for told_to_stop in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(told_to_stop, signal.default_int_handler)
        try:
            password = self.prepare()
            # The links in mails name the port in use, unless they were given another address.
            os.environ.setdefault("SITE_URL", f"http://{HOST}:{port}")
            self.serve(port, password, GuideOffer())
        except KeyboardInterrupt:
            self.stdout.write("\nStopped.")

    def prepare(self) -> str:
        call_command("migrate", verbosity=0)
        call_command("build_assets", stdout=self.stdout)
        call_command("load_fixtures", stdout=self.stdout)
        self.stdout.flush()  # before what the children print, also when this is not a terminal
        return _demo_agent()

    def serve(self, port: int, password: str, guide: GuideOffer) -> None:
        with ExitStack() as stack:
            children = {
                "web server": run(granian(host=HOST, port=port, workers=2)),
                "mail sender": run(["manage.py", "send_mails", "--loop", "2"]),
                "runner of jobs": run(["manage.py", "run_jobs", "--loop", "10"]),
            }
            for child in children.values():
                stack.callback(stop, child)
            # Stopping is not to be interrupted: the first thing done is to become deaf.
            stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
            announced = False
            while True:
                for name, child in children.items():
                    if child.poll() is not None:
                        raise CommandError(f"The {name} stopped by itself: see its last words.")
                if not announced and _answers(port):
                    self.announce(port, password, guide)
                    announced = True
                time.sleep(0.2)

    def announce(self, port: int, password: str, guide: GuideOffer) -> None:
        site = f"http://{HOST}:{port}"
        lines = [
            "",
            f"Portal   {site}/",
            f"Agents   {site}/{settings.ADMIN_PATH}/",
            f"         {AGENT_EMAIL}  {password or '(its password was changed)'}",
            f"Mails    {site}/courriels/",
            *guide.lines,
            "Control-C stops everything.",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

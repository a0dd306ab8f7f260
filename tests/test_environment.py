"""What the settings read from the environment is written down for those who run the portal."""

import logging
import os
import re
import subprocess
import sys

from django.conf import settings

from tests.support.portal import ROOT

SETTINGS = (ROOT / "uzes_portal" / "settings.py").read_text(encoding="utf-8")
NAMES = set(re.findall(r'env_(?:str|bool|int|list|secret)\(\s*"([A-Z0-9_]+)"', SETTINGS))
SECRETS = set(re.findall(r'env_secret\(\s*"([A-Z0-9_]+)"', SETTINGS))


def test_env_example_lists_every_variable() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    listed = re.findall(r"^#?([A-Z0-9_]+)=", example, re.MULTILINE)
    assert sorted(listed) == sorted(NAMES)  # and each of them once


def test_operations_explains_every_variable() -> None:
    table = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").split("## Réglages")[1]
    rows = re.findall(r"^\| (`.+?) \|", table.split("## ")[0], re.MULTILINE)

    assert {name for row in rows for name in re.findall(r"`([A-Z0-9_]+)`", row)} == NAMES


def test_secrets_read_from_files_are_told() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")

    assert set(re.findall(r"([A-Z0-9_]+)_FILE[,.]", example)) == SECRETS


def test_migrations_are_checked_without_the_secrets_of_a_deployment() -> None:
    """In a fresh checkout; every other command still refuses to run without them."""

    def manage(*words: str) -> subprocess.CompletedProcess[str]:
        bare = {"PATH": os.environ["PATH"], "VAR_DIR": os.environ.get("VAR_DIR", "")}
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, cwd=ROOT, env=bare, capture_output=True, text=True, check=False
        )

    assert manage("makemigrations", "--check").returncode == 0
    refused = manage("check")
    assert refused.returncode != 0
    assert "SECRET_KEY manque : réglez" in refused.stderr


def test_what_is_missing_is_said_in_french_without_a_trace() -> None:
    """`doctor` above all: it is asked what is wrong."""
    bare = {"PATH": os.environ["PATH"], "VAR_DIR": os.environ.get("VAR_DIR", "")}
    refused = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert refused.stderr.splitlines() == [
        "MAL     Configuration : SECRET_KEY manque : réglez SECRET_KEY ou SECRET_KEY_FILE"
        " (DEBUG=1 en fait une).",
        "        → Voyez .env.example et README.md.",
    ]


def test_a_gateway_of_sms_that_would_be_talked_to_in_clear_stops_the_start() -> None:
    bare = {"PATH": os.environ["PATH"], "VAR_DIR": os.environ.get("VAR_DIR", ""), "DEBUG": "1"}
    gateway = {"SMS_GATEWAY_URL": "http://sms.example.fr/", "SMS_SENDER": "MAIRIE"}

    refused = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=bare | gateway,
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode != 0
    assert "SMS_GATEWAY_URL must begin with https://" in refused.stderr


def test_lines_of_the_log_carry_their_zone() -> None:
    line = settings.LOGGING["formatters"]["line"]
    record = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": "b"})

    written = logging.Formatter(line["format"], line["datefmt"]).format(record)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} INFO a b", written)

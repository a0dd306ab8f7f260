"""The examples of `docs/deploy/` and the commands of the documents are those that exist."""

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands, load_command_class

from tests.support.nginx import example_in, whole
from tests.support.portal import ROOT
from tests.test_environment import NAMES, SECRETS

DEPLOY = ROOT / "docs" / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
KNOWN = NAMES | {f"{name}_FILE" for name in SECRETS}
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def parse_command(words: list[str]) -> None:
    """Read the words as the command itself would, without running it. Raises for a wrong one."""
    name, *rest = words
    assert name in get_commands(), name
    command: Any = load_command_class(get_commands()[name], name)
    command._called_from_command_line = False  # an exception, not the end of the tests
    command.create_parser("manage.py", name).parse_args(rest)


def unit(path: Path) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=True)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(path.read_text(encoding="utf-8"))
    return parsed


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_start_a_command_that_exists_and_can_do_little_else(path: Path) -> None:
    service = unit(path)["Service"]
    program, script, *words = shlex.split(service["ExecStart"])

    assert (program, script) == ("/srv/uzes-portal/.venv/bin/python", "manage.py")
    parse_command(words)
    assert service["ProtectSystem"] == "strict"
    assert service["NoNewPrivileges"] == "yes"
    assert service["User"] != "root"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_reads_the_units(tmp_path: Path) -> None:
    for path in UNITS:
        text = path.read_text(encoding="utf-8").replace("/srv/uzes-portal", str(ROOT))
        (tmp_path / path.name).write_text(text, encoding="utf-8")

    read = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )

    said = [line for line in read.stderr.splitlines() if "uzes-portal" in line]
    assert (said, read.returncode) == ([], 0)


def test_containers_hold_no_right_and_start_commands_that_exist() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]

    ours = {name: one for name, one in services.items() if one["image"] == "uzes-portal"}
    assert set(ours) == {"migrate", "assets", "static", "web", "worker"}
    for one in ours.values():
        parse_command(one["command"])
        assert (one["read_only"], one["cap_drop"], one["user"]) == (True, ["ALL"], "10001")
        assert set(one["environment"]) <= KNOWN
        assert set(one["secrets"]) == {
            name.removesuffix("_FILE").lower() for name in one["environment"] if "_FILE" in name
        }
        for other in one["depends_on"]:
            assert other in services
    assert all("no-new-privileges:true" in one["security_opt"] for one in services.values())
    exposed = [port for one in services.values() for port in one.get("ports", [])]
    assert exposed == ["127.0.0.1:8000:8000"]


def test_the_image_is_made_of_pins_and_runs_without_rights() -> None:
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.split(maxsplit=1) for line in text.splitlines() if line and line[0] != "#"]
    by_word: dict[str, list[str]] = {}
    for word, rest in lines:
        by_word.setdefault(word, []).append(rest)

    assert set(by_word) == {
        *("FROM", "ARG", "RUN", "WORKDIR", "COPY", "USER", "ENV", "VOLUME", "EXPOSE"),
        *("ENTRYPOINT", "CMD"),
    }
    assert by_word["USER"] == ["10001"]
    assert any("--require-hashes" in line for line in by_word["RUN"])
    copied = {name for line in by_word["COPY"] for name in line.split()[:-1]}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    # Whatever the portal imports or reads of its own tree is in the image.
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert ours | {"templates", "static", "fixtures", "manage.py"} <= copied
    parse_command(yaml.safe_load(by_word["CMD"][0]))


def nginx_directives(text: str) -> Iterator[list[str]]:
    """Each directive with its words; a brace or a semicolon that is missing is an error."""
    depth = 0
    words: list[str] = []
    for token in re.findall(r"#[^\n]*|'[^']*'|[{};]|[^\s{};]+", text):
        if token.startswith("#"):
            continue
        if token in "{;":
            assert words, "a brace or a semicolon after nothing"
            yield words
            words, depth = [], depth + (token == "{")
        elif token == "}":
            assert words == [], f"no semicolon after {words}"
            depth -= 1
        else:
            words.append(token)
    assert (depth, words) == (0, [])


def test_nginx_passes_what_the_portal_reads() -> None:
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    found = list(nginx_directives(text))

    passed = {words[1] for words in found if words[0] == "proxy_set_header"}
    assert passed == {"Host", "X-Forwarded-Proto", "X-Forwarded-For", "X-Request-ID"}
    (size,) = (words[1] for words in found if words[0] == "client_max_body_size")
    assert int(size.removesuffix("m")) * 1_000_000 > settings.UPLOAD_MAX_BYTES_PER_REQUEST
    (logged,) = (" ".join(words) for words in found if words[0] == "log_format")
    hidden = re.findall(r"\$(?:request|args|request_uri|query_string|http_\w+)\b", logged)
    assert hidden == []


@pytest.mark.skipif(shutil.which("nginx") is None, reason="no nginx here")
def test_nginx_itself_reads_it(tmp_path: Path) -> None:
    path = whole(example_in(tmp_path), tmp_path)

    read = subprocess.run(
        ["nginx", "-t", "-q", "-p", str(tmp_path), "-c", str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (read.returncode, read.stderr) == (0, "")


def test_the_caddyfile_is_whole() -> None:
    text = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    bare = re.sub(r"\{[\w.>]+\}", "", re.sub(r"#[^\n]*", "", text))

    assert bare.count("{") == bare.count("}")
    assert "reverse_proxy 127.0.0.1:8000" in text
    # No indentation by spaces: `caddy fmt` would rewrite it.
    assert not re.search(r"^ ", text, re.MULTILINE)


@pytest.mark.skipif(shutil.which("caddy") is None, reason="no Caddy here")
def test_caddy_itself_reads_it() -> None:
    read = subprocess.run(
        ["caddy", "adapt", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert read.returncode == 0, read.stderr


# The commands of the documents


def written_commands(text: str) -> set[str]:
    """What follows « manage.py » in the blocks of code and between backquotes."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    spans = [line for block in blocks for line in block.splitlines()]
    spans += re.findall(r"`([^`]+)`", prose)
    found = set()
    for span in spans:
        for command in re.findall(r"manage\.py ([a-z_]+(?: [^|;&#>]*)?)", span):
            found.add(re.split(r"\s(?:\||&&|#)|\s{2,}", command)[0].strip())
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_of_the_documents_can_be_typed(path: Path) -> None:
    for command in written_commands(path.read_text(encoding="utf-8")):
        if re.search(r"…|\bX\b", command):
            continue
        try:
            parse_command(shlex.split(re.sub(r"[][]", "", command)))
        except Exception as error:
            raise AssertionError(f"{path.name}: manage.py {command}: {error}") from error


def test_the_shell_of_operations_is_shell_and_names_what_exists() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        subprocess.run(["sh", "-n"], input=block, text=True, check=True)
    for verb in re.findall(r"`make ([a-z-]+)`", text):
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb
    for name in re.findall(r"\((deploy/[^)#]+)\)", text):
        assert (ROOT / "docs" / name).exists(), name
    assert len(written_commands(text)) > 20

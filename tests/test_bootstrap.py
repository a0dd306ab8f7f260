"""`.ci/bootstrap` from the starting points that people really have.

Each test lays a small project in a folder, with no package to install, and gives the script a
PATH that holds nothing but the tools of POSIX and what the test puts there.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.present import the

ROOT = Path(__file__).resolve().parent.parent
PYTHON = Path(sys.executable).resolve()
POSIX_TOOLS = ("cmp", "cp", "dirname", "env", "grep", "rm", "sh")
TOO_OLD = "#!/bin/sh\nexit 1\n"
NO_PYTHON = (
    "Python 3.12 or newer, with its venv module, was not found: install it (for example "
    "« apt install python3-venv », « brew install python@3.13 » or « uv python install 3.13 »), "
    "then start again.\n"
)
NO_RIGHT = (
    "A system package is missing, and only root may install it: type « sudo apt-get install -y "
    "--no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 », "
    "then start again."
)


class Machine:
    """A home, a PATH and a project, all of them new."""

    def __init__(self, folder: Path) -> None:
        self.home, self.bin, self.project = folder / "home", folder / "bin", folder / "project"
        for made in (self.home, self.bin, self.project / ".ci"):
            made.mkdir(parents=True)
        shutil.copy(ROOT / ".ci" / "bootstrap", self.project / ".ci")
        for pins in ("requirements.txt", "requirements-s3.txt", "requirements-dev.txt"):
            (self.project / pins).touch()
        for tool in POSIX_TOOLS:
            (self.bin / tool).symlink_to(the(shutil.which(tool)))
        self.add_tool("id", "#!/bin/sh\necho 1000\n")
        self.set_pango(present=True)

    @property
    def venv(self) -> Path:
        return self.project / ".venv"

    def add_tool(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script, encoding="utf-8")
        (self.bin / name).chmod(0o755)

    def add_python(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(PYTHON)

    def set_pango(self, *, present: bool) -> None:
        """The script asks WeasyPrint; a module of that name in the project answers."""
        answer = "" if present else "raise OSError"
        (self.project / "weasyprint.py").write_text(answer, encoding="utf-8")

    def bootstrap(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": str(self.bin), "HOME": str(self.home)}
        command: list[str | Path] = [self.project / ".ci" / "bootstrap", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_bootstrap_passes_over_an_old_python3_for_one_of_pyenv(machine: Machine) -> None:
    machine.add_tool("python3", TOO_OLD)
    machine.add_python(machine.home / ".pyenv/versions/3.13.0/bin/python3")

    done = machine.bootstrap()

    assert done.returncode == 0, done.stderr
    assert (machine.venv / "bin/python").resolve() == PYTHON
    assert (machine.venv / "ready-requirements.txt").exists()


def test_bootstrap_asks_uv_when_nothing_else_is_found(machine: Machine) -> None:
    hidden = machine.home / "uv/python3"
    machine.add_python(hidden)
    machine.add_tool("uv", f'#!/bin/sh\n[ "$1 $2" = "python find" ] && echo {hidden}\n')

    done = machine.bootstrap()

    assert done.returncode == 0, done.stderr
    assert (machine.venv / "bin/python").resolve() == PYTHON


def test_bootstrap_without_python_says_one_sentence(machine: Machine) -> None:
    machine.add_tool("python3", TOO_OLD)
    machine.add_tool("uv", "#!/bin/sh\nexit 2\n")

    done = machine.bootstrap()

    assert (done.returncode, done.stderr) == (1, NO_PYTHON)
    assert not machine.venv.exists()


def test_bootstrap_without_pango_and_without_the_right_says_what_to_type(machine: Machine) -> None:
    machine.add_python(machine.bin / "python3")
    machine.set_pango(present=False)
    machine.add_tool("apt-get", "#!/bin/sh\nexit 100\n")
    machine.add_tool("sudo", "#!/bin/sh\nexit 1\n")

    done = machine.bootstrap()

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == NO_RIGHT
    assert not (machine.venv / "ready-requirements.txt").exists()


def test_bootstrap_installs_pango_as_root_and_stops_there(machine: Machine) -> None:
    machine.add_python(machine.bin / "python3")
    machine.set_pango(present=False)
    machine.add_tool("id", "#!/bin/sh\necho 0\n")
    installs = f'case "$*" in *libpango*) : >{machine.project}/weasyprint.py ;; esac\n'
    machine.add_tool("apt-get", f"#!/bin/sh\n{installs}")

    done = machine.bootstrap()

    assert done.returncode == 0, done.stderr
    assert (machine.venv / "ready-requirements.txt").exists()


@pytest.mark.parametrize("is_found", [True, False])
def test_bootstrap_dev_installs_chromium_and_looks_whether_it_is_there(
    machine: Machine, is_found: bool
) -> None:
    machine.add_python(machine.bin / "python3")
    finder = machine.project / "tests" / "support" / "chromium.py"
    finder.parent.mkdir(parents=True)
    shutil.copy(ROOT / "tests" / "support" / "chromium.py", finder)
    machine.add_tool("id", "#!/bin/sh\necho 0\n")
    found = f"cp {machine.bin}/id {machine.bin}/chromium" if is_found else ":"
    machine.add_tool("apt-get", f'#!/bin/sh\ncase "$*" in *chromium) {found} ;; esac\n')

    done = machine.bootstrap("dev")

    last = (
        "Installing with apt-get chromium…"
        if is_found
        else ("Chromium was not found: install it, or put its path in CHROMIUM.")
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0 if is_found else 1, last)
    for pins in ("requirements.txt", "requirements-dev.txt"):
        assert (machine.venv / f"ready-{pins}").exists() is is_found


@pytest.fixture
def ready(machine: Machine) -> Machine:
    """A machine that ran the script to its end; a file of ours tells a new .venv from this one."""
    machine.add_python(machine.bin / "python3")
    done = machine.bootstrap()
    assert done.returncode == 0, done.stderr
    (machine.venv / "witness").touch()
    return machine


def test_bootstrap_leaves_a_ready_machine_alone(ready: Machine) -> None:
    (ready.bin / "rm").unlink()  # nothing can be installed again without it

    done = ready.bootstrap()

    assert (done.returncode, done.stderr) == (0, "")
    assert (ready.venv / "witness").exists()


def test_bootstrap_installs_again_when_the_pins_change(ready: Machine) -> None:
    (ready.project / "requirements.txt").write_text("# changed\n", encoding="utf-8")

    done = ready.bootstrap()

    assert done.stderr == "Installing the Python packages of requirements.txt…\n"
    assert (ready.venv / "witness").exists()


def test_bootstrap_stops_when_a_package_cannot_be_installed(ready: Machine) -> None:
    (ready.project / "requirements.txt").write_text("./nowhere\n", encoding="utf-8")

    done = ready.bootstrap()

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "The Python packages could not be installed: the reason stands above. "
        "Check the network, then start again."
    )
    assert (ready.venv / "installing").exists()


@pytest.mark.parametrize("damage", ["interrupted", "python gone", "pip missing", "moved"])
def test_bootstrap_makes_a_damaged_environment_again(ready: Machine, damage: str) -> None:
    match damage:
        case "interrupted":
            (ready.venv / "installing").touch()
            (ready.venv / "ready-requirements.txt").unlink()
        case "python gone":
            (ready.venv / "bin/python").unlink()
            (ready.venv / "bin/python").symlink_to(ready.home / "nowhere")
        case "pip missing":
            shutil.rmtree(next(ready.venv.glob("lib/python3.*/site-packages/pip")))
            (ready.venv / "ready-requirements.txt").unlink()
        case "moved":
            ready.project = ready.project.rename(ready.project.with_name("elsewhere"))

    done = ready.bootstrap()

    assert done.returncode == 0, done.stderr
    assert not (ready.venv / "witness").exists()
    assert not (ready.venv / "installing").exists()

"""What the portal is made of: a list in CycloneDX, pinned with hashes, and installed as pinned."""

import json
import subprocess
import sys
from pathlib import Path

from tests.audit.table import Row
from tests.support.portal import ROOT
from uzes_portal.checks import PIN, packages_astray

PINS = ROOT / "requirements.txt"


def rows(folder: Path) -> list[Row]:
    """The list itself is kept in sbom.cdx.json."""
    text = PINS.read_text(encoding="utf-8")
    pins = dict(PIN.findall(text))
    bare = [
        name for name, version in pins.items() if f"{name}=={version} \\\n    --hash" not in text
    ]
    components = _list_components(folder / "sbom.cdx.json")
    listed = {str(one["name"]) for one in components if one.get("hashes") or _hashes(one)}
    astray = packages_astray(PINS)
    return [
        Row.of(
            "pinned with hashes",
            "every package",
            f"{len(pins) - len(bare)} of {len(pins)}",
            "requirements.txt",
            is_met=not bare,
        ),
        Row.of(
            "list of components",
            "every pinned package, with its hashes",
            f"{len(listed & set(pins))} of {len(pins)}, CycloneDX",
            "var/audit/sbom.cdx.json",
            is_met=set(pins) <= listed,
        ),
        Row.of(
            "installed as pinned",
            "no difference",
            ", ".join(astray) or f"{len(pins)} of {len(pins)}",
            "manage.py check (portal.W002), at each start",
            is_met=not astray,
        ),
    ]


def _list_components(target: Path) -> list[dict[str, object]]:
    program = Path(sys.executable).with_name("cyclonedx-py")
    command: list[str | Path] = [
        program,
        "requirements",
        PINS,
        "--pyproject",
        ROOT / "pyproject.toml",
    ]
    command += ["--output-reproducible", "--of", "JSON", "-o", target]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    found: list[dict[str, object]] = json.loads(target.read_text(encoding="utf-8"))["components"]
    return found


def _hashes(component: dict[str, object]) -> bool:
    """The tool writes them beside the address of each file."""
    references = component.get("externalReferences")
    return isinstance(references, list) and any(one.get("hashes") for one in references)

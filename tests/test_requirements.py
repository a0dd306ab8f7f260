"""The pins follow the ranges of `pyproject.toml`: `make requirements` was not forgotten."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.portal import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


RUN, S3, DEV = (_pins(f"requirements{one}.txt") for one in ("", "-s3", "-dev"))
EXTRAS = PROJECT["optional-dependencies"]


@pytest.mark.parametrize(
    ("pins", "ranges"),
    [
        (RUN, PROJECT["dependencies"]),
        (S3, PROJECT["dependencies"] + EXTRAS["s3"]),
        (DEV, PROJECT["dependencies"] + EXTRAS["dev"]),
    ],
    ids=["run", "s3", "dev"],
)
def test_every_range_has_a_pin_inside_it(pins: dict[str, str], ranges: list[str]) -> None:
    wanted = [Requirement(line) for line in ranges]

    astray = [
        str(requirement)
        for requirement in wanted
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    ]

    assert astray == []


def test_the_tests_run_with_the_versions_of_the_portal() -> None:
    assert {name: S3.get(name) for name in RUN} == RUN
    assert {name: DEV.get(name) for name in S3} == S3


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-s3.txt", "requirements-dev.txt"]
)
def test_pins_are_hashed_and_name_no_place(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if re.match(r"[\w.-]+==", line)]

    assert [line for line in pinned if not line.endswith(" \\")] == []
    assert [line for line in lines if re.search(r"://|^-|@ ", line)] == []

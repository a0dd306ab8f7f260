"""The parts of the audit, in the order in which they run: the quick ones first."""

from collections.abc import Callable
from pathlib import Path

from tests.audit import (
    asvs,
    busy,
    console,
    deploy,
    markup,
    observatory,
    packages,
    policy,
    proofs,
    static,
    wapiti,
)
from tests.audit.table import Row

type Part = Callable[[Path], list[Row]]


def elsewhere(folder: Path) -> list[Row]:
    """What only the place where the portal runs can show."""
    return [
        Row.not_shown("the proxy's TLS", "TLS 1.2 and 1.3, a public certificate", "no proxy here"),
        Row.not_shown("HSTS preload list", "the host is on it", "the host has no name yet"),
        Row.not_shown("known weaknesses", "0 in the packages", "no list of them can be read here"),
        Row.not_shown("logs of the proxy", "no body, no query", "no proxy here"),
    ]


PARTS: dict[str, Part] = {
    "deploy": deploy.rows,
    "packages": packages.rows,
    "asvs": asvs.rows,
    "static": static.rows,
    **{name: proofs.part(name) for name in proofs.PROOFS},
    "policy": policy.rows,
    "markup": markup.rows,
    "console": console.rows,
    "observatory": observatory.rows,
    "busy": busy.rows,
    "wapiti": wapiti.rows,
    "elsewhere": elsewhere,
}

"""What the portal may say of its accessibility: only what an audit found.

Law 2005-102 art. 47 and decree 2019-768: the home page says « totalement », « partiellement » or
« non conforme ». Without an audit, or three years after it, the honest word is « non conforme ».
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VALID_YEARS = 3


@dataclass(frozen=True)
class Audit:
    """Result of an audit against the RGAA."""

    day: date
    auditor: str
    version: str
    #: Criteria that are met, out of those that apply.
    conform: int
    applicable: int
    failures: tuple[str, ...]

    @classmethod
    def load(cls, path: Path) -> Self:
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            audit = cls(
                day=date.fromisoformat(data["day"]),
                auditor=str(data["auditor"]),
                version=str(data["version"]),
                conform=int(data["conform"]),
                applicable=int(data["applicable"]),
                failures=tuple(map(str, data["failures"])),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ImproperlyConfigured(
                f"ACCESSIBILITY_AUDIT_FILE cannot be read ({error}): see docs/accessibility.md."
            ) from error
        if not 0 <= audit.conform <= audit.applicable or not audit.applicable:
            raise ImproperlyConfigured("ACCESSIBILITY_AUDIT_FILE: check conform and applicable.")
        return audit

    @property
    def rate(self) -> int:
        """Whole per cent, rounded down: 99.6 % is not 100 %."""
        return self.conform * 100 // self.applicable

    def holds_on(self, day: date) -> bool:
        """Whether the audit is not too old."""
        return (day.year, day.month, day.day) <= (
            self.day.year + VALID_YEARS,
            self.day.month,
            self.day.day,
        )


def status(audit: Audit | None, day: date) -> str:
    """The word of the law, for the foot of every page."""
    if audit is None or not audit.holds_on(day) or audit.rate < 50:
        return "non conforme"
    return "totalement conforme" if audit.rate == 100 else "partiellement conforme"


def recorded_audit() -> Audit | None:
    """The audit named in the settings."""
    return _load(settings.ACCESSIBILITY_AUDIT_FILE) if settings.ACCESSIBILITY_AUDIT_FILE else None


@cache
def _load(path: str) -> Audit:
    return Audit.load(Path(path))

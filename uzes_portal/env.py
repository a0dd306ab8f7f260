"""Typed readers for environment variables; a bad value stops the start with a clear message."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE_WORDS = {"1", "true", "yes", "on"}
FALSE_WORDS = {"0", "false", "no", "off", ""}


def env_str(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_bool(name: str, *, default: bool) -> bool:
    raw = os.environ.get(name)
    if raw is None:
        return default
    word = raw.strip().lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ImproperlyConfigured(f"{name}={raw!r} : écrivez 1 ou 0.")


def env_int(name: str, default: int) -> int:
    raw = env_str(name, str(default))
    try:
        return int(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={raw!r} : écrivez un nombre entier.") from None


def env_list(name: str) -> list[str]:
    """Read a comma-separated list; empty items are dropped."""
    return [item.strip() for item in env_str(name).split(",") if item.strip()]


def env_secret(name: str) -> str:
    """Read a secret from NAME, or from the file NAME_FILE points to; empty when neither is set."""
    path = env_str(f"{name}_FILE")
    if not path:
        return env_str(name)
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE={path!r} ne peut pas être lu : {error}.") from None

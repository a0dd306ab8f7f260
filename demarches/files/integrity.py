"""What a file of ours must be, word for word, for a browser to use it (W3C, Subresource Integrity).

A page then runs nothing else under that name, even when the server of the files, or a proxy in
front of it, was changed.
"""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage


def integrity_of(name: str) -> str:
    """« sha384-… » of the file that `{% static name %}` points to; empty when there is none."""
    path = _served_file(name)
    return _digest(path, path.stat().st_mtime_ns) if path else ""


def _served_file(name: str) -> Path | None:
    """The collected file, under the name of its content; in development the source itself."""
    stored = getattr(staticfiles_storage, "stored_name", None)
    if stored is not None:
        return Path(staticfiles_storage.path(stored(name)))
    found = finders.find(name)
    return Path(found) if isinstance(found, str) else None


@lru_cache(maxsize=64)
def _digest(path: Path, changed_at: int) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()

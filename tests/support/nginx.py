"""A real nginx in front of a portal, with the example of `docs/deploy/` and nothing else."""

import os
import pwd
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.portal import ROOT, free_port

EXAMPLE = ROOT / "docs" / "deploy" / "nginx.conf"
PROGRAM = shutil.which("nginx")
#: Says what the cache did; only tests ask.
STATUS_HEADER = "X-Cache"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def example_in(folder: Path) -> str:
    """The example without TLS, its files in this folder."""
    text = EXAMPLE.read_text(encoding="utf-8")
    text = re.sub(r"\n    ssl_certificate[^\n]*", "", text).replace("443 ssl", "443")
    for place in ("/var/log/nginx", "/var/lib/nginx"):
        text = text.replace(place, str(folder))
    return text


def whole(text: str, folder: Path, *, main: str = "") -> Path:
    """The file that nginx reads, around this text."""
    temporary = "".join(f"{name}_temp_path {folder}/{name};\n" for name in _TEMPORARY)
    path = folder / "nginx.conf"
    path.write_text(
        f"pid {folder}/pid;\nerror_log {folder}/error.log;\n{main}"
        f"events {{}}\nhttp {{\n{temporary}{text}\n}}\n",
        encoding="utf-8",
    )
    return path


@contextmanager
def running_nginx(folder: Path, *, portal: int, access_log: bool = True) -> Iterator[int]:
    """The port where nginx answers for the portal of this other port."""
    port = free_port()
    text = example_in(folder).replace("127.0.0.1:8000", f"127.0.0.1:{portal}")
    text = re.sub(r"\n    listen \[::\][^\n]*", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = text.replace("listen 443;", f"listen 127.0.0.1:{port} backlog=1024;")
    said = f"add_header {STATUS_HEADER} $upstream_cache_status always;"
    text = text.replace("proxy_cache_revalidate on;", f"proxy_cache_revalidate on; {said}")
    if not access_log:
        text = re.sub(r"access_log [^;]*;", "access_log off;", text)
    # As root, nginx hands over to another account, which may not enter our folder.
    who = pwd.getpwuid(os.geteuid()).pw_name
    main = f"daemon off;\n{f'user {who} {who};' if os.geteuid() == 0 else ''}\n"
    path = whole(text, folder, main=main)
    process = subprocess.Popen([str(PROGRAM), "-p", str(folder), "-c", str(path)])
    try:
        while not (folder / "pid").exists():
            if process.poll() is not None:
                raise RuntimeError((folder / "error.log").read_text(encoding="utf-8"))
            time.sleep(0.01)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=60)

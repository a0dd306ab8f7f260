"""The portal as the town hall runs it, over TLS on loopback, with data made for the audit."""

import base64
import json
import os
import secrets
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.audit.signed_in import agent_cookie
from tests.support.portal import KEPT, ROOT, free_port
from tests.support.postgres import throwaway_postgres

START_TIMEOUT = 60


def production_environment(
    var_dir: Path, *, site: str = "https://demarches.example"
) -> dict[str, str]:
    """The variables of a deployment, with secrets made for this run."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {
        **kept,
        "VAR_DIR": str(var_dir),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "FILE_KEYS": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "ALLOWED_HOSTS": "demarches.example,localhost,127.0.0.1",
        "SITE_URL": site,
        "EMAIL_HOST": "smtp.invalid",
        "DEFAULT_FROM_EMAIL": "mairie@demarches.example",
        "SECURITY_CONTACT": "mailto:securite@demarches.example",
        "LOG_LEVEL": "ERROR",
    }


@dataclass(frozen=True)
class Deployment:
    """A portal that answers, the certificate it shows, and a session cookie for each person."""

    site: str
    certificate: Path
    cookies: dict[str, str]

    def open(
        self,
        path: str,
        *,
        cookie: str = "",
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        timeout: float = 30,
    ) -> tuple[int, dict[str, str], str]:
        """The status, the headers and the text of an address; redirections are not followed."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _Stay())
        sent = {**(headers or {}), **({"Cookie": cookie} if cookie else {})}
        request = urllib.request.Request(f"{self.site}{path}", data=data, headers=sent)
        try:
            with opener.open(request, timeout=timeout) as answer:
                return answer.status, dict(answer.headers), answer.read().decode(errors="replace")
        except urllib.error.HTTPError as refusal:
            with refusal:
                text = refusal.read().decode(errors="replace")
                return refusal.code, dict(refusal.headers), text


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object) -> None:
        return None


@contextmanager
def deployment() -> Iterator[Deployment]:
    """Start it on PostgreSQL, on a free port; nothing of it is left afterwards."""
    with TemporaryDirectory() as scratch, throwaway_postgres() as database:
        folder = Path(scratch)
        certificate, key = _certificate(folder)
        with psycopg.connect(database.removesuffix("portal") + "postgres", autocommit=True) as main:
            main.execute("CREATE DATABASE portal")
        port = free_port()
        site = f"https://localhost:{port}"
        environment = {
            **production_environment(folder / "var", site=site),
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "tests.audit.settings",
        }
        made = subprocess.run(
            [sys.executable, "-m", "tests.audit.scene"],
            cwd=ROOT,
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        cookies = json.loads(made.stdout.splitlines()[-1])
        server = subprocess.Popen(
            [
                *(Path(sys.executable).with_name("granian"), "--interface", "wsgi"),
                # As docs/operations.md starts it.
                *("--workers", "2", "--blocking-threads", "16", "--no-ws"),
                *("--blocking-threads-idle-timeout", "600"),
                *("--host", "127.0.0.1", "--port", str(port), "--log-level", "error"),
                *("--ssl-certificate", certificate, "--ssl-keyfile", key),
                "uzes_portal.wsgi:application",
            ],
            cwd=ROOT,
            env=environment,
        )
        try:
            running = Deployment(site, certificate, cookies)
            _wait(running, server)
            cookies["agent"] = agent_cookie(site, certificate)
            yield running
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait(running: Deployment, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            running.open("/robots.txt")
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("The portal did not start.") from None
            time.sleep(0.2)
        else:
            return


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Of « localhost », signed by itself, for one day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, kept = folder / "certificate.pem", folder / "key.pem"
    shown.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    kept.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    kept.chmod(0o600)
    return shown, kept

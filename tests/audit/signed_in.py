"""An agent's own way into the desk over TLS: a password, then the code of a telephone."""

import base64
import hmac
import re
import ssl
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode

AGENT, PASSWORD = "agent@demarches.example", "une phrase assez longue"
LOGIN, ENROL = "/agents/login/", "/agents/second-facteur/choisir/"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SEED = re.compile(r'<code class="desk-copy">([^<]+)</code>')


def code_of(seed: str) -> str:
    """What a telephone shows now (RFC 6238), computed without the portal's own code."""
    counter = (int(time.time()) // 30).to_bytes(8)
    digest = hmac.digest(base64.b32decode(seed), counter, "sha1")
    at = digest[-1] & 15
    number = int.from_bytes(digest[at : at + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def agent_cookie(site: str, certificate: Path) -> str:
    """The session cookie of `AGENT`, who adds a telephone at this first sign-in.

    Raises `RuntimeError` with the page that did not let them in.
    """
    jar = CookieJar()
    opener = urllib.request.build_opener(
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=str(certificate))),
        urllib.request.HTTPCookieProcessor(jar),
    )

    def read(path: str, **data: str) -> str:
        request = urllib.request.Request(
            f"{site}{path}",
            data=urlencode(data).encode() if data else None,
            headers={"Referer": f"{site}{path}", "Origin": site} if data else {},
        )
        try:
            with opener.open(request, timeout=30) as answer:
                return str(answer.read().decode())
        except HTTPError as refusal:
            with refusal:
                raise RuntimeError(f"{path} answered {refusal.code} to the agent") from None

    def found(expression: re.Pattern[str], page: str, path: str) -> str:
        match = expression.search(page)
        if match is None:
            raise RuntimeError(f"{path} is not the page that the agent waits for")
        return match[1]

    token = found(TOKEN, read(LOGIN), LOGIN)
    read(LOGIN, username=AGENT, password=PASSWORD, csrfmiddlewaretoken=token)
    page = read(ENROL)
    seed = found(SEED, page, ENROL).replace(" ", "")
    read(ENROL, code=code_of(seed), csrfmiddlewaretoken=found(TOKEN, page, ENROL))
    return next(f"{one.name}={one.value}" for one in jar if one.name.endswith("sessionid"))

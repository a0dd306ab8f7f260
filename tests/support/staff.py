"""Agents who sign in as they do: a password, then the code of a telephone."""

import re
import time
from html import unescape

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from tests.support.pages import Answer

PASSWORD = "une phrase assez longue"


def code_of(secret: str, *, later: int = 0) -> str:
    """What the telephone shows now, or so many half-minutes later."""
    code: str = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))
    return code


def give_password(client: Client, email: str, password: str = PASSWORD, **more: str) -> Answer:
    return client.post(reverse("admin:login"), {"username": email, "password": password, **more})


def enrol(client: Client) -> str:
    """Add the telephone at the first sign-in; return its seed."""
    page = client.get(reverse("admin:second_factor_enrol")).content.decode()
    secret = re.search(r'<code class="desk-copy">([^<]+)</code>', page)
    assert secret, unescape(page)
    seed = secret[1].replace(" ", "")
    answer = client.post(reverse("admin:second_factor_enrol"), {"code": code_of(seed)})
    assert answer.status_code == 302, answer.content.decode()
    return seed

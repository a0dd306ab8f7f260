"""The second factor of agents, on django-allauth's `mfa`: codes of a telephone, passkeys, papers.

The pages and the gate are ours (`demarches.views.staff`, `demarches.accounts.staff_sessions`); what
is stored and how a code, a passkey or a recovery code is checked is django-allauth's. Two things
are added: seeds are sealed under the ring of keys, and a code of a telephone serves once,
whichever web process it reaches.
"""

import json
import logging
from typing import Any

import segno
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.webauthn.internal.auth import (
    WebAuthn,
    begin_authentication,
    begin_registration,
    complete_authentication,
    complete_registration,
    parse_authentication_response,
)
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare
from django.utils.safestring import SafeString, mark_safe

from demarches.files.sealing import SecretDamaged, is_current, seal, unseal
from demarches.models import User

logger = logging.getLogger(__name__)
PURPOSE = "demarches.second_factor"
ISSUER = "Bureau des démarches"
#: What opens the desk by itself; recovery codes only stand in for these.
DEVICES = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
NOT_READ = "Le navigateur n’a pas pu lire cette clé. Recommencez, ou prenez l’application."


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """django-allauth's, with sealed seeds; its own step at sign-in stays off."""

    def encrypt(self, text: str) -> str:
        return seal(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, purpose=PURPOSE)

    def is_mfa_enabled(self, user: Any, types: Any = None) -> bool:
        """Nobody is asked by django-allauth: `StaffSessionMiddleware` asks, on every path."""
        return False

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": ISSUER}


def devices(agent: User) -> "QuerySet[Authenticator]":
    """What this agent may give as second factor."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=agent, type__in=DEVICES)
    return found.order_by("created_at", "pk")


# The application of a telephone (TOTP)


def new_secret() -> str:
    """A sealed seed, to be kept in the session until its first code proves it was copied."""
    return seal(generate_totp_secret(), purpose=PURPOSE)


def readable_secret(sealed: str) -> str:
    """The seed in groups of four, for those who cannot scan."""
    plain = unseal(sealed, purpose=PURPOSE)
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def qr_code(agent: User, sealed: str) -> SafeString:
    """The square to scan, as SVG inside the page: no picture leaves the portal."""
    adapter = MFAAdapter()
    uri = adapter.build_totp_url(agent, unseal(sealed, purpose=PURPOSE))
    picture: str = segno.make(uri, error="m").svg_inline(scale=5, border=3, light="white")
    return mark_safe(picture)  # noqa: S308 -- made of squares by segno, holds no text


def add_application(agent: User, sealed: str, typed: str) -> bool:
    """Keep the telephone's seed once this code shows that it holds it; the former one goes."""
    counter = _counter_of(unseal(sealed, purpose=PURPOSE), typed)
    if counter is None:
        return False
    with transaction.atomic():
        Authenticator.objects.filter(user=agent, type=Authenticator.Type.TOTP).delete()
        kept = TOTP.activate(agent, unseal(sealed, purpose=PURPOSE)).instance
        kept.data["last_counter"] = counter
        kept.save(update_fields=["data"])
    return True


def accept_code(agent: User, typed: str) -> bool:
    """Whether a code of the telephone, or a recovery code, is right; each serves once.

    No code is right for a seed whose key was lost: another administrator takes it away.
    """
    try:
        return _accept_code(agent, "".join(typed.split()))
    except SecretDamaged:
        logger.error("second_factor_unreadable user=%s", agent.pk)
        return False


def _accept_code(agent: User, code: str) -> bool:
    with transaction.atomic():
        # One at a time: of two requests with one code, the second reads what the first wrote.
        rows = Authenticator.objects.select_for_update().filter(user=agent)
        held = {row.type: row for row in rows.exclude(type=Authenticator.Type.WEBAUTHN)}
        if telephone := held.get(Authenticator.Type.TOTP):
            secret = unseal(telephone.data["secret"], purpose=PURPOSE)
            counter = _counter_of(secret, code)
            if counter is not None:
                if counter <= telephone.data.get("last_counter", 0):
                    return False
                telephone.data["last_counter"] = counter
                telephone.save(update_fields=["data"])
                telephone.record_usage()
                return True
        paper = held.get(Authenticator.Type.RECOVERY_CODES)
        if paper is not None and RecoveryCodes(paper).validate_code(code):
            return True
    return False


def _counter_of(secret: str, code: str) -> int | None:
    """The half-minute this code belongs to; None for a wrong code, or one of another time."""
    for counter in yield_hotp_counters_from_time():
        if constant_time_compare(format_hotp_value(hotp_value(secret, counter)), code):
            return int(counter)
    return None


# Passkeys (WebAuthn)


def passkey_creation(agent: User) -> dict[str, Any]:
    """What the browser needs to make a key; the challenge stays in the session."""
    options: dict[str, Any] = begin_registration(agent, passwordless=False)
    return options


def passkey_request(agent: User) -> dict[str, Any]:
    """What the browser needs to ask for a key of this agent."""
    options: dict[str, Any] = begin_authentication(agent)
    return options


def add_passkey(agent: User, answer: str, *, name: str) -> None:
    """Keep the key that the browser made; raise ValidationError when it is not one."""
    credential = _read(answer)
    try:
        complete_registration(credential)
    # fido2 raises whatever an unreadable answer leads it to.
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValidationError(NOT_READ) from error
    WebAuthn.add(agent, name.strip()[:60] or "Clé d’accès", credential)


def accept_passkey(agent: User, answer: str) -> bool:
    """Whether the browser's answer is signed by a key of this agent, for this challenge."""
    try:
        key = complete_authentication(agent, parse_authentication_response(_read(answer)))
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError):
        return False
    key.record_usage()
    return True


def _read(answer: str) -> dict[str, Any]:
    try:
        read = json.loads(answer)
    except ValueError as error:
        raise ValidationError(NOT_READ) from error
    if not isinstance(read, dict):
        raise ValidationError(NOT_READ)
    return read


# Recovery codes


def recovery_codes(agent: User) -> list[str]:
    """The codes on paper that still serve; none when they were never made or lost their key."""
    paper = Authenticator.objects.filter(user=agent, type=Authenticator.Type.RECOVERY_CODES).first()
    try:
        return RecoveryCodes(paper).get_unused_codes() if paper else []
    except SecretDamaged:
        return []


def new_recovery_codes(agent: User) -> None:
    """Make the codes anew: the former ones are dead."""
    with transaction.atomic():
        Authenticator.objects.filter(user=agent, type=Authenticator.Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(agent)


def forget_everything(agent: User) -> int:
    """Take every device and code away: the agent enrols anew at the next sign-in."""
    return int(Authenticator.objects.filter(user=agent).delete()[0])


def reseal_all() -> tuple[int, int]:
    """Seal under the current key every seed that another one seals.

    Return how many were, and how many cannot be opened any more, which stay as they are.
    """
    done = lost = 0
    with transaction.atomic():
        for row in Authenticator.objects.select_for_update().exclude(
            type=Authenticator.Type.WEBAUTHN
        ):
            name = "secret" if row.type == Authenticator.Type.TOTP else "seed"
            if is_current(row.data[name]):
                continue
            try:
                plain = unseal(row.data[name], purpose=PURPOSE)
            except SecretDamaged:
                lost += 1
                continue
            row.data[name] = seal(plain, purpose=PURPOSE)
            row.save(update_fields=["data"])
            done += 1
    return done, lost

"""Who may open a follow-up: its account, or a session that gave the reference and the secret.

Everything else gets one answer, whether the reference exists or not.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils.crypto import constant_time_compare, salted_hmac

from demarches.models import User
from demarches.rules.reference import parse_reference
from vitale.models import Demande, Suivi
from vitale.rules.codes import digest, opens, parse_code_reference

PASSES_KEY = "vitale_passes"
PASS_LIFE = timedelta(hours=2)
MAX_PASSES = 10

type Coded = Suivi | Demande


def with_pass(passes: Mapping[str, Any], row: Coded, *, at: datetime) -> dict[str, Any]:
    """The passes of a session with one more; those that are over are dropped."""
    alive = {ref: one for ref, one in passes.items() if _is_alive(one, at)}
    until = (at + PASS_LIFE).timestamp()
    alive[row.reference] = {"until": until, "code": _code_mark(row)}
    return dict(list(alive.items())[-MAX_PASSES:])


def _code_mark(row: Coded) -> str:
    """Tells one secret from the next: new codes end what the former ones had opened."""
    told = f"{row.reference}:{row.secret_digest}"
    return salted_hmac("vitale.pass", told, algorithm="sha256").hexdigest()


def _is_alive(one: object, at: datetime) -> bool:
    return isinstance(one, Mapping) and one.get("until", 0) > at.timestamp()


def _has_pass(passes: Mapping[str, Any], row: Coded, at: datetime) -> bool:
    one = passes.get(row.reference) or {}
    return _is_alive(one, at) and constant_time_compare(str(one.get("code")), _code_mark(row))


def find_suivi(
    reference: str, *, user: User | None, passes: Mapping[str, Any], at: datetime
) -> Suivi | None:
    """The aide-mémoire this visitor may open; None for a stranger."""
    canonical = parse_code_reference(reference)
    if canonical is None:
        return None
    suivi = Suivi.objects.filter(reference=canonical).select_related("situation").first()
    if suivi is None:
        return None
    is_owner = user is not None and suivi.owner_id == user.pk
    return suivi if is_owner or _has_pass(passes, suivi, at) else None


def find_demande(
    reference: str, *, user: User | None, passes: Mapping[str, Any], at: datetime
) -> Demande | None:
    """The request for help this visitor may open; None for a stranger."""
    canonical = parse_reference(reference)
    if canonical is None:
        return None
    sent = Demande.objects.sent().filter(reference=canonical)
    sent = sent.select_related("reason", "orientation__link", "appointment__agenda")
    coded = sent.first() if canonical in passes else None
    if coded is not None and _has_pass(passes, coded, at):
        return coded
    return sent.visible_to(user).first() if user is not None else None


def open_with_codes(reference: str, secret: str) -> Coded | None:
    """What these two codes open; a wrong secret and an unknown reference are told alike."""
    found: Coded | None = None
    if code := parse_code_reference(reference):
        found = Suivi.objects.filter(reference=code).first()
    elif number := parse_reference(reference):
        found = Demande.objects.sent().filter(reference=number).first()
    if found is None:
        opens(digest("", ""), reference, secret)  # the same work as for a row that exists
        return None
    return found if found.opens_with(secret) else None


def may_read_requests(user: User) -> bool:
    """Agents who may open requests for help."""
    return user.is_active and user.is_staff and user.has_perm("vitale.view_demande")


def may_answer_requests(user: User) -> bool:
    """Agents who may act on them."""
    return user.is_active and user.is_staff and user.has_perm("vitale.change_demande")

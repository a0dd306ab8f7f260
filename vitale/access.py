"""Who may open a follow-up: its account, or a session that gave the reference and the secret.

Everything else gets one answer, whether the reference exists or not.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from demarches.models import User
from demarches.rules.reference import parse_reference
from vitale.models import Demande, Suivi
from vitale.rules.codes import digest, opens, parse_code_reference

PASSES_KEY = "vitale_passes"
PASS_LIFE = timedelta(hours=2)
MAX_PASSES = 10

type Coded = Suivi | Demande


def with_pass(passes: Mapping[str, Any], reference: str, *, at: datetime) -> dict[str, Any]:
    """The passes of a session with one more; those that are over are dropped."""
    alive = {ref: until for ref, until in passes.items() if until > at.timestamp()}
    alive[reference] = (at + PASS_LIFE).timestamp()
    return dict(list(alive.items())[-MAX_PASSES:])


def _has_pass(passes: Mapping[str, Any], reference: str, at: datetime) -> bool:
    return bool(passes.get(reference, 0) > at.timestamp())


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
    return suivi if is_owner or _has_pass(passes, canonical, at) else None


def find_demande(
    reference: str, *, user: User | None, passes: Mapping[str, Any], at: datetime
) -> Demande | None:
    """The request for help this visitor may open; None for a stranger."""
    canonical = parse_reference(reference)
    if canonical is None:
        return None
    sent = Demande.objects.sent().filter(reference=canonical)
    mine = sent.visible_to(user) if user is not None else sent.none()
    seen = sent if _has_pass(passes, canonical, at) else mine
    return seen.select_related("reason", "orientation__link", "appointment__agenda").first()


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

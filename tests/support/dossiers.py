"""Dossiers for tests, built by the real actions."""

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from demarches.models import User
from demarches.rules.enums import PieceStatus
from pacs.actions import desk
from pacs.actions.dossiers import (
    attest,
    choose_door,
    confirm_common,
    join_dossier,
    open_dossier,
    submit_dossier,
)
from pacs.actions.pieces import bring_pieces, sync_pieces
from pacs.forms.registration import undated_originals
from pacs.models import Door, Dossier, Partenaire
from pacs.models.piece import IDENTITY_RULE

COMMON: dict[str, Any] = {
    "residence": "ici",
    "impediment": "aucun",
    "kinship": "aucun",
    "convention": "cerfa_15726",
    "street": "3 rue des Lilas",
    "postcode": "30700",
    "city": "Uzès",
}
PERSON: dict[str, Any] = {
    "birth_name": "Lemoine",
    "first_names": "Camille Anne",
    "sex": "F",
    "birth_day": 4,
    "birth_month": 5,
    "birth_year": 1990,
    "birth_country": "FR",
    "birth_city": "Nîmes",
    "nationalities": ["FR"],
    "parent1_name": "Lemoine",
    "parent1_first_names": "Paul",
    "parent2_unknown": True,
    "situation": "celibataire",
    "measure": "aucune",
    "street": "9 place aux Herbes",
    "postcode": "30700",
    "city": "Uzès",
}
OTHER: dict[str, Any] = {
    **PERSON,
    "birth_name": "d’Almeida-Ünal",
    "first_names": "Noé",
    "sex": "M",
    "measure": "curatelle",
    "protector_is_partenaire": False,
    "street": "17 chemin privé",
}


def make_dossier(
    first: User,
    second: User,
    *,
    at: datetime | None = None,
    common: dict[str, Any] | None = None,
    people: tuple[dict[str, Any], dict[str, Any]] = (PERSON, OTHER),
) -> Dossier:
    """A draft that both have filled in, confirmed and attested."""
    at = at or timezone.now() - timedelta(hours=1)
    dossier = open_dossier(at=at, user=first, couple=common or COMMON, people=people)
    one, two = dossier.people
    choose_door(two, Door.OWN, email=second.email, by=first, at=at)
    join_dossier(dossier, second, at=at)
    two = Partenaire.objects.select_related("dossier").get(pk=two.pk)
    confirm_common(two, comment="", at=at, by=second)
    attest(two, at=at, by=second)
    attest(Partenaire.objects.select_related("dossier").get(pk=one.pk), at=at, by=first)
    sync_pieces(dossier)
    return Dossier.objects.get(pk=dossier.pk)


def bring_everything(dossier: Dossier, *, at: datetime | None = None) -> None:
    """Say of every piece that it will be brought."""
    missing = dossier.pieces.required().filter(status=PieceStatus.MISSING.value)
    bring_pieces(missing, at=at or timezone.now())


def send(dossier: Dossier, *, at: datetime | None = None) -> Dossier:
    """Send it, by its first partenaire."""
    one, _ = dossier.people
    submit_dossier(one, at=at or timezone.now(), by=one.user)
    return Dossier.objects.get(pk=dossier.pk)


def accept_everything(dossier: Dossier, agent: User) -> None:
    """Accept every piece, one by one, as an agent does."""
    for piece in dossier.pieces.required().select_related("dossier"):
        desk.accept_piece(piece, by=agent, at=timezone.now(), version=None)


def dates_read(dossier: Dossier, day: date) -> dict[str, date]:
    """What the officer reads on the originals nobody has dated yet: all of them good that day."""
    return {
        piece.key: day + timedelta(days=365 if piece.rule_id == IDENTITY_RULE else -7)
        for piece, _ in undated_originals(dossier)
    }

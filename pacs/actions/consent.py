"""An attestation ends when one of its facts changes, whoever changed it: told, and written down.

Every action that changes answers does it inside `watching_facts`; nothing else may.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from demarches.dossiers.words import value_in_words
from demarches.models import User
from demarches.rules.enums import PieceStatus
from pacs import emails
from pacs.models import Dossier, Partenaire
from pacs.models.consent import (
    confirmed_facts,
    has_attested,
    has_confirmed,
    plain_value,
    vouched_facts,
)
from pacs.rules.consent import Change, Value, changes_between
from pacs.rules.pieces import VERIFIED_BY_MAIRIE

type Facts = Mapping[str, Value]


@dataclass(frozen=True)
class _Watched:
    """What one person vouched for and agreed with, before the change; with its words."""

    attested: Facts | None
    attested_words: Facts
    confirmed: Facts | None
    confirmed_words: Facts
    #: What a verification of their birth record was about.
    civil_status: Facts


def _fresh(dossier: Dossier) -> Dossier:
    """The dossier and its people, read anew: nothing remembered from before a change."""
    return Dossier.objects.prefetch_related("partenaires__user").get(pk=dossier.pk)


def _watch(one: Partenaire, dossier: Dossier) -> _Watched:
    return _Watched(
        vouched_facts(one, dossier) if has_attested(one, dossier) else None,
        vouched_facts(one, dossier, value_in_words),
        confirmed_facts(dossier) if has_confirmed(one, dossier) else None,
        confirmed_facts(dossier, value_in_words),
        {name: plain_value(one, name) for name in CIVIL_STATUS},
    )


@contextmanager
def watching_facts(
    dossier: Dossier,
    *,
    by: User | None,
    at: datetime,
    changes: Mapping[str, object] | None = None,
) -> Iterator[None]:
    """Change answers inside; on the way out, what they ended is ended, journalled and told.

    Call it under the dossier's lock. Effects: attestations and confirmations whose facts changed
    are taken back, one line of the journal each with old and new values, one mail to each of
    the two partenaires. `changes`: what an agent changes, filled in inside; the mail then says
    so, and of which kinds.
    """
    before = _fresh(dossier)
    watched = {one.pk: _watch(one, before) for one in before.people}
    yield
    after = _fresh(dossier)
    ended = False
    for one in after.people:
        was = watched[one.pk]
        if any(plain_value(one, name) != was.civil_status[name] for name in CIVIL_STATUS):
            _end_verification(one, after, by=by, at=at)
        if was.attested is not None and (
            changed := changes_between(was.attested, vouched_facts(one, after))
        ):
            words = vouched_facts(one, after, value_in_words)
            _take_back(one, "attested")
            _note_end(one, after, "attestation_ended", changed, was.attested_words, words, by, at)
            ended = True
        if was.confirmed is not None and (
            changed := changes_between(was.confirmed, confirmed_facts(after))
        ):
            words = confirmed_facts(after, value_in_words)
            _take_back(one, "common_confirmed")
            _note_end(one, after, "confirmation_ended", changed, was.confirmed_words, words, by, at)
            ended = True
    if ended:
        emails.attestation_ended(after, at=at, changes=changes or {})


def _end_verification(one: Partenaire, dossier: Dossier, *, by: User | None, at: datetime) -> None:
    """The mairie verified another civil status than the one of today: to be verified again."""
    verified = one.pieces.filter(rule_id__in=VERIFIED_BY_MAIRIE, status=PieceStatus.ACCEPTED.value)
    if verified.update(status=PieceStatus.PROVIDED.value, decided_by=None, decided_at=None):
        dossier.record(kind="birth_verification_ended", by=by, at=at, partenaire=one)


#: Columns of the civil status that the query of a birth record holds.
CIVIL_STATUS = (
    "birth_name",
    "first_names",
    "sex",
    "birth_year",
    "birth_month",
    "birth_day",
    "birth_country",
    "birth_city",
    "parent1_name",
    "parent1_first_names",
    "parent1_unknown",
    "parent2_name",
    "parent2_first_names",
    "parent2_unknown",
)
#: What is emptied when it is taken back.
TAKEN_BACK: Mapping[str, Mapping[str, Any]] = {
    "attested": {
        "attested_at": None,
        "attested_on_paper": None,
        "attested_text": "",
        "attested_facts": {},
        "attested_digest": "",
    },
    "common_confirmed": {"common_confirmed_at": None, "common_confirmed_digest": ""},
}


def _take_back(one: Partenaire, what: str) -> None:
    for name, value in TAKEN_BACK[what].items():
        setattr(one, name, value)
    one.save(update_fields=list(TAKEN_BACK[what]))


def _note_end(
    one: Partenaire,
    dossier: Dossier,
    kind: str,
    changed: tuple[Change, ...],
    before: Facts,
    after: Facts,
    by: User | None,
    at: datetime,
) -> None:
    """One line of the journal: whose, which facts, before and after; agents alone read it."""
    dossier.record(
        kind=kind,
        by=by,
        at=at,
        partenaire=one,
        changes=[
            {"label": fact.label, "old": before[fact.label], "new": after[fact.label]}
            for fact in changed
        ],
    )

"""Everything that was said about a dossier, in one thread: messages, requests, mails."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from demarches.mail.emails import is_text
from pacs.models import Dossier


@dataclass(frozen=True, slots=True)
class Said:
    """One line: who, to whom, by what, the text, and what became of it."""

    kind: str
    at: datetime
    who: str
    to: str
    text: str = ""
    fate: str = ""
    #: The mail that did not leave, to send again; 0 when there is none.
    failed_mail: int = 0
    #: Nobody could be written to: whom to call, and where.
    to_call: str = ""


def thread_of(dossier: Dossier) -> Sequence[Said]:
    """Messages, requests and mails of both, the oldest first."""
    lines = [*_messages(dossier), *_requests(dossier), *_mails(dossier)]
    return sorted(lines, key=lambda one: one.at)


def _messages(dossier: Dossier) -> Iterator[Said]:
    for one in dossier.messages.select_related("partenaire", "agent", "private_to"):
        who = str(one.agent or "La mairie") if one.from_mairie else str(one.partenaire)
        if one.is_of_former:
            who = "La personne d’avant"
        other = "les deux" if one.from_mairie else "la mairie"
        named = "La personne d’avant" if one.sealed_at else one.private_to
        to = f"{named} seulement" if named and one.from_mairie else other
        if one.private_to and not one.from_mairie:
            to = "la mairie seulement"
        yield Said("Message", one.at, who, to, one.body)


def _requests(dossier: Dossier) -> Iterator[Said]:
    for one in dossier.requests.select_related("partenaire", "by"):
        fate = "close" if one.closed_at else "attend une réponse"
        named = "La personne d’avant" if one.sealed_at else one.partenaire
        if one.question:
            fate = f"{fate} · réponse à revoir : {one.question}"
        yield Said("Demande", one.at, str(one.by), f"{named} seulement", one.text, fate)


def _mails(dossier: Dossier) -> Iterator[Said]:
    rows = dossier.mails.select_related("email", "partenaire").prefetch_related("email__logs")
    mails = sorted(rows, key=lambda one: one.pk)
    again = {(one.partenaire_id, one.topic): one.pk for one in mails}
    for one in mails:
        person, email = one.partenaire, one.email
        last = again[one.partenaire_id, one.topic] == one.pk
        failed = one.has_failed
        phone = person.phone.as_national if person and person.phone else ""
        yield Said(
            "SMS" if email is not None and is_text(email) else "Mail",
            one.at,
            "Le portail",
            str(person or "une personne qui n’est plus du dossier"),
            one.kind_label,
            one.fate,
            failed_mail=one.pk if failed and last and not dossier.is_ended else 0,
            to_call=phone if email is None or failed else "",
        )

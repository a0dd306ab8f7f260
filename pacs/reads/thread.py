"""Everything that was said about a dossier, in one thread: messages, requests, mails, notes."""

from collections.abc import Callable, Iterator, Sequence

from demarches.dossiers.thread import Reader, Said, in_order, mails_said, notes_said
from pacs.models import Dossier, InformationRequest, SentMail

type Title = Callable[[InformationRequest], str]


def thread_of(dossier: Dossier, title: Title = lambda row: row.question) -> Sequence[Said]:
    """Messages, requests and mails of both, and the notes; the oldest first.

    `title`: how the page is called on which the answer of a request is given.
    """
    mails = dossier.mails.select_related("email", "partenaire").prefetch_related("email__logs")
    return in_order(
        _messages(dossier),
        _requests(dossier, title),
        notes_said(dossier.notes.select_related("author")),
        mails_said(mails, _reader, may_go_again=not dossier.is_ended),
    )


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


def _requests(dossier: Dossier, title: Title) -> Iterator[Said]:
    for one in dossier.requests.select_related("partenaire", "by"):
        fate = "close" if one.closed_at else "attend une réponse"
        named = "La personne d’avant" if one.sealed_at else one.partenaire
        if asked := title(one):
            fate = f"{fate} · réponse à revoir : {asked}"
        yield Said("Demande", one.at, str(one.by), f"{named} seulement", one.text, fate)


def _reader(mail: SentMail) -> Reader:
    person = mail.partenaire
    if person is None:
        return Reader("une personne qui n’est plus du dossier")
    return Reader(str(person), person.phone.as_national if person.phone else "", person.pk)

"""Everything that was said about a request for help, in one thread."""

from collections.abc import Iterable, Iterator, Sequence

from demarches.dossiers.thread import Reader, Said, in_order, mails_said, notes_said
from demarches.rules.enums import Status
from vitale.models import Demande, DemandeEvent


def thread_of(demande: Demande, events: Iterable[DemandeEvent]) -> Sequence[Said]:
    """The request, the answer, mails and notes, the oldest first; `events` with their author."""
    mails = demande.mails.select_related("email").prefetch_related("email__logs")
    reader = Reader(demande.name or "la personne", "" if demande.email else demande.contact)
    return in_order(
        _asked_and_answered(demande, reader, events),
        notes_said(demande.notes.select_related("author")),
        mails_said(
            mails, lambda mail: reader, may_go_again=bool(demande.email) and not demande.is_ended
        ),
    )


def _asked_and_answered(
    demande: Demande, reader: Reader, events: Iterable[DemandeEvent]
) -> Iterator[Said]:
    if demande.submitted_at is not None:
        yield Said("Demande", demande.submitted_at, reader.name, "la mairie", demande.reason.label)
    given = next((one for one in events if one.to_status == Status.COMPLETE.value), None)
    if demande.answer and given is not None:
        towards = f"oriente vers {demande.orientation.name}" if demande.orientation else ""
        by = str(given.by or "La mairie")
        yield Said("Réponse", given.at, by, reader.name, demande.answer, towards)

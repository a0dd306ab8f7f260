"""What every action of an agent checks first: is the page still true, may the text be sent."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.utils.timezone import localdate

from demarches.dossiers.refusals import CHANGED, ActionRefused, StaleDossier, locked_as_read
from demarches.models import User
from demarches.typed.guard import TextRefused, check_text
from pacs.models import Dossier, Partenaire
from pacs.reads.access import is_still_theirs, may_type_answers
from pacs.reads.leaks import told_by
from pacs.rules.births import BIRTH_PARTS, birth_problems
from pacs.rules.requests import forbidden_requests

__all__ = ["CHANGED", "StaleDossier"]


def locked_at_version(dossier: Dossier, version: int | None) -> Dossier:
    """The dossier, locked and checked against the version the agent saw."""
    return locked_as_read(Dossier.objects.all(), dossier.pk, version)


def check_theirs(read: Partenaire, *, by: User | None) -> None:
    """Refuse an act on a part that is somebody else's by now; call it under the dossier's lock.

    `read`: the row as it was when the page was asked for, before the lock. `by`: who acts; None
    for the guest of a handed-over device, or the link of a mail.
    """
    if is_still_theirs(by, read):
        return
    if read.helper is not None:
        raise ActionRefused("Votre aide est terminée : rien n’est enregistré.")
    raise ActionRefused(
        "Votre participation est terminée, ou votre page date d’avant : rien n’est enregistré."
        " Rouvrez le dossier depuis « Mes démarches »."
    )


def check_contacts(first: Partenaire, second: Partenaire) -> None:
    """Refuse one mailbox for both: one would read what the mairie writes to the other alone.

    Call it where a `contact_email` is written, with both rows as they would stand.
    """
    if not first.addresses.isdisjoint(second.addresses):
        raise ActionRefused(
            "Les deux partenaires auraient la même adresse e-mail : l’un lirait les mails de"
            " l’autre. Rien n’est enregistré. Indiquez une autre adresse, ou laissez vide."
        )


def check_may_type(by: User, dossier: Dossier) -> None:
    """Refuse an agent whose page was opened before the dossier was sent; under its lock.

    Whoever receives people fills a draft in, and changes nothing of what was sent.
    """
    if not may_type_answers(by, dossier):
        raise ActionRefused(
            "Ce dossier vient d’être déposé : rien n’est enregistré. Pour une correction, voyez un"
            " agent qui vérifie les dossiers."
        )


def check_request(text: str) -> None:
    """Refuse a text that asks for what the law does not let the mairie ask for."""
    if found := forbidden_requests(text):
        raise ActionRefused(
            [f"Ce texte demande {one.what}. On ne peut pas : {one.basis}." for one in found]
        )
    check_no_private_number(text)


def check_no_private_number(text: str) -> None:
    """Refuse to keep a number of these kinds, also in an agent's words."""
    try:
        check_text(text)
    except TextRefused as refused:
        raise ActionRefused(refused.messages) from refused


def check_no_variable(text: str) -> None:
    """Refuse a text in which a variable of a model would be read as it is."""
    if "{{" in text or "}}" in text:
        raise ActionRefused(
            "Ce texte contient encore « {{ … }} » : remplacez-le par ce que la personne doit lire."
        )


def check_birth(
    subject: Dossier | Partenaire, columns: Collection[str], *, at: datetime, way_out: str
) -> None:
    """Refuse to write these columns when they would make a date of birth that cannot be.

    `subject` holds the new values; the other parts of the date are those of the database: call
    it under the lock, before the row is saved.
    """
    if not isinstance(subject, Partenaire) or not set(columns).intersection(BIRTH_PARTS):
        return
    parts = Partenaire.objects.values(*BIRTH_PARTS).get(pk=subject.pk)
    parts |= {name: getattr(subject, name) for name in BIRTH_PARTS if name in columns}
    problems = [words for _, words in birth_problems(parts, today=localdate(at))]
    if problems:
        written = "/".join(str(parts[name] or "?") for name in reversed(BIRTH_PARTS))
        raise ActionRefused([f"Naissance le {written} : {words} {way_out}" for words in problems])


def check_told(text: str, *, dossier: Dossier, readers: Iterable[Partenaire], way_out: str) -> None:
    """Refuse a text that tells one of its readers what is private of the other."""
    if found := told_by(text, dossier=dossier, readers=readers):
        raise ActionRefused([f"{one.sentence}. {way_out}" for one in found])

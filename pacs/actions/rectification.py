"""Mend a line of the register that was written wrongly, without losing what it said.

The line holds what is true: search, the gate, the papers and the avis read it as before. What it
said stands in `Rectification`, which the database refuses to rewrite. The number, the day of the
registration and the end of the PACS are not mended here: other acts and other people rest on them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.timezone import localdate

from demarches.models import Officer, User
from demarches.rules.read import Shown
from demarches.rules.texts import searched_names
from demarches.web.as_read import check_read
from pacs.actions.guards import check_no_private_number, check_request
from pacs.actions.refusals import ActionRefused
from pacs.actions.registration import check_people, undrawn
from pacs.models import RegisteredPerson, Registration
from pacs.models.rectification import Rectification
from pacs.models.registration import Avis, signed_by
from pacs.rules.births import BIRTH_PARTS, partial_date_fr
from pacs.rules.rectification import Mended
from pacs.rules.registration import avis_recipient

#: The columns of a person that a rectification writes.
COLUMNS = (
    *("birth_name", "first_names", "sex", *BIRTH_PARTS),
    *("birth_city", "birth_department", "birth_country"),
)


@dataclass(frozen=True, slots=True)
class AsItShouldRead:
    """The line without its mistake; what is right is given as it stands.

    `people`: the columns of each of the two, in the order of their places. `officer`: None leaves
    who signed as it is.
    """

    place: str
    people: Sequence[Mapping[str, Any]]
    officer: Officer | None = None


@dataclass(frozen=True, slots=True)
class Rectified:
    """What was mended, and the avis that had left before with what was wrong."""

    rows: list[Rectification]
    already_sent: list[Avis]


def line_shown(row: Registration) -> Shown:
    """What its page shows of a line, for whoever mends what they read."""
    shown: dict[str, object] = {"place": row.place, "officer": str(row.signer or "")}
    for one in row.people:
        shown |= {f"{one.position} {name}": value for name, value in _told(one).items()}
    return shown


def rectify(
    registration: Registration,
    wanted: AsItShouldRead,
    *,
    reason: str,
    by: User,
    at: datetime,
    read: str | None = None,
) -> Rectified:
    """Write the line as it should read, and one row for each value that was wrong.

    `read`: the line as its page showed it (`line_shown`); raises `ChangedSince` when a colleague
    mended it since. Refuses without a reason, when nothing differs, or what the register could not
    have held that day; nothing is written then. An avis still to send goes where the birth record
    is by now.
    """
    reason = reason.strip()
    if not reason:
        raise ActionRefused(
            "Écrivez le motif : ce qui était faux, et la pièce qui le montre. Rien n’est rectifié."
        )
    check_request(reason)
    check_no_private_number(reason)
    with transaction.atomic():
        row = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
        check_read(read, line_shown(row))
        check_people(wanted.people, registered_on=row.registered_on, today=localdate(at))
        if wanted.officer is not None:
            _check_officer(row, wanted.officer)
        rows = [
            Rectification(
                registration=row,
                person=person,
                field=field.value,
                old_value=old,
                new_value=new,
                reason=reason,
                by=by,
                at=at,
            )
            for person, field, old, new in _differences(row, wanted)
        ]
        if not rows:
            raise ActionRefused(
                "Rien ne change : corrigez ce qui est faux, ou revenez à la ligne du registre."
            )
        Rectification.objects.bulk_create(rows)
        _write(row, wanted)
        if row.dossier is not None:
            what = ", ".join(dict.fromkeys(one.get_field_display() for one in rows))
            row.dossier.record(kind="register_mended", by=by, at=at, reason=what)
        sent = row.avis.filter(sent_on__isnull=False).select_related("person")
        return Rectified(rows, list(sent))


def _check_officer(row: Registration, officer: Officer) -> None:
    if not officer.is_in_force(row.registered_on):
        raise ActionRefused(
            f"{officer.name} n’avait pas de délégation le jour de l’enregistrement : choisissez"
            " qui a signé."
        )
    if reasons := undrawn(officer):
        raise ActionRefused(reasons)


def _told(one: RegisteredPerson) -> dict[Mended, str]:
    """What the register says of somebody, in the words of its papers."""
    return {
        Mended.BIRTH_NAME: one.birth_name,
        Mended.FIRST_NAMES: one.first_names,
        Mended.SEX: one.get_sex_display(),
        Mended.BIRTH_DATE: partial_date_fr(one.birth_date),
        Mended.BIRTH_PLACE: one.birth_place,
    }


def _differences(
    row: Registration, wanted: AsItShouldRead
) -> Iterator[tuple[RegisteredPerson | None, Mended, str, str]]:
    for person, values in zip(row.people, wanted.people, strict=True):
        now = _told(RegisteredPerson(**{name: values[name] for name in COLUMNS}))
        for field, old in _told(person).items():
            if old != now[field]:
                yield person, field, old, now[field]
    if row.place != wanted.place:
        yield None, Mended.PLACE, row.place, wanted.place
    if (officer := wanted.officer) is not None:
        signed = Registration(**signed_by(officer))
        if signed.signer != row.signer:
            yield None, Mended.OFFICER, _signature(row), _signature(signed)


def _signature(row: Registration) -> str:
    """« Claire Martin, adjointe au maire (arrêté 12) »."""
    if row.signer is None:
        return ""
    return f"{row.signer} ({row.signer.act})" if row.signer.act else str(row.signer)


def _write(row: Registration, wanted: AsItShouldRead) -> None:
    """Past `save`, which refuses to rewrite a line: this is the one act that may."""
    signed = signed_by(wanted.officer) if wanted.officer is not None else {}
    Registration.objects.filter(pk=row.pk).update(place=wanted.place, **signed)
    for person, values in zip(row.people, wanted.people, strict=True):
        columns = {name: values[name] for name in COLUMNS}
        RegisteredPerson.objects.filter(pk=person.pk).update(
            **columns, search_text=searched_names(values["first_names"], values["birth_name"])
        )
        to = avis_recipient(
            birth_country=str(getattr(values["birth_country"], "code", values["birth_country"])),
            birth_city=values["birth_city"],
            birth_department=values["birth_department"],
        )
        unsent = row.avis.filter(person=person, sent_on=None)
        unsent.update(recipient=to.name, address=to.address)

"""What a page of a dossier carries in its form, and the answer when that is no longer true."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone

from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import Transition
from demarches.rules.read import FIELD, imprint
from demarches.steps.forms import StepForm
from demarches.views.changed import Way, changed_page
from pacs.actions.appointments import Seen
from pacs.models import Dossier, DossierEvent, Partenaire
from pacs.pages.tracking import Answer, answer_words, piece_rows

SEEN = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")


def read_of(request: HttpRequest) -> str:
    """What the form says its page showed; empty, which nothing is, when it says nothing."""
    return request.POST.get(FIELD, "")


# Appointments


def seen_key(dossier: Dossier) -> str:
    """The slot held and the appointment, for the forms of a page of appointments."""
    seen = Seen.of(dossier)
    return f"{seen.held}-{seen.booked}"


def seen_of(request: HttpRequest, dossier: Dossier) -> Seen:
    """What the page showed; a form that does not say is taken for one that showed something else.

    The keys are of rows that never were: nothing is held or booked under them.
    """
    found = SEEN.fullmatch(read_of(request))
    return Seen(int(found[1]), int(found[2])) if found else Seen(-1, -1)


def appointment_changed(
    request: HttpRequest, partenaire: Partenaire, *, seen: Seen, wanted: str, at: datetime
) -> HttpResponse:
    """Another slot, another appointment, or none: what there is now, and where to go on."""
    dossier = Dossier.objects.select_related("appointment", "held_appointment").get(
        pk=partenaire.dossier_id
    )
    now, ways = list[str](), list[Way]()
    held, booked = dossier.held_appointment, dossier.appointment
    choose = reverse("pacs:appointment-choose", args=[dossier.reference])
    if held is not None and held.is_held(at):
        now.append(f"Le créneau du {held} est gardé pour vous deux, il n’est pas encore confirmé.")
        confirm = reverse("pacs:appointment-confirm", args=[dossier.reference])
        ways.append(Way(f"Voir le {held}, puis confirmer", confirm, is_main=True))
    if booked is not None:
        now.append(f"Votre rendez-vous est le {booked}.")
        page = reverse("pacs:appointment", args=[dossier.reference])
        ways.append(Way("Voir le rendez-vous", page, is_main=not ways))
    else:
        now.append("Vous n’avez pas de rendez-vous pour le moment.")
    ways.append(Way("Choisir un autre créneau", choose, is_main=not ways))
    return changed_page(
        request,
        heading=_what_happened(partenaire, dossier, seen=seen, at=at),
        wanted=wanted,
        now=now,
        ways=ways,
    )


def _what_happened(partenaire: Partenaire, dossier: Dossier, *, seen: Seen, at: datetime) -> str:
    """One sentence; who did it when the journal knows."""
    booked, held = dossier.appointment, dossier.held_appointment
    if booked is not None and booked.pk != seen.booked:
        last = dossier.events.filter(kind__in=["transition", "appointment_moved"]).last()
        return f"{_who(partenaire, last)} choisi le {booked} entre-temps"
    if booked is None and seen.booked > 0:
        last = dossier.events.filter(transition=Transition.UNSCHEDULE.value).last()
        return f"{_who(partenaire, last)} annulé le rendez-vous entre-temps"
    if held is not None and held.pk != seen.held and held.is_held(at):
        return f"Un autre créneau a été choisi entre-temps : le {held}"
    return "Ce créneau n’est plus gardé pour vous"


def _who(partenaire: Partenaire, event: DossierEvent | None) -> str:
    """Who stands behind a line of the journal, as this reader calls them, with the verb."""
    by = event.by_id if event is not None else None
    if by is None:
        return "Vous ou votre partenaire avez"
    if by == partenaire.user_id:
        return "Vous avez"
    is_partner = any(one.user_id == by for one in partenaire.dossier.people)
    return "Votre partenaire a" if is_partner else "La mairie a"


# Answers and pieces


def dossier_changed(
    request: HttpRequest,
    partenaire: Partenaire,
    *,
    names: Sequence[str],
    wanted: str,
    now: Sequence[str] = (),
    typed: Sequence[str] = (),
    ways: Sequence[Way],
) -> HttpResponse:
    """Answers or pieces changed: those that did, as they are now."""
    fresh = Partenaire.objects.select_related("dossier").get(pk=partenaire.pk)
    lines = answers_now(fresh, names)
    said = [*now, "Voici ce qui a changé."] if lines else list(now)
    return changed_page(
        request,
        heading="Le dossier a changé depuis que vous avez ouvert cette page",
        wanted=wanted,
        now=said or [f"Le dossier est au statut « {fresh.dossier.told_label()} »."],
        lines=lines,
        typed=typed,
        ways=ways,
    )


def answers_now(reader: Partenaire, names: Sequence[str]) -> list[Answer]:
    """The present words of what `pacs.reads.shown` calls by these names."""
    dossier = reader.dossier
    other = next(one for one in dossier.people if one.pk != reader.pk)
    rows: dict[str, Dossier | Partenaire] = {"couple": dossier, "moi": reader, "autre": other}
    titles = {row.piece.key: row for row in piece_rows(reader, at=timezone.now())}
    found = []
    for name in names:
        whose, _, what = name.partition(".")
        if whose in rows:
            found.append(answer_words(rows[whose], what))
        elif whose == "piece" and what in titles:
            found.append(Answer(titles[what].title, titles[what].status.label))
    return found


def step_key(form: StepForm[Any], sent: QueryDict | None) -> str:
    """What a page of questions shows, for its form; what was read first, when it comes back.

    An answer refused, or kept through a sign-in, was typed over what stood there then.
    """
    read = sent.get(FIELD) if sent is not None else None
    return read or imprint(form.again().shown())


def read_of_step(request: HttpRequest, dossier: Dossier) -> str | None:
    """What the page showed; a draft has pages of before this was asked, and takes them."""
    return read_of(request) or (None if dossier.is_draft else "")


def tell_clashes(form: StepForm[Any], names: Sequence[str]) -> None:
    """Put beside each answer typed the one that somebody else gave meanwhile."""
    now = form.again()
    for name in names:
        form.add_error(name, beside(_words(now.fields[name], now.shown()[name])))


def beside(words: str) -> str:
    """What stands beside an answer typed over one that changed."""
    there = f"« {words} »" if words else "vide"
    return (
        f"Cette réponse a changé entre-temps. Elle est maintenant : {there}. Gardez ce que vous"
        " avez tapé ou reprenez celle-là, puis enregistrez."
    )


def _words(field: forms.Field, value: object) -> str:
    """A value of a form as its page writes it."""
    if isinstance(field, forms.ChoiceField):
        labels = {str(key): str(label) for key, label in field.widget.choices}
        return labels.get(str(value), str(value)) if value else ""
    if isinstance(value, bool):
        return "Oui" if value else "Non"
    if isinstance(value, date):
        return day_fr(value)
    return "" if value is None else str(value)

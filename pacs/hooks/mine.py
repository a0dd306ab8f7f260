"""Everything of a resident in their PACS dossiers: to read, to take away, and who looked at it.

The table of `pacs.rules.privacy` decides column by column; rows of the other partenaire are not
theirs and stay out, whatever the table lets them read of these elsewhere.
"""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.dossiers.mine import Kept, Look, Part, Section, Told, section
from demarches.models import User
from demarches.rules.enums import Status
from pacs.hooks.mine_words import TOLD
from pacs.models import (
    Dossier,
    Helper,
    InformationRequest,
    Message,
    PacsSettings,
    Partenaire,
    Reading,
)
from pacs.reads.access import owner_of, readable_columns, readable_messages, requests_made_to
from pacs.rules.privacy import COLUMNS

#: How a row leads to its dossier, where it is not by a column of that name.
PATHS = {
    "Dossier": "pk",
    "PieceFile": "piece__dossier",
    "Helper": "partenaire__dossier",
    "RegisteredPerson": "registration__dossier",
    "LaterAct": "registration__dossier",
    "Rectification": "registration__dossier",
    "Avis": "registration__dossier",
}
#: Kinds of rows that outlive the part of a former second, and the moment each is of.
SINCE = {"Helper": "invited_at", "Correction": "changed_at"}
#: Lines of the journal that name the account of whoever came in, and may be out again.
CAME_IN = ("joined", "helper_joined", "helper_ended")
#: What a helper takes away of themselves: nothing of the person they help.
OF_A_HELPER = ("name", "invited_at", "joined_at", "ended_at")
#: Looks at lists and sheets, by the first word written down; the rest opened the dossier itself.
IN_PASSING = {Reading.LISTED, "feuille", "naissances", "avis", "plan"}


def parts(user: User) -> Iterator[Part]:
    """Each dossier of this account, with what is theirs or of both in it."""
    mine = Partenaire.objects.filter(user=user).select_related("dossier", "user")
    for one in mine.prefetch_related("dossier__partenaires").order_by("pk"):
        sections = [found for name in COLUMNS for found in _sections(name, one)]
        yield Part(f"Dossier de Pacs {one.dossier.reference}", one.dossier.reference, sections)
    for helper in Helper.objects.filter(user=user).select_related("partenaire__dossier"):
        reference = helper.partenaire.dossier.reference
        yield Part(f"Aide à remplir {reference}", reference, [section(helper, OF_A_HELPER)])


def _sections(name: str, reader: Partenaire) -> Iterator[Section]:
    model: Any = apps.get_model("pacs", name)
    rows: QuerySet[Any] = model.objects.filter(**{PATHS.get(name, "dossier"): reader.dossier_id})
    if model is Message:
        rows = readable_messages(reader)
    elif model is InformationRequest:
        rows = requests_made_to(reader)
    for row in rows.order_by("pk"):
        owner = owner_of(row)
        if owner is not None and owner.pk != reader.pk:
            continue
        if owner is not None and name in SINCE and not reader.was_here(getattr(row, SINCE[name])):
            continue
        if columns := readable_columns(row, reader=reader):
            yield section(
                row, [one for one in COLUMNS[name] if one in columns], TOLD.get(name, Told())
            )


def kept(user: User) -> Iterator[Kept]:
    """What is kept of their dossiers, why, and until when; stopping one has its own page."""
    mine = Partenaire.objects.filter(user=user, position=2)
    seconds = set(mine.values_list("dossier", flat=True))
    figures = PacsSettings.current()
    for dossier in Dossier.objects.visible_to(user).order_by("pk"):
        dossier.procedure_settings = figures
        until = localdate(dossier.kept_until) if dossier.kept_until else None
        act, url = "", ""
        if dossier.current_status is Status.REGISTERED:
            why = (
                "Votre Pacs est enregistré. Le dossier d’ici s’efface. La ligne du registre reste :"
                " la mairie doit la garder (décret n° 2006-1806 du 23 décembre 2006)."
            )
        elif dossier.is_undecided():
            why, until = "La mairie s’en sert pour votre démarche, tant qu’elle dure.", None
        elif dossier.is_ended:
            why = "La démarche est terminée. Le dossier s’efface à la fin de sa conservation."
        else:
            act, page = "Arrêter la démarche", "pacs:dossier-stop"
            if dossier.is_draft and dossier.pk in seconds:
                act, page = "Ne plus participer", "pacs:partner-quit"
            url = reverse(page, args=[dossier.reference])
            why = (
                "Ce dossier n’a jamais été envoyé. Sans un geste de votre part, il s’efface."
                if dossier.is_draft
                else "La mairie s’en sert pour votre démarche, tant qu’elle dure. Ce dossier est à"
                " vous deux."
            )
        yield Kept("Dossier de Pacs", dossier.reference, why, until, act, url)
    for helper in Helper.objects.live().filter(user=user).select_related("partenaire__dossier"):
        reference = helper.partenaire.dossier.reference
        why = (
            "Vous aidez une personne à remplir. Votre nom et vos passages s’effacent avec le"
            " dossier."
        )
        url = reverse("pacs:helper", args=[reference])
        yield Kept("Aide à remplir", reference, why, None, "Arrêter d’aider", url)
    yield from _left_behind(user)


def _left_behind(user: User) -> Iterator[Kept]:
    """What stays of them in the dossiers that they left, or where their help has ended.

    Without a day: it moves with what the others do there, which is not theirs to follow.
    """
    named = Q(events__by=user, events__kind__in=CAME_IN) | Q(partenaires__helpers__user=user)
    found = Dossier.objects.filter(named).exclude(partenaires__user=user)
    helping = Helper.objects.live().filter(user=user).values("partenaire__dossier")
    for dossier in found.exclude(pk__in=helping).distinct().order_by("pk"):
        why = (
            "Vous n’êtes plus dans ce dossier, ou votre aide y est terminée. Il y reste ce que vous"
            " aviez écrit à la mairie, et les lignes de son journal où se trouve votre compte :"
            " seuls des agents les lisent. Tout s’efface avec le dossier, au plus tard à la fin de"
            " sa conservation."
        )
        yield Kept("Ce qui reste de vous dans le dossier", dossier.reference, why, None)


def erase_own(user: User) -> None:
    """Nothing: a dossier belongs to two people and to the mairie."""


def looks(user: User) -> Iterator[Look]:
    """Who looked at these dossiers and at their line of the register: the day, and how near.

    Not which piece: it may be the other's. Not by name: an agent acts for the mairie, and the
    data-protection officer knows who it was (CJUE, 22 June 2023, C-579/21). Whoever helps them is
    told apart; who helps the other is not theirs to know. Whoever came in second sees the looks
    since their own part began: those of before were at somebody else.
    """
    places = {one.dossier_id: one for one in Partenaire.objects.filter(user=user)}
    mine = Q(dossier__in=places.keys()) | Q(registration__dossier__in=places.keys())
    found = Reading.objects.filter(mine).select_related("dossier", "registration__dossier")
    for look in found:
        dossier = look.dossier or getattr(look.registration, "dossier", None)
        if dossier is None:
            continue
        reader = places[dossier.pk]
        if not reader.was_here(look.at):
            continue
        kind, _, rest = look.what.partition(" ")
        if kind == Reading.HELP:
            if rest.startswith(f"{reader.position} "):
                yield Look(look.at, dossier.reference, False, look.agent_id, by_helper=True)
            continue
        yield Look(look.at, dossier.reference, kind in IN_PASSING, look.agent_id)

"""The journal of a dossier in words: who did what to which piece of whom; never a code.

Lines written before the journal kept words are read through the table of pieces.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from demarches.rules.enums import Status, Transition
from pacs.models import Dossier, DossierEvent, Partenaire, PieceWording, Reading
from pacs.models.consent import label_of
from pacs.rules.desk_words import STATUS_WORDS
from pacs.rules.eligibility import OUTCOME_TYPES

#: What somebody did, after their name; « {piece} » and « {whose} » are filled.
SENTENCES = {
    "piece_accepted": "a accepté {piece}",
    "piece_refused": "a refusé {piece}",
    "piece_provided": "a repris sa décision sur {piece}",
    "piece_to_bring": "a noté que la pièce sera apportée : {piece}",
    "piece_presented": "a vu l’original au guichet : {piece}",
    "piece_dated": "a écrit la date lue sur {piece}",
    "piece_to_renew": "a demandé à nouveau, pour le jour choisi : {piece}",
    "birth_verified": "a vérifié l’acte de naissance{whose}",
    "answers_by_agent": "a saisi ou corrigé des réponses",
    "assigned": "a confié le dossier",
    "followed": "a changé qui suit aussi le dossier",
    "attested_on_paper": "a noté l’attestation signée sur papier{whose}",
    "outcome_decided": "a décidé qu’un point à regarder peut passer",
    "correction_taken": "a repris une correction dans le dossier",
    "correction_declined": "n’a pas repris une correction",
    "mail_again": "a renvoyé un mail{whose}",
    "arrived": "a noté l’arrivée du couple",
    "attested": "a attesté ses réponses",
    "common_confirmed": "a confirmé les réponses communes",
    "common_commented": "a proposé un changement des réponses communes",
    "joined": "participe au dossier",
    "opened": "a ouvert le dossier",
    "door_own": "a invité le second partenaire par mail",
    "door_same_device": "fera remplir la seconde partie sur le même appareil",
    "door_paper": "fera remplir la seconde partie sur papier",
    "door_seen": "a changé la participation du second, vu à la mairie",
    "declined": "a refusé l’invitation",
    "correction_proposed": "a préparé une correction",
    "correction_sent": "a envoyé une correction à la mairie",
    "correction_dropped": "a abandonné une correction",
    "appointment_moved": "a déplacé le rendez-vous",
    "appointment_apart": "a convenu d’un rendez-vous hors horaires",
    "ending_undone": "a annulé la fin du dossier",
    "kept": "a demandé à garder le dossier",
    "deletion_warned": "a annoncé l’effacement dans 14 jours",
    "register_mended": "a rectifié la ligne du registre",
    "avis_sent": "a noté l’envoi d’un avis de mention",
    "scans_deleted": "a effacé les fichiers après l’enregistrement",
    "attestation_ended": "a changé un fait attesté : l’attestation est à refaire",
    "confirmation_ended": "a changé une réponse commune : la confirmation est à refaire",
    "part_emptied": "a vidé la partie du second partenaire, à recommencer",
    "birth_verification_ended": "a changé l’état civil : l’acte est à vérifier à nouveau",
    "opposable": "a noté toutes les mentions : le Pacs est opposable aux tiers",
    "left": "ne participe plus ; sa partie est vidée",
    "said_confirmed": "a confirmé ce que l’autre avait dit de sa part",
    "request_answered": "a répondu à la demande ; l’autre doit encore répondre",
    "helper_invited": "a invité quelqu’un à l’aider à remplir",
    "helper_joined": "aide à remplir la partie{whose}",
    "helper_filled": "a rempli avec la personne aidée la partie{whose}",
    "helper_ended": "a mis fin à l’aide à remplir{whose}",
}
#: A kind that a later version writes, read by this one.
UNKNOWN = "a agi sur le dossier"
TRANSITIONS = {
    Transition.SUBMIT: "a envoyé le dossier",
    Transition.START_REVIEW: "a commencé la vérification",
    Transition.REQUEST_PIECES: "a demandé des compléments",
    Transition.RESUBMIT: "a renvoyé les compléments",
    Transition.ACCEPT: "a déclaré le dossier complet",
    Transition.REOPEN: "a repris la vérification",
    Transition.SCHEDULE: "a pris le rendez-vous",
    Transition.UNSCHEDULE: "a rendu le rendez-vous",
    Transition.REGISTER: "a enregistré le Pacs",
    Transition.DECLARE_INADMISSIBLE: "a décidé l’irrecevabilité",
    Transition.WITHDRAW: "a arrêté la démarche",
    Transition.CLOSE: "a clos le dossier",
}
#: The agent acts; the partenaire of the line is whose piece or part it is.
ABOUT_SOMEBODY = frozenset(
    {
        *("piece_dated", "piece_to_renew", "birth_verified", "attested_on_paper", "mail_again"),
        *("helper_joined", "helper_filled", "helper_ended"),
    }
)
#: Where a helper filled in, by the name of its address.
HELPED_PAGES = {
    "common-step": "les réponses communes",
    "own-step": "ses réponses",
    "said": "ce que l’autre a dit d’elle",
    "dossier-pieces": "les pièces",
    "dossier-piece": "une pièce",
    "piece-file-remove": "une pièce",
    "helper": "l’aide à remplir",
}
OUTCOME_TITLES = {one.code: one.title for one in OUTCOME_TYPES}


#: The second's place was emptied since: whoever has it now did and said nothing of that.
FORMER = "la personne qui participait alors"
EMPTIED = frozenset({"part_emptied", "left"})


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One thing that happened: when, who, what; what it was and what it is; why."""

    at: datetime
    who: str
    words: str
    changes: Sequence[Mapping[str, str]] = ()
    reason: str = ""


#: What an agent looked at, when it is not told in words already; « papier » and a name, most often.
PAPERS = {
    "pieces": "liste des pièces",
    "declaration": "préparation de la déclaration",
    "accuse": "accusé de réception",
    "recepisse": "récépissé",
    "decision": "décision",
    "plan-b": "plan B",
    "lettre-1": "lettre d’information",
    "lettre-2": "lettre d’information",
}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a dossier: when, whose, and at what, in words."""

    at: datetime
    who: str
    what: str


def looks_at(dossier: Dossier, *, many: int) -> list[Look]:
    """The latest looks at this dossier."""
    return [
        Look(one.at, str(one.agent or "la machine de la mairie"), look_words(one.what))
        for one in dossier.readings.select_related("agent")[:many]
    ]


def look_words(what: str) -> str:
    """« papier accuse » → « papier : accusé de réception »; words are left as they are."""
    first, _, rest = what.partition(" ")
    if first == Reading.HELP:
        page = rest.partition(" ")[2]
        return f"aide à remplir : {HELPED_PAGES.get(page, 'le dossier')}"
    if first in {"fichier", "aperçu"} and rest.isdecimal():
        return f"{first} d’une pièce"
    return f"{first} : {PAPERS[rest]}" if rest in PAPERS else what


def journal_of(dossier: Dossier) -> list[JournalLine]:
    """Everything that happened to this dossier, the latest first."""
    people = {one.pk: one for one in dossier.people}
    names = {one.user_id: one.display_name for one in dossier.people if one.user_id}
    wordings = PieceWording.objects.by_rule()
    lines, is_former = [], False
    for event in dossier.events.select_related("by").order_by("-at", "-pk"):
        is_former = is_former or event.kind in EMPTIED
        lines.append(_line(event, dossier, people, names, wordings, is_former=is_former))
    return lines


def _line(
    event: DossierEvent,
    dossier: Dossier,
    people: Mapping[int, Partenaire],
    names: Mapping[int, str],
    wordings: Mapping[str, PieceWording],
    *,
    is_former: bool,
) -> JournalLine:
    """One line; `is_former`: the second's part was emptied after it."""
    holder = people.get(event.partenaire_id or 0)
    is_about = event.kind in ABOUT_SOMEBODY or event.kind.startswith("piece_")
    who = names.get(event.by_id or 0) or str(event.by or "")
    name = _name(holder, is_former=is_former) if holder else ""
    if not who:
        who = "Le portail" if is_about or holder is None else f"{name[:1].upper()}{name[1:]}"
    whose = f" de {name}" if holder and is_about else ""
    changes, reason = list(event.changes), event.reason
    if event.transition:
        return JournalLine(event.at, who, _transition(event), changes, reason)
    if event.kind.startswith("piece_"):
        label, reason = _piece_label(event, reason, wordings)
        words = SENTENCES.get(event.kind, UNKNOWN).format(piece=f"« {label} »{whose}")
        return JournalLine(event.at, who, words, changes, reason)
    if event.kind == "answers_by_agent" and reason:
        told, reason = _answer_labels(reason, dossier, is_former=is_former), ""
        changes = [{"label": one, "old": "", "new": ""} for one in told]
    if event.kind == "outcome_decided":
        code, _, reason = reason.partition(" : ")
        changes = [{"label": OUTCOME_TITLES.get(code, "un point"), "old": "", "new": ""}]
    if event.kind == "helper_filled":
        reason = HELPED_PAGES.get(reason, "")
    words = SENTENCES.get(event.kind, UNKNOWN)
    return JournalLine(event.at, who, words.format(whose=whose, piece=""), changes, reason)


def _name(person: Partenaire, *, is_former: bool) -> str:
    return FORMER if is_former and not person.is_first else person.display_name


def _transition(event: DossierEvent) -> str:
    status = STATUS_WORDS[Status(event.to_status)]
    return f"{TRANSITIONS[Transition(event.transition)]} (état : {status})"


def _piece_label(
    event: DossierEvent, reason: str, wordings: Mapping[str, PieceWording]
) -> tuple[str, str]:
    """The name of the piece, and what is left to tell as the reason."""
    if event.kind == "piece_dated":
        return reason, ""
    if event.changes:
        return event.changes[0]["label"], reason
    # « P11_naissance_fr », or the key of a piece « 1-P20_traduction-P30_coutume ».
    named = [wordings[part].label for part in reason.split("-") if part in wordings]
    return " : ".join(named) or "pièce", ""


def _answer_labels(codes: str, dossier: Dossier, *, is_former: bool) -> list[str]:
    """« p1.birth_name, couple.city » in words."""
    rows = {f"p{one.position}": one for one in dossier.people}
    labels = []
    for code in codes.split(", "):
        whose, _, column = code.partition(".")
        person = rows.get(whose)
        label = label_of(person or dossier, column)
        name = _name(person, is_former=is_former) if person else ""
        labels.append(f"{label} de {name}" if name else label)
    return labels

"""Closed lists of words shared by every procedure: value stored, label shown.

A member is written `NAME = "value", "Libellé"`. Models store plain strings
(`choices=Status.choices()`), so that migrations never import these classes.
"""

from enum import StrEnum
from typing import Self


class LabelledStrEnum(StrEnum):
    """A string enum whose members also carry a French label."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label or value
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(member.value, member.label) for member in cls]


class Status(LabelledStrEnum):
    """Where a dossier stands."""

    DRAFT = "draft", "Brouillon, pas encore envoyé"
    SUBMITTED = "submitted", "Envoyé à la mairie"
    UNDER_REVIEW = "under_review", "La mairie vérifie"
    PIECES_REQUESTED = "pieces_requested", "À vous de compléter"
    COMPLETE = "complete", "Dossier complet"
    SCHEDULED = "scheduled", "Rendez-vous pris"
    REGISTERED = "registered", "Enregistré"
    INADMISSIBLE = "inadmissible", "Irrecevable"
    WITHDRAWN = "withdrawn", "Abandonné par les demandeurs"
    CLOSED = "closed", "Clos"


class Transition(LabelledStrEnum):
    """What may happen to a dossier."""

    SUBMIT = "submit", "Envoyer"
    START_REVIEW = "start_review", "Commencer la vérification"
    REQUEST_PIECES = "request_pieces", "Demander des compléments"
    RESUBMIT = "resubmit", "Renvoyer les compléments"
    ACCEPT = "accept", "Déclarer complet"
    REOPEN = "reopen", "Reprendre la vérification"
    SCHEDULE = "schedule", "Fixer le rendez-vous"
    UNSCHEDULE = "unschedule", "Annuler le rendez-vous"
    REGISTER = "register", "Enregistrer"
    DECLARE_INADMISSIBLE = "declare_inadmissible", "Déclarer irrecevable"
    WITHDRAW = "withdraw", "Abandonner"
    CLOSE = "close", "Clore"


class PieceStatus(LabelledStrEnum):
    """Where one piece stands; `expired` is computed at a date, never stored."""

    MISSING = "missing", "À fournir"
    PROVIDED = "provided", "Envoyée, à vérifier"
    TO_BRING = "to_bring", "À apporter le jour du rendez-vous"
    BLOCKED = "blocked", "Vous n’arrivez pas à l’obtenir"
    ACCEPTED = "accepted", "Acceptée"
    REFUSED = "refused", "Refusée, à remplacer"
    EXPIRED = "expired", "Trop ancienne à la date prévue"


STORED_PIECE_STATUSES = tuple(s for s in PieceStatus if s is not PieceStatus.EXPIRED)


class AppointmentStatus(LabelledStrEnum):
    """Where an appointment stands; those that end without a visit keep no seat for long."""

    HELD = "held", "Retenu, à confirmer"
    BOOKED = "booked", "Pris"
    ARRIVED = "arrived", "Arrivés"
    DONE = "done", "Tenu"
    MISSED = "missed", "Absents"
    CANCELLED = "cancelled", "Annulé"
    LAPSED = "lapsed", "Non confirmé à temps"


class DeletionStatus(LabelledStrEnum):
    """What became of a request to delete one's data."""

    ASKED = "asked", "à traiter"
    DONE = "done", "effacé"
    REFUSED = "refused", "refusé"

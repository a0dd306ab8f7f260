"""Everything of a resident about their Carte Vitale here, and who looked at it."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone

from demarches.dossiers.mine import Kept, Look, Part, Section, Told, section
from demarches.models import User
from vitale.actions.suivi import delete_suivi
from vitale.models import Demande, DemandeReading, Suivi
from vitale.papers.documents import suivi_export, suivi_lines
from vitale.reads.tracking import book

#: What a request says of whoever asked; the rest is the machine's.
COLUMNS = (
    "reference",
    "reason",
    "regime",
    "name",
    "email",
    "phone",
    "status",
    "outcome",
    "orientation",
    "appointment",
    "answer",
    "created_at",
    "submitted_at",
    "completed_at",
    "ended_at",
    "last_activity_at",
)

#: Rows that a request points to, by their names.
TOLD = Told(
    words={
        "reason": lambda row: str(row.reason or ""),
        "orientation": lambda row: str(row.orientation or ""),
        "appointment": lambda row: str(row.appointment or ""),
    },
)


def parts(user: User) -> Iterator[Part]:
    """The requests for help and the aide-mémoire of this account."""
    for demande in Demande.objects.visible_to(user).order_by("pk"):
        yield Part(
            f"Demande d’aide {demande.reference}",
            demande.reference,
            [section(demande, COLUMNS, TOLD)],
        )
    for suivi in Suivi.objects.visible_to(user).order_by("pk"):
        told = suivi_export(book(suivi, at=timezone.now()))
        whole = Section("aide-mémoire", list(suivi_lines(told)), told)
        yield Part(f"Aide-mémoire {suivi.reference}", suivi.reference, [whole])


def kept(user: User) -> Iterator[Kept]:
    """What is kept of their requests and aide-mémoire, why, and until when."""
    for demande in Demande.objects.visible_to(user).select_related("appointment").order_by("pk"):
        yield Kept(
            "Demande d’aide",
            demande.reference,
            "Votre demande est terminée. La mairie garde sa réponse un moment, puis l’efface."
            if demande.is_ended
            else "La mairie s’en sert pour vous répondre. Vous pouvez l’annuler sur sa page.",
            demande.kept_until,
            "" if demande.is_ended else "Ouvrir la demande",
            "" if demande.is_ended else demande.get_absolute_url(),
        )
    for suivi in Suivi.objects.visible_to(user).order_by("pk"):
        yield Kept(
            "Aide-mémoire",
            suivi.reference,
            "Il n’est que pour vous : aucun agent ne le lit. Effacez-le quand vous voulez.",
            suivi.kept_until,
            "Effacer l’aide-mémoire",
            reverse("vitale:suivi-delete", args=[suivi.reference]),
            is_own=True,
        )


def erase_own(user: User) -> None:
    """Delete what goes with the account: the aide-mémoire, and the mails of their reminders."""
    for suivi in Suivi.objects.visible_to(user):
        delete_suivi(suivi)


def looks(user: User) -> Iterator[Look]:
    """Who looked at these requests: the day, and how near; no agent reads an aide-mémoire."""
    mine = Demande.objects.visible_to(user)
    found = DemandeReading.objects.filter(demande__in=mine.values("pk"))
    for look in found.select_related("demande"):
        yield Look(look.at, look.demande.reference, look.what == "liste", look.agent_id)

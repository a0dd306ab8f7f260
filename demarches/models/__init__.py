"""Models of `demarches`, split by concept."""

from demarches.models.agenda import (
    Agenda,
    AgendaDayChange,
    Appointment,
    AppointmentQuerySet,
    SeatTime,
)
from demarches.models.dossier import (
    AccountItem,
    DossierBase,
    DossierEventBase,
    DossierQuerySet,
    ReferenceCounter,
    TransitionRefused,
    account_item_models,
    dossier_models,
    next_reference,
)
from demarches.models.ending import UNDO_TIME, EndingBase
from demarches.models.fiche import Fiche, FicheSet, ShownFiche
from demarches.models.journal import (
    DeskReading,
    JournalRow,
    Purge,
    ReadingBase,
    Seal,
    Verification,
    note_look,
    reading_models,
)
from demarches.models.mairie import (
    Closure,
    Entrance,
    Mairie,
    Notice,
    OpeningHours,
    Schedule,
    Service,
    ServiceHours,
)
from demarches.models.officer import Officer, OfficerQuerySet
from demarches.models.ratelimit import RateCounter
from demarches.models.staff import SignIn, StaffSession
from demarches.models.user import User

__all__ = [
    "UNDO_TIME",
    "AccountItem",
    "Agenda",
    "AgendaDayChange",
    "Appointment",
    "AppointmentQuerySet",
    "Closure",
    "DeskReading",
    "DossierBase",
    "DossierEventBase",
    "DossierQuerySet",
    "EndingBase",
    "Entrance",
    "Fiche",
    "FicheSet",
    "JournalRow",
    "Mairie",
    "Notice",
    "Officer",
    "OfficerQuerySet",
    "OpeningHours",
    "Purge",
    "RateCounter",
    "ReadingBase",
    "ReferenceCounter",
    "Schedule",
    "Seal",
    "SeatTime",
    "Service",
    "ServiceHours",
    "ShownFiche",
    "SignIn",
    "StaffSession",
    "TransitionRefused",
    "User",
    "Verification",
    "account_item_models",
    "dossier_models",
    "next_reference",
    "note_look",
    "reading_models",
]

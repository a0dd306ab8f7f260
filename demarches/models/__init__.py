"""Models of `demarches`, split by concept."""

from demarches.models.agenda import (
    Agenda,
    AgendaDayChange,
    Appointment,
    AppointmentQuerySet,
    SeatTime,
)
from demarches.models.closing import Closing, ClosingCall, ClosingLine
from demarches.models.deletion import DeletionRequest
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
from demarches.models.ending import UNDO_TIME, EndingBase, may_be_undone
from demarches.models.feed import AgendaFeed
from demarches.models.feedback import FeedbackCount
from demarches.models.fiche import Fiche, FicheSet, RefusedSource, ShownFiche
from demarches.models.jobs import Heartbeat, Job
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
from demarches.models.revision import Revision
from demarches.models.search import FicheWord, SitePage, Synonym
from demarches.models.staff import SignIn, StaffSession
from demarches.models.user import User

__all__ = [
    "UNDO_TIME",
    "AccountItem",
    "Agenda",
    "AgendaDayChange",
    "AgendaFeed",
    "Appointment",
    "AppointmentQuerySet",
    "Closing",
    "ClosingCall",
    "ClosingLine",
    "Closure",
    "DeletionRequest",
    "DeskReading",
    "DossierBase",
    "DossierEventBase",
    "DossierQuerySet",
    "EndingBase",
    "Entrance",
    "FeedbackCount",
    "Fiche",
    "FicheSet",
    "FicheWord",
    "Heartbeat",
    "Job",
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
    "RefusedSource",
    "Revision",
    "Schedule",
    "Seal",
    "SeatTime",
    "Service",
    "ServiceHours",
    "ShownFiche",
    "SignIn",
    "SitePage",
    "StaffSession",
    "Synonym",
    "TransitionRefused",
    "User",
    "Verification",
    "account_item_models",
    "dossier_models",
    "may_be_undone",
    "next_reference",
    "note_look",
    "reading_models",
]

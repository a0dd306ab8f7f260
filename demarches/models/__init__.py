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
    "DossierBase",
    "DossierEventBase",
    "DossierQuerySet",
    "EndingBase",
    "Entrance",
    "Fiche",
    "FicheSet",
    "Mairie",
    "Notice",
    "Officer",
    "OfficerQuerySet",
    "OpeningHours",
    "RateCounter",
    "ReferenceCounter",
    "Schedule",
    "SeatTime",
    "Service",
    "ServiceHours",
    "ShownFiche",
    "SignIn",
    "StaffSession",
    "TransitionRefused",
    "User",
    "account_item_models",
    "dossier_models",
    "next_reference",
]

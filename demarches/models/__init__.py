"""Models of `demarches`, split by concept."""

from demarches.models.agenda import (
    Agenda,
    AgendaDayChange,
    Appointment,
    AppointmentQuerySet,
    SeatTime,
)
from demarches.models.dossier import (
    DossierBase,
    DossierEventBase,
    DossierQuerySet,
    ReferenceCounter,
    TransitionRefused,
    dossier_models,
    next_reference,
)
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
from demarches.models.user import User

__all__ = [
    "Agenda",
    "AgendaDayChange",
    "Appointment",
    "AppointmentQuerySet",
    "Closure",
    "DossierBase",
    "DossierEventBase",
    "DossierQuerySet",
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
    "TransitionRefused",
    "User",
    "dossier_models",
    "next_reference",
]

"""Models of `vitale`, split by concept."""

from vitale.models.aide import (
    AideSettings,
    AnswerTemplate,
    Demande,
    DemandeEnding,
    DemandeEvent,
    DemandeMail,
    DemandeNote,
    DemandeReading,
    Reason,
)
from vitale.models.counts import Tally
from vitale.models.guide import (
    Contact,
    Delay,
    Fact,
    Link,
    PlanLine,
    Section,
    Situation,
    Source,
    Sourced,
)
from vitale.models.suivi import Suivi, SuiviMail, SuiviOffset, SuiviReminder, SuiviRoute, SuiviTick

__all__ = [
    "AideSettings",
    "AnswerTemplate",
    "Contact",
    "Delay",
    "Demande",
    "DemandeEnding",
    "DemandeEvent",
    "DemandeMail",
    "DemandeNote",
    "DemandeReading",
    "Fact",
    "Link",
    "PlanLine",
    "Reason",
    "Section",
    "Situation",
    "Source",
    "Sourced",
    "Suivi",
    "SuiviMail",
    "SuiviOffset",
    "SuiviReminder",
    "SuiviRoute",
    "SuiviTick",
    "Tally",
]

"""Models of `demarches`, split by concept."""

from demarches.models.dossier import (
    DossierBase,
    DossierEventBase,
    DossierQuerySet,
    ReferenceCounter,
    TransitionRefused,
    dossier_models,
    next_reference,
)
from demarches.models.user import User

__all__ = [
    "DossierBase",
    "DossierEventBase",
    "DossierQuerySet",
    "ReferenceCounter",
    "TransitionRefused",
    "User",
    "dossier_models",
    "next_reference",
]

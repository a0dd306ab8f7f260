"""How an action of this app says no: as everywhere."""

from demarches.dossiers.refusals import ActionRefused

__all__ = ["ActionRefused"]

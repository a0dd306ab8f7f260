"""Admin of `pacs`, split by concept; importing registers."""

from pacs.admin import dossier, registration, settings, translation, wording

__all__ = ["dossier", "registration", "settings", "translation", "wording"]

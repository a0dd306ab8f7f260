"""Admin of `pacs`, split by concept; importing registers."""

from pacs.admin import dossier, settings, wording

__all__ = ["dossier", "settings", "wording"]

"""Admin of `pacs`, split by concept; importing registers."""

from pacs.admin import wording

__all__ = ["wording"]

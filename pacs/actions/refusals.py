"""How an action says no."""

from django.core.exceptions import ValidationError


class ActionRefused(ValidationError):
    """The action may not happen; `messages` are the reasons, in French. Nothing has changed."""

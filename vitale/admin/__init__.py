"""The desk of `vitale`: what the guide says, and the requests for help.

An aide-mémoire has no page here: no agent reads one.
"""

from vitale.admin import demandes, guide

__all__ = ["demandes", "guide"]

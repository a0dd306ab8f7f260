"""What every page of the desk has in common."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

#: What the admin's own filters and its date bar add to the name of a column.
ENDINGS = (
    "",
    "__exact",
    "__isnull",
    "__gte",
    "__lt",
    "__year",
    "__month",
    "__day",
)


class DeskAdmin[M: Model](admin.ModelAdmin[M]):
    """A list filters by the filters it shows, and by nothing else.

    Django lets an address filter by any column of the model, also those that are never shown: one
    could be guessed letter by letter.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Whether this key of the address is one that the page itself offers."""
        offered = set()
        for one in self.get_list_filter(request) if request else self.list_filter:
            name = one[0] if isinstance(one, (tuple, list)) else one
            if isinstance(name, str):
                offered |= {name + ending for ending in ENDINGS}
                if (related := self.opts.get_field(name).related_model) is not None:
                    offered.add(f"{name}__{related._meta.pk.name}__exact")
            else:
                offered.add(getattr(name, "parameter_name", ""))
        if self.date_hierarchy:
            offered |= {self.date_hierarchy + ending for ending in ENDINGS}
        return lookup in offered

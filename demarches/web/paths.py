"""The addresses of our own pages, each written once by the process.

A page of a dossier writes some forty, and each costs Django a regular expression or two.
"""

from functools import lru_cache
from typing import Any

from django.template import Context
from django.template.defaulttags import URLNode
from django.urls import get_resolver, get_script_prefix, get_urlconf, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

#: The least wanted leave first.
PATHS_KEPT = 4096


def path_to(name: str, *args: str | int) -> str:
    """What `reverse(name, args=args)` gives; raises `NoReverseMatch` as it does."""
    return _path(get_resolver(get_urlconf()), get_script_prefix(), name, *args)


# `typed`: True and 1 are equal, and not the same words.
@lru_cache(maxsize=PATHS_KEPT, typed=True)
def _path(resolver: Any, prefix: str, name: str, *args: str | int) -> str:
    return reverse(name, args=args)


class PathNode(URLNode):
    """`{% url %}`, of a plain name with plain values, from those written already.

    Every namespace of the portal is there once, so the page that asks changes nothing.
    """

    def render(self, context: Context) -> SafeString | str:
        args = [one.resolve(context) for one in self.args]
        if self.kwargs or self.asvar or not all(isinstance(one, str | int) for one in args):
            return super().render(context)
        path = path_to(self.view_name.resolve(context), *args)
        return conditional_escape(path) if context.autoescape else path

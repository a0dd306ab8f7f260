"""The town's frame around the pages of the desk that are not the admin's own."""

from typing import Any

from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest


def frame(site: AdminSite, request: HttpRequest, *, tab: str = "") -> dict[str, Any]:
    """What a page in the town's frame (`admin/desk_page.html`) needs, whatever it says.

    `tab`: the line of the menu that is marked, as a `DeskLink` calls it.
    """
    return {**site.each_context(request), **in_frame(tab)}


def in_frame(tab: str = "") -> dict[str, Any]:
    """What the frame needs besides, for a view of the admin that reads `each_context` itself."""
    return {"is_nav_sidebar_enabled": False, "tab": tab}

"""The staff desk: Django admin under the town's name."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class DeskAdminSite(AdminSite):
    site_header = "Bureau des démarches"
    site_title = "Bureau des démarches"
    index_title = "À faire"

    def has_permission(self, request: HttpRequest) -> bool:
        """Staff only. A second factor is to be required here (see docs/operations.md)."""
        return super().has_permission(request)

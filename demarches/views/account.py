"""« Mes démarches »: every dossier of the signed-in person, whatever the procedure."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from demarches.models import User, account_item_models, dossier_models


@require_http_methods(["GET", "HEAD"])
def account(request: HttpRequest) -> HttpResponse:
    """Dossiers they take part in, invitations that wait for them, what else they keep."""
    user = request.user
    dossiers = []
    invitations = []
    items = []
    if isinstance(user, User):
        for model in dossier_models():
            # Each procedure gives its dossiers the words `visible_to` and `inviting`.
            manager: Any = model._default_manager
            dossiers += manager.visible_to(user).order_by("-last_activity_at")
            invitations += manager.inviting(user).order_by("pk")
        for kind in account_item_models():
            kept: Any = kind._default_manager
            items += kept.visible_to(user).order_by("-pk")
    context = {"dossiers": dossiers, "invitations": invitations, "items": items}
    return render(request, "demarches/account.html", context)

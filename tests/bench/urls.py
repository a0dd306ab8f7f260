"""The portal's addresses, and one bare view."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from pacs.models import PieceWording
from uzes_portal.urls import urlpatterns as portal


@login_not_required
def bare(request: HttpRequest) -> HttpResponse:
    """One query, one template of forty lines."""
    return render(request, "bare.html", {"rows": list(PieceWording.objects.all()) * 2})


urlpatterns = [path("bare/", bare), *portal]

"""/compte/franceconnect/, /compte/proconnect/: 404 while the provider is off."""

from django.urls import URLPattern, path

from demarches.oidc import views
from demarches.oidc.providers import NAMES

urlpatterns: list[URLPattern] = [
    one
    for slug in NAMES
    for one in (
        path(f"{slug}/", views.start, {"slug": slug}, name=f"{slug}-start"),
        path(f"{slug}/retour/", views.callback, {"slug": slug}, name=f"{slug}-callback"),
        path(f"{slug}/relier/", views.link, {"slug": slug}, name=f"{slug}-link"),
        path(f"{slug}/quitter/", views.leave, {"slug": slug}, name=f"{slug}-leave"),
        path(f"{slug}/sortie/", views.left, {"slug": slug}, name=f"{slug}-left"),
    )
]

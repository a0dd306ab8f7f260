"""The portal's addresses, and those of the example."""

from django.urls import include, path

from tests.recensement import views
from uzes_portal.urls import urlpatterns as portal

addresses = [
    path("", views.home, name="home"),
    path("commencer/", views.start, name="start"),
    path("<ref:reference>/", views.page, name="dossier"),
    path("<ref:reference>/etape/<slug:slug>/", views.step, name="step"),
    path("<ref:reference>/piece/<slug:kind>/", views.piece, name="piece"),
    path("<ref:reference>/envoyer/", views.send, name="send"),
    path("<ref:reference>/attestation.pdf", views.attestation, name="attestation"),
]
urlpatterns = [
    path("recensement/", include((addresses, "recensement"))),
    *portal,
]

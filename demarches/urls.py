"""Addresses shared by every procedure."""

from django.urls import URLPattern, path

from demarches.views import account, courriels, mairie

app_name = "demarches"

urlpatterns: list[URLPattern] = [
    # /mes-demarches/: the dossiers of whoever is signed in
    path("mes-demarches/", account.account, name="account"),
    # /mairie/: contact and hours, for everybody
    path("mairie/", mairie.mairie_page, name="mairie"),
    path("mairie/horaires.ics", mairie.mairie_calendar, name="mairie-calendar"),
    path("mairie/contact.vcf", mairie.mairie_card, name="mairie-card"),
    # /courriels/: what was sent, in development only
    path("courriels/", courriels.courriel_list, name="courriels"),
    path("courriels/<int:pk>/", courriels.courriel_detail, name="courriel"),
]

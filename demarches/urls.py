"""Addresses shared by every procedure."""

from django.urls import URLPattern, path, register_converter

from demarches.views import account, address, courriels, fiches, health, mairie, receipts
from demarches.web.converters import FicheConverter

app_name = "demarches"

register_converter(FicheConverter, "fiche")

urlpatterns: list[URLPattern] = [
    # /mes-demarches/: the dossiers of whoever is signed in
    path("mes-demarches/", account.account, name="account"),
    path("mes-demarches/adresse/", address.address, name="address"),
    path("mes-demarches/adresse/codes/", address.address_codes, name="address-codes"),
    # /mairie/: contact and hours, for everybody
    path("mairie/", mairie.mairie_page, name="mairie"),
    path("mairie/horaires.ics", mairie.mairie_calendar, name="mairie-calendar"),
    path("mairie/contact.vcf", mairie.mairie_card, name="mairie-card"),
    # /fiches/: the national guidance, on our pages
    path("fiches/", fiches.fiches, name="fiches"),
    path("fiches/<fiche:code>/", fiches.fiche, name="fiche"),
    path("fiches/<fiche:code>.pdf", fiches.fiche_pdf, name="fiche-pdf"),
    # /sante/: for the machines that watch this one
    path("sante/", health.health, name="health"),
    path("sante/vie/", health.life, name="life"),
    # /rapports/: what other machines tell of what we sent
    path("rapports/sms/", receipts.sms_receipt, name="sms-receipt"),
    # /courriels/: what was sent, in development only
    path("courriels/", courriels.courriel_list, name="courriels"),
    path("courriels/<num:pk>/", courriels.courriel_detail, name="courriel"),
]

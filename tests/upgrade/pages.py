"""Open the pages of an upgraded database, and say how each answered (run by `test_upgrade`)."""

import json
import sys

import django

django.setup()

from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from demarches.models import User  # noqa: E402
from demarches.rules.enums import Status  # noqa: E402
from pacs.models import Dossier  # noqa: E402
from vitale.models import Demande  # noqa: E402


def reader(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


public = ("home", "pacs:home", "pacs:simulator", "vitale:home", "demarches:mairie", "privacy")
answers = {name: Client().get(reverse(name)).status_code for name in public}
chief = reader(User.objects.create_superuser("upgrade@example.org", "x" * 20))
answers["desk"] = chief.get(reverse("admin:index")).status_code
for dossier in Dossier.objects.all():
    if dossier.status != Status.DRAFT:  # nobody at the desk reads what was not sent
        page = reverse("admin:pacs_dossier_change", args=[dossier.pk])
        answers[f"desk {dossier.reference} {dossier.status}"] = chief.get(page).status_code
    for one in dossier.people:
        if one.user is not None:
            page = dossier.get_absolute_url()
            answers[f"page {dossier.reference}"] = reader(one.user).get(page).status_code
for demande in Demande.objects.all():
    page = reverse("admin:vitale_demande_change", args=[demande.pk])
    answers[f"desk {demande.reference}"] = chief.get(page).status_code
json.dump(answers, sys.stdout)

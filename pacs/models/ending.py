"""How a dossier ended at the desk."""

from django.db import models

from demarches.models import EndingBase
from pacs.models.dossier import Dossier


class Ending(EndingBase):
    """One act of an agent that ended a couple's dossier."""

    dossier = models.ForeignKey(Dossier, on_delete=models.CASCADE, related_name="endings")
    earlier_wanted_since = models.DateTimeField(null=True, blank=True)

    class Meta(EndingBase.Meta):
        abstract = False

"""The staff desk of what every procedure shares."""

from demarches.admin import agenda as agenda
from demarches.admin import deletion as deletion
from demarches.admin import feedback as feedback
from demarches.admin import fiches as fiches
from demarches.admin import mairie as mairie
from demarches.admin import officers as officers
from demarches.admin import openid as openid
from demarches.admin import outbox as outbox
from demarches.admin import users as users

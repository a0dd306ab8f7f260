"""What is a resident's own, for « Mes données »."""

from collections.abc import Iterator

from demarches.dossiers.mine import Kept, Look, Part, section
from demarches.models import User
from tests.recensement.models import Reading, Recensement

COLUMNS = ("reference", "status", "first_names", "birth_name", "birth_date", "submitted_at")


def parts(user: User) -> Iterator[Part]:
    for one in Recensement.objects.visible_to(user):
        rows = [section(piece, ("kind", "display_name")) for piece in one.pieces.all()]
        yield Part(f"Recensement {one.reference}", one.reference, [section(one, COLUMNS), *rows])


def kept(user: User) -> Iterator[Kept]:
    for one in Recensement.objects.visible_to(user):
        why = "La mairie s’en sert pour votre démarche, puis l’efface."
        yield Kept("Recensement", one.reference, why, one.kept_until)


def looks(user: User) -> Iterator[Look]:
    found = Reading.objects.filter(dossier__owner=user).select_related("dossier")
    for look in found:
        yield Look(look.at, look.dossier.reference, look.what == "liste", look.agent_id)


def erase_own(user: User) -> None:
    """Nothing: the mairie needs the dossier."""

"""What the example does with data about people, for the register."""

from demarches.processing import MACHINE, PERSON_AND_AGENTS, group, held, keys
from demarches.rules.processing import Access, KeptFor, Serves, Sheet, length
from tests.recensement.models import KEPT, Event, Piece, Reading, Recensement


def sheets() -> list[Sheet]:
    return [
        Sheet(
            title="Recensement (exemple)",
            purpose="Recevoir deux pièces et délivrer une attestation.",
            people=("les jeunes qui se font recenser",),
            held=(
                held(
                    Recensement,
                    group(
                        "nom, prénoms, naissance, état, jours",
                        PERSON_AND_AGENTS,
                        "owner first_names birth_name birth_date reference status created_at"
                        " last_activity_at submitted_at completed_at ended_at waiting_since"
                        " assigned_to",
                    ),
                    keys("id version"),
                ),
                held(Event, keys(" ".join(one.name for one in Event._meta.concrete_fields))),
                held(Reading, keys(" ".join(one.name for one in Reading._meta.concrete_fields))),
                held(
                    Piece,
                    group("nom du fichier, sorte", PERSON_AND_AGENTS, "dossier kind display_name"),
                    group("fichier chiffré", MACHINE, "storage_name content_type size sha256"),
                    keys("id"),
                ),
            ),
            access=(Access("Agents qui décident", "recensement.change_recensement"),),
            uses=frozenset({Serves.FILES, Serves.MAILS}),
            kept=(KeptFor("Un recensement", f"{length(KEPT)} après le dernier passage"),),
        )
    ]

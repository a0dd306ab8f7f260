"""A password made of words that anybody tries first against this portal (ASVS 6.2.11)."""

import re
import unicodedata

from django.core.exceptions import ValidationError

from demarches.models import Mairie
from demarches.typed.communes import communes

#: Of the work, without accents; with those of the town, the documented list (ASVS 6.1.2).
LOCAL_WORDS = (
    *("mairie", "ville", "commune"),
    *("pacs", "carte", "vitale", "demarche", "dossier", "bureau", "portail", "accueil"),
    *("agent", "instructeur", "officier", "administrateur", "etat", "civil"),
    *("motdepasse", "bonjour", "soleil", "azerty"),
)
#: What must be left of a password once these words are taken out.
LEFT_OVER = 8
HELP = (
    "Votre mot de passe ne doit pas être fait des mots de la mairie et de ses démarches "
    "(« mairie », le nom de la commune, « pacs »…)."
)
#: Shorter words of a street (« du », « rue ») say nothing of the place.
SHORTEST = 4


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return re.sub(r"[\W_]", "", "".join(c for c in decomposed if not unicodedata.combining(c)))


def town_words() -> set[str]:
    """Of the commune, its department, the streets and postal codes of its doors."""
    mairie = Mairie.objects.with_entrances()
    if mairie is None:
        return set()
    found = communes().coded(mairie.insee_code)
    said = [mairie.commune, found.department if found else ""]
    said += [f"{one.street} {one.postal_code} {one.city}" for one in mairie.entrances.all()]
    words = {_bare(word) for text in said for word in (text, *re.split(r"[\W_]+", text))}
    return {word for word in words if len(word) >= SHORTEST}


class LocalWordsValidator:
    """Refuse a password that leaves fewer than eight letters without the words of the place.

    Digits and signs are not counted: « Mairie-Uzes-2026! » is those words and nothing else.
    """

    def validate(self, password: str, user: object = None) -> None:
        bare = rest = _bare(password)
        for word in sorted({*LOCAL_WORDS, *town_words()}, key=len, reverse=True):
            rest = rest.replace(word, "")
        letters = sum(not one.isdigit() for one in rest)
        if rest != bare and letters < LEFT_OVER:
            raise ValidationError(
                "Ce mot de passe est fait des mots de la mairie : ajoutez d’autres mots, qui "
                "n’ont rien à voir avec elle.",
                code="local_words",
            )

    def get_help_text(self) -> str:
        return HELP

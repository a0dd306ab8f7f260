"""A password made of words that anybody tries first against this portal (ASVS 6.2.11)."""

import re
import unicodedata

from django.core.exceptions import ValidationError

#: Of the town and of the work, without accents; the list is also the documented one (ASVS 6.1.2).
LOCAL_WORDS = (
    *("uzes", "mairie", "ville", "commune", "gard", "occitanie", "duche", "30700"),
    *("pacs", "carte", "vitale", "demarche", "dossier", "bureau", "portail", "accueil"),
    *("agent", "instructeur", "officier", "administrateur", "etat", "civil"),
    *("motdepasse", "bonjour", "soleil", "azerty"),
)
#: What must be left of a password once these words are taken out.
LEFT_OVER = 8
HELP = (
    "Votre mot de passe ne doit pas être fait des mots de la mairie et de ses démarches "
    "(« mairie », « uzes », « pacs »…)."
)


class LocalWordsValidator:
    """Refuse a password that leaves fewer than eight letters without the words of the place.

    Digits and signs are not counted: « Mairie-Uzes-2026! » is those words and nothing else.
    """

    def validate(self, password: str, user: object = None) -> None:
        decomposed = unicodedata.normalize("NFKD", password).casefold()
        bare = re.sub(r"[\W_]", "", "".join(c for c in decomposed if not unicodedata.combining(c)))
        rest = bare
        for word in sorted(LOCAL_WORDS, key=len, reverse=True):
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

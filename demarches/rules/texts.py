"""Words compared as people compare them."""

import re
import unicodedata


def plain_text(text: str) -> str:
    """Lower case, without accents, typographic apostrophes made plain, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    letters = "".join(sign for sign in decomposed if not unicodedata.combining(sign))
    return re.sub(r"\s+", " ", letters).strip()

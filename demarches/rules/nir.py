"""Find a numéro de sécurité sociale in what people type: the mairie may not have one.

Law: loi 78-17, art. 30; décret 2019-341 lists who may process it, and a mairie's procedure is
not there. Shape of the number: sex (1), year (2), month (2), department and commune of birth
(5, Corsica with a letter, 99 and a country abroad), order (3), then a key (2) people often
leave out. Thirteen signs of that shape are refused whether or not the key is right.
"""

import re

#: First sign: 1 and 2, or 3, 4, 7, 8 for temporary numbers. Months above 12 serve records
#: whose month is not known.
NUMBER = re.compile(
    r"(?<!\d)[123478]\d\d(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d\d|2[AB])\d{6}(?:\d\d)?(?!\d)"
)
#: Signs of a number, in whatever spacing.
RUN = re.compile(r"[0-9AB \u00a0\u202f.\-/_]{13,40}")


def contains_nir(text: str) -> bool:
    """Whether the text holds something of the shape of a numéro de sécurité sociale."""
    return any(NUMBER.search(re.sub(r"[^0-9AB]", "", run)) for run in RUN.findall(text.upper()))


REFUSAL = (
    "Ne donnez pas votre numéro de sécurité sociale. La mairie n’en a pas besoin : effacez-le,"
    " puis envoyez à nouveau."
)

"""The letters in which French papers are written: Latin, with the accents of every language.

A name in another alphabet is written as on the translation or the titre de séjour; the fonts of
our documents hold these letters and no others (`demarches.typed.fonts`).
"""

import unicodedata

#: Blocks of Latin letters that the fonts of our documents draw, alone or with their accents.
BLOCKS = (range(0x41, 0x250), range(0x1E00, 0x1F00))
#: Letters of these blocks for which they have no drawing: old, phonetic, or two in one.
UNDRAWN = frozenset(
    "ƂƃƄƅƇƈƉƋƌƑƕƘƙƜƝƟƢƣƤƥƦƧƨƩƪƫƬƭƮƲƳƴƵƶƸƹƺƻƼƽƾǄǅǆǇǈǉǊǋǌǱǲǳǶȡȤȥȴȵȶȸȹȿɀɆɇɊɋɌɍɎɏḒḓḘḙḼḽṊṋṰṱṶṷẚẜẝỺỻỼỽỾỿ"
)
#: Accents that letters are written with apart, when they are (« é » as « e » and its accent).
ACCENTS = frozenset(
    {*range(0x300, 0x30E), 0x30F, 0x311, 0x312, 0x31B, *range(0x323, 0x329), 0x32E, 0x330, 0x331}
)
#: Apostrophes that some alphabets count as letters.
LIKE_LETTERS = frozenset("ʹʻʼʾʿˈ")
#: Signs of names and addresses beside those of ASCII and Latin-1.
OTHER_SIGNS = frozenset("‘’‚“”„‹›‐–—…•€\u00a0\u2009\u202f")  # noqa: RUF001 -- as they are typed
#: What is said of a word with something else (`%s`).
NOT_LATIN = (
    "Écrivez en lettres latines : « %s » a une lettre d’un autre alphabet, un dessin ou un signe"
    " invisible, que les documents ne peuvent pas imprimer."
)


def is_latin(sign: str) -> bool:
    """Whether our documents print this sign: a Latin letter, its accents, a usual sign."""
    kind = unicodedata.category(sign)
    if sign.isascii():
        return kind != "Cc" or sign in "\t\n\r"
    if sign in LIKE_LETTERS or sign in OTHER_SIGNS:
        return True
    if kind == "Mn":
        return ord(sign) in ACCENTS
    if kind[0] == "L":
        return any(ord(sign) in block for block in BLOCKS) and sign not in UNDRAWN
    return 0xA0 <= ord(sign) < 0x100 and kind != "Cf"


def other_script(text: str) -> str:
    """The first word of a text that holds a sign our documents do not print; else ""."""
    return next((word for word in text.split() if not all(map(is_latin, word))), "")

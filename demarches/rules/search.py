"""Words as a search compares them: French folded, cut to their stems, and forgiven their slips.

Pure: the index keeps what these functions say of a text, a search asks the same of a query.
"""

import re
from functools import lru_cache
from typing import Final

from Stemmer import Stemmer

from demarches.rules.texts import plain_text

WORD = re.compile(r"[^\W_]+")
#: What stands before an apostrophe, and words that say nothing of the subject of a question.
STOP_WORDS: Final = frozenset(
    """
    a ai ait alors apres as au aucun aussi autre aux avec avoir avons avez avait ayant beaucoup
    besoin bien bonjour c ca car ce cela celle celui ces cet cette chez ci combien comme comment
    d dans de depuis des desormais devoir devrais devons dit dois doit doivent donc du elle en
    encore entre est et etais etait ete etes etre eu fait faire fais faudra faut ferai font il ils
    j jai je jusqu l la le les leur leurs lors lui m ma mais me merci mes mettre moi moins mon n ne
    ni nos notre nous on ont ou par pas peu peut peuvent peux plait plus pour pourquoi pouvoir
    pouvons puis puisse qu quand que quel quelle quelles quels qui quoi s sa sans savoir se sera
    serai ses si sommes son sont souhaite soit sous suis suite sur svp t ta te tes toi ton tous
    tout toute toutes tres trouver tu un une va vais vers veut veulent veux voir voudrais voulez
    vos votre vouloir voulons vous vu y obtenir possible quelqu expliquer explication infos info
    information informations renseignement renseignements aller
    """.split()  # noqa: SIM905 -- words, as one reads them
)
#: What the stemmer gets wrong: it takes the end of « pacs » for a plural.
IRREGULAR: Final = {"pacs": "pacs", "pac": "pac"}
MAX_WORD = 40
#: From how many letters one slip, then two, are forgiven.
ONE_SLIP, TWO_SLIPS = 4, 7
_stemmer = Stemmer("french", 0)


@lru_cache(maxsize=1 << 16)
def folded(word: str) -> str:
    """Lower case, without accents nor ligatures: « Œuvré » gives « oeuvre »."""
    return plain_text(word)


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """What the forms of a word share; nothing for a word that says nothing.

    « volée », « Volés » and « voler » give one stem, with or without their accents.
    """
    plain = folded(word)[:MAX_WORD]
    if plain in STOP_WORDS:
        return ""
    if plain in IRREGULAR:
        return IRREGULAR[plain]
    # Without its accent, the stemmer does not know a feminine participle.
    return str(_stemmer.stemWord(re.sub(r"ees?$", "e", plain)))


def words_in(text: str) -> list[str]:
    """Every word of a text, as it is written, in lower case."""
    return WORD.findall(text.lower())


@lru_cache(maxsize=1 << 14)
def stems_in(text: str) -> tuple[str, ...]:
    """The stems of a short text, in order, each once; what says nothing is left out."""
    return tuple(dict.fromkeys(found for word in words_in(text) if (found := stem(word))))


@lru_cache(maxsize=1 << 14)
def names_in(title: str, *, is_list: bool) -> list[set[str]]:
    """What a title is exactly the name of: « Carte grise (certificat d'immatriculation) » has two.

    `is_list`: it lists subjects, as « Divorce, séparation de corps » does.
    """
    parts = [*re.findall(r"\(([^()]+)\)", title), re.sub(r"\([^()]*\)", "", title)]
    if is_list:
        parts += re.split(r", | - ", parts[-1])
    return [set(stems_in(part)) for part in parts]


_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ph", "f"),
        ("qu?|ck|k", "c"),
        ("c(?=[eiy])|ss|z|t(?=ion)", "s"),
        ("gu(?=[eiy])", "g"),
        ("x", "cs"),
        ("h", ""),
        ("eau|au", "o"),
        ("ai|ei", "e"),
        ("en|em|am", "an"),
        ("y", "i"),
        (r"(.)\1+", r"\1"),
        ("(?<=.)(e|es|s|t|x|d|er|ez)$", ""),
    )
]


@lru_cache(maxsize=1 << 16)
def sound_of(word: str) -> str:
    """A folded word as it is heard, roughly: « aloccation » and « allocation » are one."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    return word


def slips_forgiven(word: str) -> int:
    """How many letters may be wrong in a word of that length."""
    return (len(word) >= ONE_SLIP) + (len(word) >= TWO_SLIPS)

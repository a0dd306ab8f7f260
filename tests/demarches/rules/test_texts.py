"""Names compared as people compare them: one spelling is not another person."""

import pytest

from demarches.rules.texts import letters_of, plain_text, plain_words

#: Two spellings of one name, as a keyboard, an old register or another language has them.
SAME_NAME = [
    ("Boeuf", "Bœuf"),
    ("Saint-Jean", "Saint Jean"),
    ("d’Almeida", "d Almeida"),
    ("Lorenz", "Łorenz"),
    ("O'Brien", "O\u02bcBrien"),
    ("O\u2018Brien", "O’Brien"),
    ("LEMOINE", "Lemoine"),
    ("Ünal", "U\u0308nal"),
    ("Weiss", "Weiß"),
    ("Thorsson", "Þorsson"),
    ("Halil", "Ħalil"),
    ("Isik", "I\u015f\u0131k"),
    ("Nguyen", "Nguyễn"),
    ("Aelius", "Ælius"),
]


@pytest.mark.parametrize(("one", "other"), SAME_NAME)
def test_two_spellings_have_the_same_letters(one: str, other: str) -> None:
    assert letters_of(one) == letters_of(other)


@pytest.mark.parametrize(("typed", "stored"), SAME_NAME)
def test_every_word_typed_is_in_the_words_stored(typed: str, stored: str) -> None:
    words = plain_words(f"Camille {stored}")

    assert all(word in words for word in plain_words(typed).split())


@pytest.mark.parametrize("text", [one for pair in SAME_NAME for one in pair] + ["İ", "ŉ", "_a b_"])
def test_what_is_folded_is_folded_already(text: str) -> None:
    assert plain_text(plain_text(text)) == plain_text(text)
    assert plain_words(plain_words(text)) == plain_words(text)


def test_sentences_keep_their_signs() -> None:
    assert plain_text("  L’Œuvre –\u00a0N° 3 ") == "l'oeuvre – n° 3"
    assert plain_words(" D’Œuvre-Ñu, 3 ") == "d oeuvre nu 3"

"""Which letters our documents print: the rule, and the fonts that keep its promise."""

import unicodedata

import pytest

from demarches.rules.latin import is_latin, other_script
from demarches.typed.fonts import LATIN, undrawn_signs


@pytest.mark.parametrize(
    "name",
    [
        "D’Angelo-Núñez",
        "Nguyễn Thị Ánh",
        "Łukasz Ōe Đặng",
        "İnci Şahin",
        "Ẽlișabeth",
        "O'Brien (dit Jo)",
        "Hawai\u02bbi O\u02bczbek",
        "J. Paul, Marie",
        unicodedata.normalize("NFD", "Ségolène Ǟ"),
        "3 bis rue des Lilas, bât. 2ᵉ".replace("ᵉ", "e"),
        "",
    ],
)
def test_latin_letters_with_any_accent(name: str) -> None:
    assert other_script(name) == ""
    assert undrawn_signs(name) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Ольга Petrova", "Ольга"),
        ("Petrova \u041elga", "\u041elga"),  # a Cyrillic O that looks like ours
        ("محمد", "محمد"),
        ("王小明", "王小明"),
        ("Ωmega", "Ωmega"),
        ("ⅣIV", "ⅣIV"),
        ("Ａnna", "Ａnna"),  # noqa: RUF001 -- full width
        ("Kelvin \u212a", "\u212a"),
        ("Ǆordan", "Ǆordan"),
        ("rue ٣", ["rue", "٣"][1]),
    ],
)
def test_the_word_in_another_alphabet_is_named(text: str, word: str) -> None:
    assert other_script(text) == word


def test_the_fonts_draw_every_sign_that_the_rule_lets_through() -> None:
    passed = [sign for sign in map(chr, range(0x2FFFF)) if is_latin(sign)]

    assert undrawn_signs("".join(passed)) == []
    assert len(passed) > 700
    refused = {chr(code) for code in LATIN} - set(passed)
    assert all(unicodedata.category(sign)[0] != "L" or undrawn_signs(sign) for sign in refused)

"""The detector of numéros de sécurité sociale."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demarches.rules.nir import PrivateNumber, contains_nir, find_private_number, nir_key
from demarches.rules.reference import format_reference

SEPARATORS = st.sampled_from(["", " ", ".", "-", "\u00a0", "\u202f"])


@st.composite
def numbers(draw: st.DrawFn) -> list[str]:
    """The parts of a number, key included."""
    department = draw(
        st.sampled_from(["2A", "2B", "99", "97", *[f"{n:02d}" for n in range(1, 96)]])
    )
    parts = [
        draw(st.sampled_from("123478")),
        f"{draw(st.integers(0, 99)):02d}",
        f"{draw(st.integers(1, 12)):02d}",
        department,
        f"{draw(st.integers(1, 999)):03d}",
        f"{draw(st.integers(1, 999)):03d}",
    ]
    digits = "".join(parts).replace("2A", "19").replace("2B", "18")
    return [*parts, f"{97 - int(digits) % 97:02d}"]


@given(numbers(), SEPARATORS, st.booleans())
def test_every_number_in_every_spacing_is_found(
    parts: list[str], separator: str, with_key: bool
) -> None:
    written = separator.join(parts if with_key else parts[:-1])

    assert contains_nir(f"Mon numéro est {written}, merci.")


@given(st.integers(0, 99_999_999), SEPARATORS, st.sampled_from(["0", "+33 ", "0033"]))
def test_a_phone_number_is_not_one(number: int, separator: str, prefix: str) -> None:
    digits = f"6{number:08d}"
    pairs = [digits[0], *(digits[i : i + 2] for i in range(1, 9, 2))]

    assert not contains_nir(f"Appelez le {prefix}{separator.join(pairs)} le soir.")


@given(st.integers(1, 999_999))
def test_a_reference_is_not_one(number: int) -> None:
    assert not contains_nir(f"Dossier {format_reference('PACS', 2026, number)} du 12/03/2027")


@pytest.mark.parametrize(
    "text",
    ["", "Nés le 04/05/1990 et le 17.11.1988", "30700 Uzès, 12 rue de 1945", "FR76 3000 4000"],
)
def test_ordinary_text_is_not_one(text: str) -> None:
    assert not contains_nir(text)


GAPS = st.text(alphabet=" .-_/:,;\t\n\u00a0\u202f\u2009\u200b", max_size=5)
WORDS = st.sampled_from(["", "Mon numéro : ", "n°", "(", "tél. 04 66 03 48 48 "])
PHONES = st.builds(
    lambda prefix, first, pairs, gap: prefix + gap.join([first, *pairs]),
    st.sampled_from(["0", "+33 ", "+33", "0033 ", "0033"]),
    st.sampled_from("1234567"),
    st.lists(st.integers(0, 99).map("{:02d}".format), min_size=4, max_size=4),
    st.sampled_from(["", " ", ".", "-", "\u00a0"]),
)
REFERENCES = st.builds(
    format_reference, st.sampled_from(["PACS", "AIDE"]), st.integers(2026, 2099),
    st.integers(1, 999_999),
)  # fmt: skip


@given(numbers(), st.data(), WORDS, st.sampled_from(["", ".", " merci", " 06 12 34 56 78"]))
def test_a_number_with_its_key_is_found_in_any_spacing_and_company(
    parts: list[str], data: st.DataObject, before: str, after: str
) -> None:
    signs = "".join(parts)
    spaced = "".join(sign + data.draw(GAPS) for sign in signs[:-1]) + signs[-1]

    assert find_private_number(before + spaced + after) is PrivateNumber.NIR


@given(numbers(), st.data(), WORDS)
def test_a_number_without_its_key_is_found_in_any_spacing(
    parts: list[str], data: st.DataObject, before: str
) -> None:
    signs = "".join(parts[:-1])
    spaced = "".join(sign + data.draw(GAPS) for sign in signs[:-1]) + signs[-1]

    assert find_private_number(before + spaced + ".") is PrivateNumber.NIR


@given(numbers(), st.integers(1, 96))
def test_a_mistyped_key_hides_nothing(parts: list[str], shift: int) -> None:
    wrong = (int(parts[-1]) - 1 + shift) % 97 + 1

    assert contains_nir(f"{''.join(parts[:-1])} {wrong:02d}")


@given(PHONES | REFERENCES, st.sampled_from(["", "Appelez le ", "Dossier ", "("]))
def test_a_telephone_or_a_reference_is_never_such_a_number(text: str, before: str) -> None:
    assert find_private_number(f"{before}{text}, merci.") is None


@settings(max_examples=500)
@given(
    st.lists(PHONES | REFERENCES, min_size=2, max_size=3), st.sampled_from([" ", " / ", ", ", "\n"])
)
def test_telephones_and_references_in_a_row_are_never_one(texts: list[str], between: str) -> None:
    """Whatever key their figures happen to make together."""
    assert find_private_number(between.join(texts)) is None


def test_two_telephones_side_by_side_are_not_one() -> None:
    for text in (
        "06 12 34 56 78 04 66 03 48 48",
        "+33 6 12 34 56 78 +33 6 12 34 56 78",
        "0033 6 12 34 56 78 0033 6 12 34 56 78",
        "AIDE-2026-000042-7 06 12 34 56 78",
        "AIDE-2026-000042-7 12/03/2026",
    ):
        assert find_private_number(text) is None


def test_the_known_specimen_has_its_key() -> None:
    assert nir_key("2690549588157") == 80
    assert nir_key("185022A006084") == 97 - int("1850219006084") % 97


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("２ ６９ ０５ ４９ ５８８ １５７", PrivateNumber.NIR),  # noqa: RUF001 -- wide figures
        ("2\u200b69\u200b0549588157", PrivateNumber.NIR),
        ("mon nia 7 85 05 99 350 157", PrivateNumber.NIR),
        ("1 85 05 2a 006 084", PrivateNumber.NIR),
        ("FR76 3000 6000 0112 3456 7890 189", PrivateNumber.IBAN),
        ("fr7630006000011234567890189", PrivateNumber.IBAN),
        ("Compte DE89 3704 0044 0532 0130 00", PrivateNumber.IBAN),
        ("4539 1488 0343 6467", PrivateNumber.CARD),
        ("carte 4539148803436467 bleue", PrivateNumber.CARD),
        ("4539 1488 0343 6468", None),  # Luhn refuses it
        ("DE89 3704 0044 0532 0130 01", None),
        ("le 12/03/2026 à 14 h 30, salle 2", None),
        ("CV-7K4M-2PQX, 30700 Uzès", None),
    ],
)
def test_what_is_found_has_a_name(text: str, found: PrivateNumber | None) -> None:
    assert find_private_number(text) is found


def test_a_refusal_never_repeats_the_number() -> None:
    assert [kind for kind in PrivateNumber if any(c.isdigit() for c in kind.refusal)] == []


def test_a_huge_text_is_read_in_no_time() -> None:
    started = time.perf_counter()

    for text in ("1 " * 50_000, "12" * 50_000, "FR" * 50_000, "0612345678 " * 9_000):
        find_private_number(text)

    assert time.perf_counter() - started < 5

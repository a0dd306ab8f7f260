"""E-mail addresses: one form each, refusals that show what is wrong, questions about slips."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demarches.rules.addresses import (
    CANONICAL,
    FREQUENT_DOMAINS,
    AddressRefused,
    canonical_address,
    read_address,
    same_address,
    suggested_address,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("camille@exemple.fr", "camille@exemple.fr"),
        ("  Camille.Durand+pacs@Exemple.FR\n", "camille.durand+pacs@exemple.fr"),
        ("o'neil_%a=b@a-b.exemple.museum", "o'neil_%a=b@a-b.exemple.museum"),
        ("contact@uzès.fr", "contact@xn--uzs-7la.fr"),
        ("contact@UZÈS.fr", "contact@xn--uzs-7la.fr"),
        ("contact@uze\u0300s.fr", "contact@xn--uzs-7la.fr"),
        ("contact@xn--uzs-7la.fr", "contact@xn--uzs-7la.fr"),
        ("a@cœur.fr", "a@xn--cur-fya.fr"),
        ("x" * 64 + "@exemple.fr", "x" * 64 + "@exemple.fr"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert read_address(typed) == kept
    assert read_address(kept) == kept
    assert same_address(typed, kept)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "Écrivez une adresse e-mail."),
        (" \t", "Écrivez une adresse e-mail."),
        ("camille", "Il manque le signe « @ »"),
        ("camille@", "Il manque ce qui vient après « @ »"),
        ("@exemple.fr", "Il manque ce qui vient avant « @ »"),
        ("camille@@exemple.fr", "Cette adresse contient 2 « @ »"),
        ("a@b.fr, c@d.fr", "Il y a ici plusieurs adresses"),
        ("a@b.fr;c@d.fr", "Il y a ici plusieurs adresses"),
        ("a@b.fr c@d.fr", "Il y a ici plusieurs adresses"),
        ("Camille <camille@exemple.fr>", "Écrivez l’adresse seule"),
        ("camille@exemple.fr,", "Il y a une virgule à la fin de cette adresse"),
        ("camille@exemple.fr;", "Il y a un point-virgule à la fin"),
        ("camille@exemple.fr.", "Il y a un point à la fin"),
        ("camille@exemple,fr", "Cette adresse contient une virgule après « @ » : « , »."),
        ("cam ille@exemple.fr", "Il y a une espace au milieu de cette adresse, après « cam »"),
        ("camille@exemple\u00a0.fr", "Il y a une espace au milieu"),
        ("cam\u200bille@exemple.fr", "Il y a un caractère invisible dans cette adresse, après"),
        ("\ufeffcamille@exemple.fr", "Il y a un caractère invisible dans cette adresse, au début"),
        ("camille@exemple.fr\u202e", "Il y a un caractère invisible"),
        ("a@b.fr\r\nBcc: c@d.fr", "Il y a un caractère invisible"),
        ("\x00@exemple.fr", "Il y a un caractère invisible"),
        ("camillé@exemple.fr", "Cette adresse contient un accent avant « @ » : « é »."),
        ("camille\u0301@exemple.fr", "Cette adresse contient un accent avant « @ » : « é »."),
        ("françois@exemple.fr", "Cette adresse contient un accent avant « @ » : « ç »."),
        (
            "camille@gma\u0131l.com",
            "Cette adresse contient « \u0131 », un signe qu’aucune adresse n’a",
        ),
        ("camille@exemple", "Cette adresse n’est pas complète : après « exemple » il manque"),
        ("camille@exemple.f", "Cette adresse n’est pas complète : la fin « .f » est trop courte."),
        ("camille@exemple..fr", "Il y a deux points de suite après « @ »"),
        ("camille..d@exemple.fr", "Il y a deux points de suite avant « @ »"),
        (".camille@exemple.fr", "Il y a un point de trop avant « @ », au début."),
        ("camille.@exemple.fr", "Il y a un point de trop avant « @ », à la fin."),
        ("camille@.exemple.fr", "Il y a un point de trop après « @ », au début."),
        ("camille@-exemple.fr", "« -exemple.fr » ne peut pas être la fin"),
        ("camille@192.168.0.1", "« 192.168.0.1 » ne peut pas être la fin"),
        ("camille@[192.168.0.1]", "Cette adresse contient un signe qui n’y a pas sa place"),
        ("mailto:camille@exemple.fr", "Cette adresse contient deux points avant « @ »"),
        ('"camille"@exemple.fr', "Cette adresse contient un signe qui n’y a pas sa place avant"),
        ("camille@" + "é" * 62 + ".fr", "« éé"),
        ("x" * 65 + "@exemple.fr", "Ce qui vient avant « @ » est trop long"),
        ("x" * 300 + "@exemple.fr", "Cette adresse e-mail est trop longue"),
        ("a" * 60 + "@" + "é.exemple." * 18 + "fr", "Cette adresse e-mail est trop longue"),
    ],
)
def test_a_refusal_shows_what_is_wrong(typed: str, reason: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        read_address(typed)

    assert refused.value.reason.startswith(reason)
    assert canonical_address(typed) is None
    assert not same_address(typed, typed)


def test_no_sign_becomes_an_ascii_letter_but_capitals() -> None:
    """Every sign of Unicode, before and after « @ »: none is taken for another one.

    Of the places where no sign stands yet, one of a hundred.
    """
    signs = [
        sign
        for code in range(128, sys.maxunicode + 1)
        if not 0xD800 <= code < 0xE000
        and (unicodedata.category(sign := chr(code)) != "Cn" or code % 100 == 0)
    ]

    taken = {sign for sign in signs if canonical_address(f"a{sign}a@exemple.fr")}
    domains: dict[str, set[str]] = {}
    for sign in signs:
        if kept := canonical_address(f"a@a{sign}a.fr"):
            domains.setdefault(kept, set()).add(sign.lower())

    assert taken == set()
    # 29 letters of .fr domains, and the six accents that « a » may have, typed apart.
    assert len(domains) == 35
    assert all(len(letters) == 1 for letters in domains.values())
    assert all(kept.startswith("a@xn--") for kept in domains)


@given(st.text(max_size=80) | st.emails())
def test_what_is_kept_is_lower_case_ascii_and_stays_as_it_is(typed: str) -> None:
    kept = canonical_address(typed)

    if kept is not None:
        assert re.search(CANONICAL, kept)
        assert kept == kept.lower()
        assert kept.isascii()
        assert read_address(kept) == kept


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmal.com", "gmail.com"),
        ("gmail.fr", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("hotmial.fr", "hotmail.fr"),
        ("hotmai.com", "hotmail.com"),
        ("orange.f", "orange.fr"),
        ("orang.fr", "orange.fr"),
        ("wanado.fr", "wanadoo.fr"),
        ("wanadoo.com", "wanadoo.fr"),
        ("laposte.ne", "laposte.net"),
        ("laposte.fr", "laposte.net"),
        ("outlok.com", "outlook.com"),
        ("yaho.fr", "yahoo.fr"),
        ("free.f", "free.fr"),
        ("xn--gmal-7pa.com", "gmail.com"),  # gmaïl.com
        ("gmail.xn--co-pka", "gmail.com"),  # gmail.coù
        ("exemple.xn--co-pka", "exemple.com"),
        ("exemple.xn--cm-2ja", "exemple.com"),  # .còm
        ("exemple.xn--cn-8ja", "exemple.com"),  # .côn
        ("exemple.xn--fr-pka", "exemple.fr"),  # .frù
    ],
)
def test_a_common_slip_gets_a_question(domain: str, meant: str) -> None:
    assert suggested_address(f"camille@{domain}") == f"camille@{meant}"


@pytest.mark.parametrize(
    "domain",
    [
        *FREQUENT_DOMAINS,
        *("exemple.fr", "uzes.fr", "ymail.com", "gmx.fr", "live.be", "me.com", "cfr.fr"),
        *("ac-nimes.fr", "gard.gouv.fr", "proton.me", "xn--uzs-7la.fr", "xn--a.fr"),
        "exemple.xn--vermgensberater-ctb",
    ],
)
def test_an_honest_domain_gets_none(domain: str) -> None:
    assert suggested_address(f"camille@{domain}") == ""

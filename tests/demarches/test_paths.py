"""An address written once is the one that Django writes."""

from typing import Any

import pytest
from django.template import Context, Template
from django.urls import NoReverseMatch, clear_script_prefix, reverse, set_script_prefix
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe

from demarches.web.paths import path_to

REFERENCE = "PACS-2026-000042-A"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("home", ()),
        ("pacs:dossier-messages", (REFERENCE,)),
        ("pacs:dossier-paper", (REFERENCE, "accuse")),
        ("pacs:outcome", ("un-point",)),
        ("admin:pacs_dossier_change", (7,)),
    ],
)
def test_it_is_what_django_writes(name: str, args: tuple[Any, ...]) -> None:
    for _ in range(2):  # the one that writes it, and one that finds it written
        assert path_to(name, *args) == reverse(name, args=args)


def test_equal_values_of_two_kinds_have_their_own_addresses() -> None:
    assert path_to("admin:pacs_dossier_change", 1) == reverse("admin:pacs_dossier_change", args=[1])
    changed = reverse("admin:pacs_dossier_change", args=[True])
    assert path_to("admin:pacs_dossier_change", True) == changed


def test_what_has_no_address_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            path_to("pacs:dossier-messages", "a/b")


def test_another_prefix_or_other_addresses_are_written_anew(settings: Any) -> None:
    assert path_to("home") == "/"
    set_script_prefix("/portail/")
    try:
        assert path_to("home") == "/portail/"
    finally:
        clear_script_prefix()
    assert path_to("home") == "/"
    settings.ROOT_URLCONF = "pacs.urls"
    assert path_to("how") == "/comment-ca-se-passe/"
    with pytest.raises(NoReverseMatch):
        path_to("accessibility")


@pytest.mark.parametrize(
    "given",
    [REFERENCE, mark_safe(REFERENCE), "d'Uzès & <Cie>", None, 3],
    ids=["text", "safe", "signs", "nothing", "number"],
)
@pytest.mark.parametrize("words", ["{% url name given %}", "{% url name given as it %}{{ it }}"])
def test_the_tag_writes_what_the_one_of_django_does(words: str, given: object) -> None:
    context = {"given": given, "name": "admin:pacs_dossier_change"}
    expected = conditional_escape(reverse("admin:pacs_dossier_change", args=[given]))
    for _ in range(2):
        assert Template(words).render(Context(context)) == expected


def test_the_tag_tells_what_has_no_address_or_is_silent_as_asked() -> None:
    for _ in range(2):
        with pytest.raises(NoReverseMatch):
            Template("{% url 'pacs:nowhere' %}").render(Context())
        assert Template("{% url 'pacs:nowhere' as it %}[{{ it }}]").render(Context()) == "[]"

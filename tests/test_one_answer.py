"""Nobody learns which references exist: one answer for a row of somebody else and for none.

Every address that names a row, by its reference or its key, is asked by nobody and by another
resident, for a row that exists and for one that does not.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from demarches.models import User
from demarches.rules.reference import format_reference
from pacs.models import Dossier
from tests.support.dossiers import make_dossier
from tests.support.followups import make_demande, make_suivi

#: Nonces, tokens, names of requests, and the second at which the page stops being fresh.
DRAWN_ANEW = re.compile(
    r"""nonce[-=]"?[\w+/=-]+|value="[\w-]{64}"|'Content-Length', '\d+'"""
    r"""|'(?:Expires|X-Request-ID)', '[^']+'"""
)
#: What completes an address beside the row it names.
WORDS = {
    "slug": "pieces",
    "key": "1-P03_identite",
    "step": "commandee",
    "pk": 1,
    "secret": "x" * 43,
}
#: Opened by a signed token, by a code of the national guidance, in development only.
NAMES_NO_ROW = {"token", "code"}


def named_rows(
    patterns: list[URLPattern | URLResolver], namespace: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from named_rows(pattern.url_patterns, pattern.namespace or namespace)
        elif {"reference", "pk"} & set(pattern.pattern.converters):
            yield f"{namespace}:{pattern.name}", tuple(pattern.pattern.converters)


ROWS = dict(named_rows(get_resolver().url_patterns))


def test_every_address_that_names_a_row_is_known_by_its_words() -> None:
    words = {word for parameters in ROWS.values() for word in parameters}

    assert words == {"reference", *WORDS}
    assert len(ROWS) > 40


@pytest.fixture
def theirs(draft: Dossier, alice: User) -> dict[str, str]:
    """A row of each kind that belongs to Alice."""
    return {
        "pacs": draft.reference,
        "suivi": make_suivi(owner=alice).reference,
        "aide": make_demande(alice).reference,
    }


UNKNOWN = {
    "pacs": format_reference("PACS", 2026, 987_654),
    "suivi": "ABCDEFGHJK",
    "aide": format_reference("VIT", 2026, 987_654),
}


def seen(client: Client, method: str, name: str, reference: str, **other: Any) -> tuple[Any, ...]:
    """What the answer tells: its status, its headers and its text, without what is drawn anew."""
    words = {word: WORDS[word] for word in ROWS[name] if word != "reference"} | other
    if "reference" in ROWS[name]:
        words["reference"] = reference
    url = reverse(name.removeprefix(":"), kwargs=words)
    answer = client.generic(method, url)
    told = answer.content.decode() + str(sorted(answer.items()))
    if reference:
        told = told.replace(reference, "REF")
    return answer.status_code, DRAWN_ANEW.sub("", told)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_of_somebody_else_looks_like_none(
    name: str,
    theirs: dict[str, str],
    charlie: User,
    bob: User,
    client_of: Callable[[User | None], Client],
) -> None:
    make_dossier(charlie, User.objects.create_user("diane@example.org"))
    bare = name.partition(":")[2]
    kind = "pacs" if name.startswith("pacs:") else bare.partition("-")[0]

    for who in (None, charlie):
        for method in ("GET", "HEAD", "POST", "PUT"):
            existing = seen(client_of(who), method, name, theirs.get(kind, ""))
            unknown = seen(client_of(who), method, name, UNKNOWN.get(kind, ""))

            assert existing == unknown, (who, method)

"""FranceConnect and ProConnect, against a provider on loopback that may lie."""

import html
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.core.cache import cache
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse
from post_office.models import Email

from demarches.models import User
from demarches.oidc import client as oidc_client
from demarches.oidc import links
from demarches.oidc.providers import NAMES
from demarches.rules.openid import REFUSALS, Refusal
from tests.demarches.test_signin import mailed_code, type_code
from tests.support.openid import FakeProvider, running_provider
from tests.support.pages import Answer
from tests.support.present import the

pytestmark = pytest.mark.django_db

SUB = "f" * 66 + "v"
ADDRESS = "camille@exemple.fr"
AGENT = "agent@example.org"
PASSWORD = "un mot de passe bien long"
BOTH = pytest.mark.parametrize("slug", ["franceconnect", "proconnect"])


@pytest.fixture(autouse=True)
def _anew() -> None:
    cache.clear()


@pytest.fixture
def op() -> Iterator[FakeProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def on(op: FakeProvider, settings: Any) -> FakeProvider:
    """Both providers are configured, and are this one."""
    settings.SITE_URL = "http://testserver"
    settings.OPENID_PROVIDERS = {slug: op.settings(slug) for slug in NAMES}
    return op


@pytest.fixture
def resident(db: None) -> User:
    """An account that FranceConnect opens."""
    user = User.objects.create_user(ADDRESS)
    assert links.link(user, "franceconnect", SUB)
    return user


@pytest.fixture
def clerk(db: None) -> User:
    """An agent with a password."""
    return User.objects.create_user(AGENT, PASSWORD, is_staff=True)


@pytest.fixture
def officer(clerk: User) -> User:
    """An agent whom ProConnect opens."""
    assert links.link(clerk, "proconnect", SUB)
    return clerk


def sent_to(response: Answer) -> str:
    """Where the page sends the browser by itself."""
    assert response.status_code == 200
    found = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', response.content.decode())
    assert found is not None
    return html.unescape(found[1])


def press(client: Client, slug: str, **data: str) -> str:
    return sent_to(client.post(reverse(f"{slug}-start"), data))


def come_back(client: Client, where: str) -> Answer:
    parts = urlsplit(where)
    return client.get(f"{parts.path}?{parts.query}")


def identify(client: Client, op: FakeProvider, slug: str, **data: str) -> Answer:
    return come_back(client, op.browse(press(client, slug, **data)))


def whose(client: Client) -> str | None:
    user_id = client.session.get("_auth_user_id")
    return None if user_id is None else User.objects.get(pk=user_id).email


def heading(response: Answer) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", response.content.decode(), re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def assert_refused(client: Client, response: Answer, why: Refusal) -> None:
    """Nobody entered, the page says why in French, and shows the ordinary way in."""
    page = html.unescape(response.content.decode())
    assert (response.status_code, heading(response)) == (REFUSALS[why].status, why.label)
    assert 400 <= response.status_code < 500
    assert "_auth_user_id" not in client.session
    assert "Entrer avec un " in page
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


# Off until configured


@pytest.mark.parametrize("path", ["", "retour/", "relier/", "quitter/", "sortie/"])
@BOTH
def test_a_provider_that_is_off_has_no_address(client: Client, slug: str, path: str) -> None:
    url = f"/compte/{slug}/{path}"

    assert {client.get(url).status_code, client.post(url).status_code} <= {404, 405}
    assert 404 in {client.get(url).status_code, client.post(url).status_code}


def test_nothing_shows_while_the_providers_are_off(
    client: Client, client_of: Callable[[User], Client], alice: User
) -> None:
    pages = [
        client.get(reverse("account_login")),
        client.get(reverse("admin:login")),
        client_of(alice).get(reverse("demarches:account")),
    ]

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert [page for page in pages if re.search("(France|Pro)Connect", page.content.decode())] == []


def test_the_buttons_show_once_configured_and_call_nobody(client: Client, on: FakeProvider) -> None:
    resident_page = client.get(reverse("account_login") + "?next=/mairie/").content.decode()
    staff_page = client.get(reverse("admin:login")).content.decode()
    client.get("/")

    assert "S’identifier avec FranceConnect" in resident_page
    assert "Qu’est-ce que FranceConnect" in resident_page
    assert 'name="next" value="/mairie/"' in resident_page
    assert "Recevoir un code" in resident_page
    assert "ProConnect" not in resident_page
    assert "S’identifier avec ProConnect" in staff_page
    assert 'name="password"' in staff_page
    assert "FranceConnect" not in staff_page
    assert on.seen == []


def test_the_privacy_page_tells_of_it_while_it_is_on(
    client: Client, on: FakeProvider, settings: Any
) -> None:
    told = client.get(reverse("privacy")).content.decode()
    settings.OPENID_PROVIDERS["franceconnect"]["client_id"] = ""
    untold = client.get(reverse("privacy")).content.decode()

    assert ("FranceConnect" in told, "FranceConnect" in untold) == (True, False)


def test_the_official_picture_takes_the_place_of_the_words(
    client: Client, on: FakeProvider, settings: Any
) -> None:
    settings.OPENID_PROVIDERS["franceconnect"]["button"] = "img/favicon.svg"

    page = client.get(reverse("account_login")).content.decode()

    assert '<img src="/static/img/favicon.svg" alt="S’identifier avec FranceConnect">' in page


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"client_secret": ""}, ["demarches.E101"]),
        ({"issuer": "", "client_id": ""}, ["demarches.E101"]),
        ({"issuer": "http://fc.example/api/v2"}, ["demarches.E102"]),
        ({"issuer": "https://user@fc.example/"}, ["demarches.E102"]),
        ({"algorithm": "HS256"}, ["demarches.E103"]),
        ({"algorithm": "none"}, ["demarches.E103"]),
        ({"scope": "email"}, ["demarches.E105"]),
        ({"button": "img/absent.svg"}, ["demarches.E106"]),
        ({}, []),
    ],
)
@BOTH
def test_half_a_configuration_is_refused_in_words(
    on: FakeProvider, settings: Any, slug: str, change: dict[str, str], expected: list[str]
) -> None:
    for values in settings.OPENID_PROVIDERS.values():
        values["issuer"] = "https://provider.example/api/v2"
    settings.OPENID_PROVIDERS[slug] |= change

    found = run_checks()

    assert [error.id for error in found if "demarches.E1" in the(error.id)] == expected
    assert all(slug.upper() in error.msg and error.hint for error in found)


def test_an_unknown_level_is_refused(on: FakeProvider, settings: Any) -> None:
    settings.DEBUG = True
    settings.OPENID_PROVIDERS["franceconnect"]["acr"] = "eidas9"

    assert [error.id for error in run_checks()] == ["demarches.E104"]


# What leaves


def test_franceconnect_is_asked_what_its_rules_say(client: Client, on: FakeProvider) -> None:
    url = press(client, "franceconnect")
    asked = dict(parse_qsl(urlsplit(url).query))

    state, nonce = asked.pop("state"), asked.pop("nonce")
    assert len(state) >= 32
    assert len(nonce) >= 32
    assert state != nonce
    assert asked == {
        "response_type": "code",
        "client_id": "client-of-the-mairie",
        "redirect_uri": "http://testserver/compte/franceconnect/retour/",
        "scope": "openid given_name family_name email",
        "acr_values": "eidas1",
    }


def test_proconnect_is_asked_whether_a_second_factor_was_used(
    client: Client, on: FakeProvider
) -> None:
    asked = dict(parse_qsl(urlsplit(press(client, "proconnect")).query))

    assert asked["claims"] == '{"id_token": {"amr": {"essential": true}}}'
    assert "acr_values" not in asked


def test_the_address_of_our_page_changes_nothing_of_what_is_asked(
    client: Client, on: FakeProvider
) -> None:
    """django-allauth's own login takes `scope` and `auth_params` from there."""
    response = client.post(
        reverse("franceconnect-start") + "?scope=address&auth_params=prompt%3Dnone&process=connect"
    )

    asked = parse_qs(urlsplit(sent_to(response)).query)
    assert asked["scope"] == ["openid given_name family_name email"]
    assert "prompt" not in asked


def test_a_code_challenge_where_the_provider_allows_it(
    client: Client, on: FakeProvider, settings: Any, resident: User
) -> None:
    on.pkce = True
    settings.OPENID_PROVIDERS["franceconnect"]["pkce"] = True

    entered = identify(client, on, "franceconnect")

    assert whose(client) == ADDRESS
    assert entered.status_code == 302


def test_pages_keep_their_strict_form_action(client: Client, on: FakeProvider) -> None:
    policy = client.get(reverse("account_login"))["Content-Security-Policy"]

    assert "form-action 'self';" in policy + ";"


def test_the_proxy_of_the_town_is_obeyed(
    client: Client, on: FakeProvider, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", on.issuer.removesuffix("/api/v2"))
    monkeypatch.setenv("no_proxy", "")
    settings.OPENID_PROVIDERS["franceconnect"]["issuer"] = "http://provider.invalid/api/v2"

    client.post(reverse("franceconnect-start"))

    assert on.seen == ["/api/v2/.well-known/openid-configuration"]


def test_discovery_and_keys_are_asked_once(
    client: Client, on: FakeProvider, resident: User
) -> None:
    for _ in range(3):
        identify(client, on, "franceconnect")

    assert on.seen.count("/api/v2/.well-known/openid-configuration") == 1
    assert on.seen.count("/api/v2/jwks") == 1


# FranceConnect: in, and the first time


def test_a_linked_resident_enters_and_goes_on(
    client: Client, on: FakeProvider, resident: User
) -> None:
    entered = identify(client, on, "franceconnect", next="/mairie/")

    assert (entered.status_code, entered["Location"], whose(client)) == (302, "/mairie/", ADDRESS)


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:1"])
def test_going_on_elsewhere_is_refused(
    client: Client, on: FakeProvider, resident: User, elsewhere: str
) -> None:
    entered = identify(client, on, "franceconnect", next=elsewhere)

    assert entered["Location"] == reverse("demarches:account")


def test_the_person_is_known_by_sub_whatever_the_address_becomes(
    client: Client, on: FakeProvider, resident: User
) -> None:
    on.person.email = "autre@exemple.fr"

    identify(client, on, "franceconnect")

    assert whose(client) == ADDRESS
    assert User.objects.count() == 1


def test_signing_in_begins_a_new_session(client: Client, on: FakeProvider, resident: User) -> None:
    where = on.browse(press(client, "franceconnect"))
    before = client.session.session_key

    come_back(client, where)

    assert client.session.session_key != before


def first_time(client: Client, op: FakeProvider, email: str = ADDRESS) -> Answer:
    """Identify, prove the address by the mailed code, arrive on the page that asks."""
    identify(client, op, "franceconnect", next="/mairie/")
    here = reverse("franceconnect-link")
    client.post(reverse("account_login"), {"email": email, "next": here})
    arrived = type_code(client, mailed_code(email), here)
    assert arrived["Location"] == here
    return client.get(here)


def test_the_first_time_the_address_is_proven_then_linked(client: Client, on: FakeProvider) -> None:
    back = identify(client, on, "franceconnect")
    page = client.get(back["Location"]).content.decode()

    assert back["Location"] == reverse("franceconnect-link")
    assert whose(client) is None
    assert "Camille Durand" in page
    assert f'value="{ADDRESS}"' in page

    asked = first_time(client, on).content.decode()
    assert "Camille Durand" in asked
    assert SocialAccount.objects.count() == 0  # nothing without a yes

    said = client.post(reverse("franceconnect-link"))

    kept = SocialAccount.objects.get()
    assert said["Location"] == "/mairie/"
    assert (kept.provider, kept.uid, kept.user.email) == ("franceconnect", SUB, ADDRESS)
    assert kept.extra_data == {}
    assert "FranceConnect ouvre votre compte" in Email.objects.latest("pk").message
    assert "openid_pending" not in client.session
    another = Client()
    identify(another, on, "franceconnect")
    assert whose(another) == ADDRESS


def test_an_address_owned_by_somebody_else_opens_nothing(
    client: Client, on: FakeProvider, alice: User
) -> None:
    """The provider says « I am alice@… »: only her mails can prove it."""
    on.person.email = alice.email

    back = identify(client, on, "franceconnect")
    page = client.get(back["Location"])

    assert whose(client) is None
    assert client.post(reverse("franceconnect-link")).status_code == 200
    assert SocialAccount.objects.count() == 0
    assert "prouver votre adresse" in page.content.decode()
    assert client.get(reverse("demarches:account")).status_code == 302


def test_no_account_is_made_from_what_the_provider_says(client: Client, on: FakeProvider) -> None:
    identify(client, on, "franceconnect")

    assert User.objects.count() == 0


def test_the_next_person_on_a_shared_screen_is_asked_under_the_name_of_the_first(
    client: Client, on: FakeProvider, bob: User
) -> None:
    page = first_time(client, on, bob.email)
    refused = client.post(reverse("franceconnect-leave"))

    assert "Camille Durand" in page.content.decode()
    assert sent_to(refused).startswith(f"{on.issuer}/session/end?")
    assert SocialAccount.objects.count() == 0
    assert whose(client) == bob.email
    client.post(reverse("franceconnect-link"))
    assert SocialAccount.objects.count() == 0


def test_an_identity_waits_for_twenty_minutes_at_most(client: Client, on: FakeProvider) -> None:
    with time_machine.travel(time.time(), tick=False) as clock:
        first_time(client, on)
        clock.shift(1201)
        client.post(reverse("franceconnect-link"))

    assert SocialAccount.objects.count() == 0


def test_an_identity_that_waits_is_forgotten_when_somebody_else_enters(
    client: Client, on: FakeProvider, resident: User
) -> None:
    on.person.sub = "e" * 66 + "v"
    identify(client, on, "franceconnect")
    on.person.sub = SUB
    identify(client, on, "franceconnect")

    client.post(reverse("franceconnect-link"))

    assert whose(client) == ADDRESS
    assert [row.uid for row in SocialAccount.objects.all()] == [SUB]


def test_one_identity_an_account(client: Client, on: FakeProvider, resident: User) -> None:
    on.person.sub = "e" * 66 + "v"

    first_time(client, on)
    said = client.post(reverse("franceconnect-link"))

    assert (said.status_code, heading(said)) == (409, Refusal.OTHER_IDENTITY.label)
    assert [row.uid for row in SocialAccount.objects.all()] == [SUB]


def test_one_account_an_identity(resident: User, bob: User) -> None:
    assert links.link(bob, "franceconnect", SUB) is False
    assert links.link(resident, "franceconnect", SUB) is True
    assert SocialAccount.objects.get().user == resident


def test_a_resident_undoes_the_link(client: Client, on: FakeProvider, resident: User) -> None:
    identify(client, on, "franceconnect")
    page = client.get(reverse("franceconnect-link")).content.decode()
    client.post(reverse("franceconnect-link"), {"action": "unlink"})

    assert "Ne plus relier" in page
    assert SocialAccount.objects.count() == 0
    assert (
        "FranceConnect n’est pas relié"
        in client.get(reverse("franceconnect-link")).content.decode()
    )


def test_an_account_without_birthplace_nor_name_enters_all_the_same(
    client: Client, on: FakeProvider, resident: User
) -> None:
    on.person.given_name = on.person.family_name = ""
    on.person.more = {"birthplace": "", "birthcountry": "99132", "given_name": None}

    identify(client, on, "franceconnect")

    assert whose(client) == ADDRESS


# Staff accounts


def test_franceconnect_never_opens_a_staff_account(
    client: Client, on: FakeProvider, resident: User
) -> None:
    User.objects.filter(pk=resident.pk).update(is_staff=True)

    assert_refused(client, identify(client, on, "franceconnect"), Refusal.STAFF_ACCOUNT)


def test_a_session_of_franceconnect_ends_when_its_owner_becomes_an_agent(
    client: Client, on: FakeProvider, resident: User
) -> None:
    identify(client, on, "franceconnect")
    User.objects.filter(pk=resident.pk).update(is_staff=True, is_superuser=True)

    assert client.get(reverse("admin:index")).status_code == 302
    assert client.get(reverse("demarches:account")).status_code == 302


def test_franceconnect_is_not_used_inside_the_desk(
    on: FakeProvider, clerk: User, client_of: Callable[[User], Client]
) -> None:
    desk = client_of(clerk)

    refused = desk.post(reverse("franceconnect-start"))

    assert (refused.status_code, heading(refused)) == (403, Refusal.OTHER_SPACE.label)


def test_an_agent_enters_the_desk(client: Client, on: FakeProvider, officer: User) -> None:
    entered = identify(client, on, "proconnect")

    assert entered["Location"] == reverse("admin:index")
    assert whose(client) == AGENT
    assert client.get(reverse("admin:index")).status_code == 200


def test_an_agent_without_second_factor_is_refused(
    client: Client, on: FakeProvider, officer: User
) -> None:
    on.person.amr = ["pwd"]

    refused = identify(client, on, "proconnect")

    assert_refused(client, refused, Refusal.NO_SECOND_FACTOR)
    assert "Quitter ProConnect" in refused.content.decode()  # else they come back the same way


def test_a_claim_amr_that_was_not_given_is_no_second_factor(
    client: Client, on: FakeProvider, officer: User
) -> None:
    on.lies = {"id_token_claims": {"amr": None}}

    assert_refused(client, identify(client, on, "proconnect"), Refusal.NO_SECOND_FACTOR)


def test_a_resident_does_not_enter_by_proconnect(
    client: Client, on: FakeProvider, alice: User
) -> None:
    on.person.email = alice.email

    assert_refused(client, identify(client, on, "proconnect"), Refusal.NOT_AN_AGENT)
    assert SocialAccount.objects.count() == 0


@pytest.mark.parametrize("lost", [{"is_staff": False}, {"is_active": False}])
def test_who_is_no_agent_any_more_loses_the_session_and_the_way_in(
    client: Client, on: FakeProvider, officer: User, lost: dict[str, bool]
) -> None:
    identify(client, on, "proconnect")
    User.objects.filter(pk=officer.pk).update(**lost)

    assert client.get(reverse("admin:index")).status_code == 302
    why = Refusal.NOT_AN_AGENT if "is_staff" in lost else Refusal.CLOSED
    again = Client()
    assert_refused(again, identify(again, on, "proconnect"), why)


def test_cutting_the_link_ends_the_session(
    client: Client, on: FakeProvider, officer: User, settings: Any
) -> None:
    identify(client, on, "proconnect")
    SocialAccount.objects.all().delete()

    assert client.get(reverse("admin:index")).status_code == 302


def test_switching_proconnect_off_ends_its_sessions(
    client: Client, on: FakeProvider, officer: User, settings: Any
) -> None:
    identify(client, on, "proconnect")
    settings.OPENID_PROVIDERS["proconnect"]["client_id"] = ""

    assert client.get(reverse("admin:index")).status_code == 302


def test_an_agent_links_after_one_sign_in_with_the_password(
    client: Client, on: FakeProvider, clerk: User
) -> None:
    on.person.email = "Agent@Example.org"

    back = identify(client, on, "proconnect")
    page = client.get(back["Location"]).content.decode()
    assert "mot de passe" in page
    assert client.post(reverse("proconnect-link")).status_code == 200
    assert (whose(client), SocialAccount.objects.count()) == (None, 0)

    here = reverse("proconnect-link")
    typed = {"username": AGENT, "password": PASSWORD, "next": here}
    assert client.post(reverse("admin:login"), typed)["Location"] == here
    assert AGENT in client.get(here).content.decode()
    client.post(here)

    assert SocialAccount.objects.get().user == clerk
    another = Client()
    identify(another, on, "proconnect")
    assert whose(another) == AGENT


def test_another_agent_cannot_take_the_identity_that_waits(
    client: Client, on: FakeProvider, clerk: User
) -> None:
    other = User.objects.create_user("autre@example.org", PASSWORD, is_staff=True)
    on.person.email = AGENT
    identify(client, on, "proconnect")
    here = reverse("proconnect-link")
    typed = {"username": other.email, "password": PASSWORD, "next": here}
    client.post(reverse("admin:login"), typed)

    refused = client.post(here)

    assert (refused.status_code, heading(refused)) == (403, Refusal.OTHER_ADDRESS.label)
    assert SocialAccount.objects.count() == 0


#: What PostgreSQL, or Python in lower case, takes for « kim.s@example.org ».
LOOK_ALIKES = ["\u212aim.s@example.org", "k\u0131m.s@example.org", "kim.\u017f@example.org", ""]


@pytest.mark.parametrize("email", LOOK_ALIKES)
def test_a_look_alike_address_is_nobody(client: Client, on: FakeProvider, email: str) -> None:
    User.objects.create_user("kim.s@example.org", PASSWORD, is_staff=True)
    on.person.email = email

    assert_refused(client, identify(client, on, "proconnect"), Refusal.NOT_AN_AGENT)


def test_an_address_that_the_provider_did_not_verify_is_nobody(
    client: Client, on: FakeProvider, clerk: User
) -> None:
    on.person.email = AGENT
    on.person.more = {"email_verified": False}

    assert_refused(client, identify(client, on, "proconnect"), Refusal.NOT_AN_AGENT)


# Lies: one at a time, for both providers, with an account that would open

LIES: dict[str, tuple[dict[str, Any], Refusal]] = {
    "nonce of another request": ({"id_token_claims": {"nonce": "n" * 43}}, Refusal.UNVERIFIED),
    "no nonce": ({"id_token_claims": {"nonce": None}}, Refusal.UNVERIFIED),
    "nonce is no text": ({"id_token_claims": {"nonce": 7}}, Refusal.UNVERIFIED),
    "identity for another portal": ({"id_token_claims": {"aud": "other"}}, Refusal.UNVERIFIED),
    "identity for two portals": (
        {"id_token_claims": {"aud": ["client-of-the-mairie", "other"]}},
        Refusal.UNVERIFIED,
    ),
    "identity of another issuer": (
        {"id_token_claims": {"iss": "https://evil.example"}},
        Refusal.UNVERIFIED,
    ),
    "identity not signed": ({"id_token_alg": "none"}, Refusal.UNVERIFIED),
    "identity signed HS256 with the public key": ({"id_token_alg": "HS256"}, Refusal.UNVERIFIED),
    "identity signed with another algorithm": ({"id_token_alg": "ES256"}, Refusal.UNVERIFIED),
    "identity signed by a stranger": ({"id_token_key": True}, Refusal.UNVERIFIED),
    "identity of an unknown key": ({"id_token_kid": "never-seen"}, Refusal.UNVERIFIED),
    "identity expired": ({"id_token_claims": {"exp": 1_700_000_000}}, Refusal.UNVERIFIED),
    "identity without end": ({"id_token_claims": {"exp": None}}, Refusal.UNVERIFIED),
    "identity of tomorrow": ({"id_token_claims": {"iat": 4_000_000_000}}, Refusal.UNVERIFIED),
    "identity without sub": ({"id_token_claims": {"sub": None}}, Refusal.UNVERIFIED),
    "userinfo of somebody else": ({"userinfo_claims": {"sub": "e" * 66}}, Refusal.UNVERIFIED),
    "userinfo in plain JSON": ({"userinfo_plain": True}, Refusal.UNVERIFIED),
    "userinfo not signed": ({"userinfo_alg": "none"}, Refusal.UNVERIFIED),
    "userinfo signed HS256 with the public key": ({"userinfo_alg": "HS256"}, Refusal.UNVERIFIED),
    "userinfo signed by a stranger": ({"userinfo_key": True}, Refusal.UNVERIFIED),
    "userinfo for another portal": ({"userinfo_claims": {"aud": "other"}}, Refusal.UNVERIFIED),
    "userinfo of another issuer": (
        {"userinfo_claims": {"iss": "https://evil.example"}},
        Refusal.UNVERIFIED,
    ),
    "userinfo expired": ({"userinfo_claims": {"exp": 1_700_000_000}}, Refusal.UNVERIFIED),
    "a redirect on the token address": ({"token": "redirect"}, Refusal.UNVERIFIED),
    "a redirect on the keys": ({"jwks": "redirect"}, Refusal.UNVERIFIED),
    "a redirect on userinfo": ({"userinfo": "redirect"}, Refusal.UNVERIFIED),
    "tokens that are no object": ({"token": [1]}, Refusal.UNVERIFIED),
    "tokens that are no text": ({"token": {"id_token": 1, "access_token": 2}}, Refusal.UNVERIFIED),
    "an access token that would add a header": (
        {"token": {"id_token": "a.b.c", "access_token": "x\r\nCookie: y"}},
        Refusal.UNVERIFIED,
    ),
    "an identity that is no token": (
        {"token": {"id_token": "é", "access_token": "x"}},
        Refusal.UNVERIFIED,
    ),
    "keys that are no list": ({"jwks": {"keys": 7}}, Refusal.UNVERIFIED),
    "a key without its numbers": (
        {"jwks": {"keys": [{"kid": "RS256", "kty": "RSA"}]}},
        Refusal.UNVERIFIED,
    ),
    "a flood": ({"userinfo": "flood"}, Refusal.UNVERIFIED),
    "an error of the provider": ({"token": 500}, Refusal.SILENT),
    "a provider that does not answer": ({"token": "slow"}, Refusal.SILENT),
    "a provider that drips": ({"userinfo": "drips"}, Refusal.SILENT),
    "access denied": ({"back": {"error": "access_denied"}}, Refusal.CANCELLED),
    "nobody there": ({"back": {"error": "temporarily_unavailable"}}, Refusal.SILENT),
    "an unknown error": ({"back": {"error": "<script>"}}, Refusal.UNVERIFIED),
    "another state": ({"back": {"state": "s" * 43}}, Refusal.STALE),
    "no state": ({"back": {"state": ""}}, Refusal.STALE),
    "an answer of another issuer": ({"back": {"iss": "https://evil.example"}}, Refusal.UNVERIFIED),
}


@pytest.mark.parametrize("lie", LIES)
@BOTH
def test_a_lie_opens_no_session(
    client: Client,
    on: FakeProvider,
    resident: User,
    officer: User,
    slug: str,
    lie: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on.lies, why = LIES[lie]
    where = on.browse(press(client, slug))
    if on.lies.get("token") == "slow" or on.lies.get("userinfo") == "drips":
        monkeypatch.setattr(oidc_client, "TIMEOUT", 0.4)  # the test does not wait for five seconds

    assert_refused(client, come_back(client, where), why)

    assert "/api/v2/elsewhere" not in on.seen
    assert "the last drop" not in on.seen  # ten seconds later: nobody waited for it


@BOTH
def test_without_a_lie_the_same_accounts_open(
    client: Client, on: FakeProvider, resident: User, officer: User, slug: str
) -> None:
    """Or else the table above would prove nothing."""
    identify(client, on, slug)

    assert whose(client) == (ADDRESS if slug == "franceconnect" else AGENT)


def test_a_level_below_the_one_asked_is_refused(
    client: Client, on: FakeProvider, resident: User, settings: Any
) -> None:
    settings.OPENID_PROVIDERS["franceconnect"]["acr"] = "eidas2"

    assert_refused(client, identify(client, on, "franceconnect"), Refusal.TOO_WEAK)
    on.person.acr = "eidas3"
    identify(client, on, "franceconnect")
    assert whose(client) == ADDRESS


DISCOVERIES: dict[str, dict[str, Any]] = {
    "another issuer": {"discovery": {"issuer": "https://evil.example"}},
    "a token address elsewhere": {"discovery": {"token_endpoint": "http://127.0.0.1:1/token"}},
    "keys in a file": {"discovery": {"jwks_uri": "file:///etc/passwd"}},
    "an address that only begins alike": {
        "discovery": {"userinfo_endpoint": "ORIGIN.evil.example/"}
    },
    "a redirect": {"well-known_openid-configuration": "redirect"},
    "no JSON": {"well-known_openid-configuration": [[[]]]},
    "an error": {"well-known_openid-configuration": 503},
}


@pytest.mark.parametrize("lie", DISCOVERIES)
def test_a_provider_that_describes_itself_wrongly_is_not_visited(
    client: Client, on: FakeProvider, lie: str
) -> None:
    origin = on.issuer.removesuffix("/api/v2")
    on.lies = {
        place: {k: v.replace("ORIGIN", origin) for k, v in value.items()}
        if isinstance(value, dict)
        else value
        for place, value in DISCOVERIES[lie].items()
    }

    refused = client.post(reverse("franceconnect-start"))

    assert_refused(client, refused, Refusal.SILENT if lie == "an error" else Refusal.UNVERIFIED)


def test_nobody_at_the_address_of_the_provider(
    client: Client, on: FakeProvider, settings: Any
) -> None:
    settings.OPENID_PROVIDERS["franceconnect"]["issuer"] = "http://127.0.0.1:1/api/v2"

    assert_refused(client, client.post(reverse("franceconnect-start")), Refusal.SILENT)


@BOTH
def test_an_answer_serves_once(
    client: Client, on: FakeProvider, resident: User, officer: User, slug: str
) -> None:
    where = on.browse(press(client, slug))
    come_back(client, where)
    client.logout()

    assert_refused(client, come_back(client, where), Refusal.STALE)


def test_a_code_of_another_answer_is_refused_by_the_provider(
    client: Client, on: FakeProvider, resident: User
) -> None:
    used = dict(parse_qsl(urlsplit(on.browse(press(client, "franceconnect"))).query))["code"]
    on.codes.clear()  # the provider gave it to somebody before
    state = parse_qs(urlsplit(press(client, "franceconnect")).query)["state"][0]

    again = client.get(
        reverse("franceconnect-callback") + "?" + urlencode({"code": used, "state": state})
    )

    assert_refused(client, again, Refusal.UNVERIFIED)


def test_a_code_stolen_into_another_request_fails_on_the_nonce(
    client: Client, on: FakeProvider, resident: User
) -> None:
    stolen = dict(parse_qsl(urlsplit(on.browse(press(Client(), "franceconnect"))).query))["code"]
    state = parse_qs(urlsplit(press(client, "franceconnect")).query)["state"][0]

    mixed = client.get(
        reverse("franceconnect-callback") + "?" + urlencode({"code": stolen, "state": state})
    )

    assert_refused(client, mixed, Refusal.UNVERIFIED)


def test_an_answer_opened_in_another_browser_enters_nobody(
    client: Client, on: FakeProvider, resident: User
) -> None:
    """Login CSRF: somebody sends the victim the end of their own identification."""
    where = on.browse(press(Client(), "franceconnect"))

    assert_refused(client, come_back(client, where), Refusal.STALE)


def test_a_state_of_one_provider_is_not_one_of_the_other(
    client: Client, on: FakeProvider, resident: User, officer: User
) -> None:
    query = urlsplit(on.browse(press(client, "franceconnect"))).query

    mixed = client.get(f"{reverse('proconnect-callback')}?{query}")

    assert_refused(client, mixed, Refusal.STALE)


def test_an_answer_after_ten_minutes_is_too_late(
    client: Client, on: FakeProvider, resident: User
) -> None:
    where = on.browse(press(client, "franceconnect"))

    with time_machine.travel(time.time() + 601):
        late = come_back(client, where)

    assert_refused(client, late, Refusal.STALE)


@pytest.mark.parametrize(
    "query", ["", "state=", "state=%00", "state=x&code=y", "code=y", "error=z"]
)
def test_a_callback_out_of_the_blue(client: Client, on: FakeProvider, query: str) -> None:
    assert_refused(client, client.get(f"/compte/franceconnect/retour/?{query}"), Refusal.STALE)


def test_reading_ahead_changes_nothing(client: Client, on: FakeProvider, resident: User) -> None:
    """A mail scanner, a prefetch: HEAD on the answer, GET on the door."""
    where = on.browse(press(client, "franceconnect"))
    parts = urlsplit(where)

    assert client.head(f"{parts.path}?{parts.query}").status_code == 405
    assert client.get(reverse("franceconnect-start")).status_code == 405
    assert come_back(client, where).status_code == 302


def test_the_door_needs_the_token_of_our_form(on: FakeProvider) -> None:
    strict = Client(enforce_csrf_checks=True)

    assert strict.post(reverse("franceconnect-start")).status_code == 403
    assert on.seen == []


def test_new_keys_are_fetched_once_a_minute(
    client: Client, on: FakeProvider, resident: User
) -> None:
    identify(client, on, "franceconnect")
    client.logout()
    on.lies = {"id_token_kid": "made-up"}
    for _ in range(3):
        assert_refused(client, identify(client, on, "franceconnect"), Refusal.UNVERIFIED)

    assert on.seen.count("/api/v2/jwks") == 2


def test_the_other_signature_when_it_is_the_registered_one(
    client: Client, on: FakeProvider, settings: Any, resident: User
) -> None:
    on.algorithm = settings.OPENID_PROVIDERS["franceconnect"]["algorithm"] = "ES256"

    identify(client, on, "franceconnect")

    assert whose(client) == ADDRESS


def test_the_log_tells_what_failed_and_nothing_of_the_person(
    client: Client, on: FakeProvider, resident: User, caplog: pytest.LogCaptureFixture
) -> None:
    on.lies = {"userinfo_claims": {"sub": "e" * 66}}

    identify(client, on, "franceconnect")

    assert "openid_refused provider=franceconnect why=unverified: sub" in caplog.messages
    assert not re.search(f"{SUB}|{ADDRESS}|Durand|eeee", caplog.text)


def test_no_token_and_no_name_is_kept_in_the_tables(
    client: Client, on: FakeProvider, resident: User
) -> None:
    identify(client, on, "franceconnect")

    assert (SocialApp.objects.count(), SocialToken.objects.count()) == (0, 0)
    assert SocialAccount.objects.get().extra_data == {}
    assert not re.search("Camille|Durand", str(dict(client.session)))


# Leaving


def leave_by(client: Client, slug: str) -> Answer:
    name = "account_logout" if slug == "franceconnect" else "admin:logout"
    return client.post(reverse(name))


@BOTH
def test_leaving_the_portal_leaves_the_provider(
    client: Client, on: FakeProvider, resident: User, officer: User, slug: str
) -> None:
    identify(client, on, slug)
    id_token = client.session["openid_open"]["id_token"]

    bounced = leave_by(client, slug)
    assert whose(client) is None
    back = on.browse(sent_to(bounced))
    said = come_back(client, back)

    (ended,) = on.ended
    assert ended["id_token_hint"] == id_token
    assert ended["post_logout_redirect_uri"] == f"http://testserver/compte/{slug}/sortie/"
    assert len(ended["state"]) >= 32
    assert heading(said) == f"Vous avez quitté {NAMES[slug]}"
    assert dict(client.session) == {}
    if slug == "franceconnect":
        assert bounced["Clear-Site-Data"] == '"cache", "storage"'


def test_a_return_that_nobody_began_claims_nothing(
    client: Client, on: FakeProvider, resident: User
) -> None:
    identify(client, on, "franceconnect")
    leave_by(client, "franceconnect")

    said = client.get(reverse("franceconnect-left") + "?state=" + "x" * 43)

    assert heading(said) == "Retour de FranceConnect"


def test_leaving_calls_nobody_from_the_server(
    client: Client, on: FakeProvider, resident: User
) -> None:
    identify(client, on, "franceconnect")
    cache.clear()
    on.seen.clear()

    leave_by(client, "franceconnect")

    assert on.seen == []


def test_who_came_by_the_mailed_code_leaves_as_before(client: Client, on: FakeProvider) -> None:
    client.post(reverse("account_login"), {"email": ADDRESS, "next": "/mairie/"})
    type_code(client, mailed_code())

    left = client.post(reverse("account_logout"))

    assert (left.status_code, left["Location"]) == (302, "/")


def test_a_link_to_the_end_of_the_desk_ends_nothing(
    client: Client, on: FakeProvider, officer: User
) -> None:
    identify(client, on, "proconnect")

    assert client.get(reverse("admin:logout")).status_code == 405
    assert whose(client) == AGENT


def test_who_is_refused_may_leave_the_provider(
    client: Client, on: FakeProvider, officer: User
) -> None:
    on.person.amr = ["pwd"]
    identify(client, on, "proconnect")

    come_back(client, on.browse(sent_to(client.post(reverse("proconnect-leave")))))

    assert len(on.ended) == 1


# The desk


def test_an_administrator_cuts_a_link_and_makes_none(
    on: FakeProvider, resident: User, client_of: Callable[[User], Client]
) -> None:
    chief = User.objects.create_superuser("chef@example.org", PASSWORD)
    desk = client_of(chief)
    row = SocialAccount.objects.get()

    address = reverse("admin:socialaccount_socialaccount_changelist")
    of_a_resident = desk.get(address).content.decode()
    User.objects.filter(pk=resident.pk).update(is_staff=True)
    listed = desk.get(address)
    added = desk.get(reverse("admin:socialaccount_socialaccount_add"))
    cut = desk.post(
        reverse("admin:socialaccount_socialaccount_delete", args=[row.pk]), {"post": "yes"}
    )

    # Who of the residents uses FranceConnect is on no list.
    assert ADDRESS not in of_a_resident
    assert ADDRESS in listed.content.decode()
    assert SUB not in listed.content.decode()
    assert (added.status_code, cut.status_code) == (403, 302)
    assert SocialAccount.objects.count() == 0


def test_every_refusal_has_words() -> None:
    assert set(REFUSALS) == set(Refusal)
    assert {words.status // 100 for words in REFUSALS.values()} == {4}

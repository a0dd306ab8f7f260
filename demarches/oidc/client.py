"""Talk to an OpenID provider, and believe only what it signed for us, for this request.

Calls leave for one place (the issuer's own origin), follow no redirect, and end after five
seconds. Nothing is called before somebody presses a provider's button.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from allauth.socialaccount.providers.oauth2.utils import generate_code_challenge
from django.core.cache import cache
from urllib3.exceptions import HTTPError

from demarches.oidc.providers import OpenIDProvider
from demarches.rules import openid
from demarches.rules.addresses import canonical_address
from demarches.rules.openid import Refusal

TIMEOUT = 5
MAX_BYTES = 256_000
#: Discovery and keys are asked again after this time; unknown keys, once a minute.
KEPT_SECONDS = 3600
NEW_KEYS_SECONDS = 60
#: Clocks of two machines differ.
LEEWAY_SECONDS = 10
ENDPOINTS = (
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
)


class ProviderRefusedError(Exception):
    """The identification ends here; `why` chooses the page. Holds nothing of the person."""

    def __init__(self, why: Refusal, detail: str = "") -> None:
        super().__init__(f"{why.value}: {detail}")
        self.why = why


@dataclass(frozen=True, slots=True)
class Request:
    """What the browser takes along, and what the session keeps to recognise the answer."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who came back, proven."""

    provider: OpenIDProvider
    subject: str
    #: ASCII, lower case; empty when none was given, or the provider says it was not verified.
    email: str
    name: str
    #: Wanted to end the session over there.
    id_token: str
    end_session_url: str
    #: Proven, but not well enough to enter; the session over there is open all the same.
    shortfall: Refusal | None = None


def new_request(provider: OpenIDProvider) -> Request:
    """Prepare one identification: a state and a nonce of 43 characters, drawn for it alone.

    Raises ProviderRefusedError when the provider cannot be reached or describes itself wrongly.
    """
    state, nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), ""
    params = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": provider.callback_url,
        "scope": provider.scope,
        "state": state,
        "nonce": nonce,
    }
    if provider.acr:
        params["acr_values"] = provider.acr
    if provider.second_factor:
        params["claims"] = json.dumps({"id_token": {"amr": {"essential": True}}})
    if provider.pkce:
        challenge = generate_code_challenge()
        verifier = challenge.pop("code_verifier")
        params |= challenge
    url = f"{_metadata(provider)['authorization_endpoint']}?{urlencode(params)}"
    return Request(url, state, nonce, verifier)


def identify(provider: OpenIDProvider, *, code: str, nonce: str, verifier: str) -> Identity:
    """Exchange the code and check both tokens.

    Raises ProviderRefusedError: no answer, a signature that is not the registered one, a token of
    another provider, portal, request, time or person. Too weak a level and a second factor that
    was not asked are told in `shortfall`.
    """
    metadata = _metadata(provider)
    id_token, access_token = _tokens(provider, metadata, code, verifier)
    identity = _verified(provider, metadata, id_token)
    if not openid.answers(identity, nonce):
        raise ProviderRefusedError(Refusal.UNVERIFIED, "nonce")
    userinfo = _userinfo(provider, metadata, access_token)
    if not openid.is_same_person(identity, userinfo):
        raise ProviderRefusedError(Refusal.UNVERIFIED, "sub")
    shortfall = None
    if provider.acr and not openid.reaches(identity.get("acr"), provider.acr):
        shortfall = Refusal.TOO_WEAK
    if provider.second_factor and not openid.has_second_factor(identity):
        shortfall = Refusal.NO_SECOND_FACTOR
    email = _text(userinfo, "email")
    is_usable = userinfo.get("email_verified") is not False
    return Identity(
        provider=provider,
        subject=identity["sub"],
        email=(canonical_address(email) or "") if is_usable else "",
        name=" ".join(
            filter(
                None,
                (
                    _text(userinfo, "given_name"),
                    _text(userinfo, "usual_name") or _text(userinfo, "family_name"),
                ),
            )
        ),
        id_token=id_token,
        end_session_url=metadata["end_session_endpoint"],
        shortfall=shortfall,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.strip()[:254] if isinstance(value, str) and "\0" not in value else ""


def _metadata(provider: OpenIDProvider) -> dict[str, str]:
    """The discovery document; every address it gives stands on the issuer's own origin."""
    key = f"openid:{provider.issuer}:metadata"
    known: dict[str, str] | None = cache.get(key)
    if known is not None:
        return known
    address = provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
    told = _json(_call(provider, "GET", address))
    if told.get("issuer") != provider.issuer:
        raise ProviderRefusedError(Refusal.UNVERIFIED, "issuer of the discovery document")
    metadata = {name: str(told.get(name)) for name in ENDPOINTS}
    for name, url in metadata.items():
        if not url.startswith(f"{provider.origin}/"):
            raise ProviderRefusedError(Refusal.UNVERIFIED, f"{name} is elsewhere")
    cache.set(key, metadata, KEPT_SECONDS)
    return metadata


def _tokens(
    provider: OpenIDProvider, metadata: Mapping[str, str], code: str, verifier: str
) -> tuple[str, str]:
    data = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": provider.callback_url,
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
    }
    if verifier:
        data["code_verifier"] = verifier
    answer = _json(_call(provider, "POST", metadata["token_endpoint"], data=data))
    id_token, access_token = answer.get("id_token"), answer.get("access_token")
    if not (isinstance(id_token, str) and isinstance(access_token, str)):
        raise ProviderRefusedError(Refusal.UNVERIFIED, "tokens")
    if not access_token.isascii() or not access_token.isprintable():
        raise ProviderRefusedError(Refusal.UNVERIFIED, "access token")
    return id_token, access_token


def _userinfo(
    provider: OpenIDProvider, metadata: Mapping[str, str], access_token: str
) -> dict[str, Any]:
    """The person's claims: signed like the identity token, never plain JSON."""
    headers = {"Authorization": f"Bearer {access_token}"}
    kind, body = _call(provider, "GET", metadata["userinfo_endpoint"], headers=headers)
    if kind != "application/jwt":
        raise ProviderRefusedError(Refusal.UNVERIFIED, "userinfo is not signed")
    return _verified(provider, metadata, body.decode("ascii", errors="replace"))


def _verified(provider: OpenIDProvider, metadata: Mapping[str, str], token: str) -> dict[str, Any]:
    """The claims of a token that this provider signed for us and that is in force now."""
    try:
        key = _key(provider, metadata, jwt.get_unverified_header(token).get("kid"))
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[provider.algorithm],
            issuer=provider.issuer,
            audience=provider.client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "aud", "sub", "exp", "iat"]},
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise ProviderRefusedError(Refusal.UNVERIFIED, type(error).__name__) from None
    if not openid.is_for_us(claims, provider.client_id):
        raise ProviderRefusedError(Refusal.UNVERIFIED, "aud")
    return claims


def _key(provider: OpenIDProvider, metadata: Mapping[str, str], kid: object) -> jwt.PyJWK:
    """The provider's key of this name; a name never seen asks for its list again."""
    kept = f"openid:{provider.issuer}:keys"
    keys: list[dict[str, Any]] | None = cache.get(kept)
    if keys is None or (
        _named(keys, kid) is None
        and cache.add(f"openid:{provider.issuer}:asked", True, NEW_KEYS_SECONDS)
    ):
        listed = _json(_call(provider, "GET", metadata["jwks_uri"])).get("keys")
        keys = [key for key in listed if isinstance(key, dict)] if isinstance(listed, list) else []
        cache.set(kept, keys, KEPT_SECONDS)
    found = _named(keys, kid)
    if found is None:
        raise ProviderRefusedError(Refusal.UNVERIFIED, "kid")
    return jwt.PyJWK(found, algorithm=provider.algorithm)


def _named(keys: list[dict[str, Any]], kid: object) -> dict[str, Any] | None:
    usable = (key for key in keys if key.get("use", "sig") == "sig")
    return next((key for key in usable if kid and key.get("kid") == kid), None)


def _json(answer: tuple[str, bytes]) -> dict[str, Any]:
    try:
        value = json.loads(answer[1])
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ProviderRefusedError(Refusal.UNVERIFIED, "not a JSON object")
    return value


def _call(provider: OpenIDProvider, method: str, url: str, **kwargs: Any) -> tuple[str, bytes]:
    """One call: the kind and the bytes of an answer 200, or ProviderRefusedError."""
    deadline = monotonic() + TIMEOUT
    headers = {"Accept-Encoding": "identity", **kwargs.pop("headers", {})}
    try:
        with (
            requests.Session() as session,
            session.request(
                method,
                url,
                headers=headers,
                timeout=TIMEOUT,
                allow_redirects=False,
                stream=True,
                **kwargs,
            ) as response,
        ):
            body = bytearray()
            # read1 gives back what has come: a provider that drips does not hold us for long.
            while piece := response.raw.read1(MAX_BYTES):
                body += piece
                if monotonic() > deadline:
                    raise ProviderRefusedError(Refusal.SILENT, "too slow")
                if len(body) > MAX_BYTES:
                    raise ProviderRefusedError(Refusal.UNVERIFIED, "too long")
    except (requests.RequestException, HTTPError, OSError) as error:
        raise ProviderRefusedError(Refusal.SILENT, type(error).__name__) from None
    if response.status_code >= 500:
        raise ProviderRefusedError(Refusal.SILENT, f"status {response.status_code}")
    if response.status_code != 200:
        raise ProviderRefusedError(Refusal.UNVERIFIED, f"status {response.status_code}")
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return kind, bytes(body)

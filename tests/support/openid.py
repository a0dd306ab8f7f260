"""An OpenID provider on loopback, as strict as FranceConnect v2 and ProConnect say they are.

Each address is served over real HTTP. `lies` makes it answer what a broken provider, or somebody
in its place, would: each lie is one line, and the rest of the answer stays right.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT_ID = "client-of-the-mairie"
CLIENT_SECRET = "secret-of-the-mairie-which-is-long-enough"
#: Anything else in the address is answered Y000400, as both providers do.
PARAMETERS = {
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "acr_values",
    "claims",
    "prompt",
}


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def stranger_key() -> rsa.RSAPrivateKey:
    """A key that the provider does not publish."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_pem() -> bytes:
    return rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass
class Person:
    """Who sits in front of the provider."""

    sub: str = "f" * 66 + "v"
    given_name: str = "Camille"
    family_name: str = "Durand"
    email: str = "camille@exemple.fr"
    acr: str = "eidas1"
    amr: list[str] = field(default_factory=lambda: ["pwd", "mfa"])
    more: dict[str, Any] = field(default_factory=dict)


class FakeProvider:
    """The provider's state, and what it saw."""

    def __init__(self) -> None:
        self.person = Person()
        self.algorithm = "RS256"
        self.pkce = False
        #: Name of a lie -> its value; see `token`, and the methods of `Handler`.
        self.lies: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.access: dict[str, dict[str, str]] = {}
        self.ended: list[dict[str, str]] = []
        self.seen: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/api/v2"

    def settings(self, slug: str) -> dict[str, Any]:
        """What the mairie writes in its environment."""
        is_agents = slug == "proconnect"
        name = "usual_name" if is_agents else "family_name"
        return {
            "issuer": self.issuer,
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "algorithm": self.algorithm,
            "scope": f"openid given_name {name} email",
            "pkce": self.pkce,
            "button": "",
            **({"second_factor": True} if is_agents else {"acr": "eidas1"}),
        }

    def browse(self, url: str) -> str:
        """The person says who they are; gives the address the browser is sent back to."""
        answer = requests.get(url, allow_redirects=False, timeout=5)
        assert answer.status_code == 303, answer.text
        back: str = answer.headers["Location"]
        return back

    def token(self, kind: str, claims: dict[str, Any]) -> str:
        """Sign the claims of « id_token » or « userinfo », with the lies told about it."""
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **claims}
        claims |= self.lies.get(f"{kind}_claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        headers = {"kid": self.lies.get(f"{kind}_kid", self.algorithm)}
        forged = self.lies.get(f"{kind}_alg")
        if forged == "none":
            return jwt.encode(claims, "", algorithm="none", headers=headers)
        if forged == "HS256":
            return _hs256(claims, headers, public_pem())
        if forged == "ES256":
            headers["kid"] = "ES256"
            return jwt.encode(claims, ec_key(), algorithm="ES256", headers=headers)
        key = rsa_key() if self.algorithm == "RS256" else ec_key()
        if self.lies.get(f"{kind}_key"):
            key = stranger_key()
        return jwt.encode(claims, key, algorithm=self.algorithm, headers=headers)


def _hs256(claims: dict[str, Any], headers: dict[str, Any], secret: bytes) -> str:
    """By hand: libraries rightly refuse to sign with a public key."""
    import hmac  # noqa: PLC0415 -- only here

    def packed(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    head = packed(json.dumps({"alg": "HS256", "typ": "JWT", **headers}).encode())
    signed = f"{head}.{packed(json.dumps(claims).encode())}"
    return f"{signed}.{packed(hmac.new(secret, signed.encode(), sha256).digest())}"


def _handler(provider: FakeProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            """Silent."""

        def answer(
            self, status: int, body: object, kind: str = "application/json", **more: str
        ) -> None:
            raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {
                "Content-Type": kind,
                "Content-Length": str(len(raw)),
                **more,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def lied(self, place: str) -> bool:
            """A lie about the transport: a redirect, an error, silence, drops, a flood."""
            lie = provider.lies.get(place)
            if lie is None:
                return False
            if lie == "redirect":
                self.answer(302, "", Location=f"{provider.issuer}/elsewhere")
            elif lie == "slow":
                time.sleep(1.5)
            elif lie == "drips":
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "1000")
                self.end_headers()
                try:
                    for _ in range(100):
                        self.wfile.write(b" ")
                        self.wfile.flush()
                        time.sleep(0.1)
                    provider.seen.append("the last drop")
                except OSError:
                    pass  # the portal left
            elif lie == "flood":
                self.answer(200, " " * 2_000_000)
            elif isinstance(lie, int):
                self.answer(lie, {"error": "server_error"})
            else:
                self.answer(200, lie)
            return True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.seen.append(parts.path)
            place = parts.path.removeprefix("/api/v2/").replace("/", "_").replace(".", "")
            query = dict(parse_qsl(parts.query, keep_blank_values=True))
            if self.lied(place):
                return
            getattr(self, f"get_{place.replace('-', '_')}", self.nothing)(query)

        def nothing(self, query: dict[str, str]) -> None:
            self.answer(404, {})

        def get_well_known_openid_configuration(self, query: dict[str, str]) -> None:
            at = provider.issuer
            document = {
                "issuer": at,
                "authorization_endpoint": f"{at}/authorize",
                "token_endpoint": f"{at}/token",
                "userinfo_endpoint": f"{at}/userinfo",
                "jwks_uri": f"{at}/jwks",
                "end_session_endpoint": f"{at}/session/end",
            }
            self.answer(200, document | provider.lies.get("discovery", {}))

        def get_jwks(self, query: dict[str, str]) -> None:
            keys = [
                {**RSAAlgorithm.to_jwk(rsa_key().public_key(), as_dict=True), "kid": "RS256"},
                {**ECAlgorithm.to_jwk(ec_key().public_key(), as_dict=True), "kid": "ES256"},
            ]
            self.answer(200, {"keys": [{**key, "use": "sig"} for key in keys]})

        def get_authorize(self, query: dict[str, str]) -> None:
            allowed = PARAMETERS | (
                {"code_challenge", "code_challenge_method"} if provider.pkce else set()
            )
            right = (
                set(query) <= allowed
                and query.get("response_type") == "code"
                and query.get("client_id") == CLIENT_ID
                and "openid" in query.get("scope", "").split()
                and len(query.get("state", "")) >= 32
                and len(query.get("nonce", "")) >= 32
            )
            if not right:
                self.answer(400, "Y000400", "text/html")
                return
            back = {"state": query["state"]} | provider.lies.get("back", {})
            if "error" not in back:
                code = secrets.token_urlsafe(32)
                provider.codes[code] = query
                back["code"] = code
            self.answer(303, "", "text/html", Location=f"{query['redirect_uri']}?{urlencode(back)}")

        def do_POST(self) -> None:
            provider.seen.append(self.path)
            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            if self.lied("token"):
                return
            asked = provider.codes.pop(form.get("code", ""), None)  # a code serves once
            right = (
                asked is not None
                and form.get("grant_type") == "authorization_code"
                and form.get("client_id") == CLIENT_ID
                and form.get("client_secret") == CLIENT_SECRET
                and form.get("redirect_uri") == asked["redirect_uri"]
                and _challenge(form.get("code_verifier", "")) == asked.get("code_challenge", "")
            )
            if not right or asked is None:
                self.answer(400, {"error": "invalid_grant"})
                return
            who = provider.person
            claims: dict[str, Any] = {"sub": who.sub, "nonce": asked["nonce"], "acr": who.acr}
            if "amr" in json.loads(asked.get("claims", "{}")).get("id_token", {}):
                claims["amr"] = who.amr
            access = secrets.token_urlsafe(32)
            provider.access[access] = asked
            tokens = {"access_token": access, "token_type": "Bearer", "expires_in": 60}
            self.answer(200, tokens | {"id_token": provider.token("id_token", claims)})

        def get_userinfo(self, query: dict[str, str]) -> None:
            asked = provider.access.get(
                self.headers.get("Authorization", "").removeprefix("Bearer ")
            )
            if asked is None:
                self.answer(401, {"error": "invalid_token"})
                return
            who = provider.person
            known = {
                "given_name": who.given_name,
                "family_name": who.family_name,
                "email": who.email,
            }
            known["usual_name"] = who.family_name
            granted = {name: known[name] for name in asked["scope"].split() if name in known}
            claims = {"sub": who.sub, **granted, **who.more}
            if provider.lies.get("userinfo_plain"):
                self.answer(200, claims)
            else:
                self.answer(200, provider.token("userinfo", claims), "application/jwt")

        def get_session_end(self, query: dict[str, str]) -> None:
            needed = {"id_token_hint", "state", "post_logout_redirect_uri"}
            if set(query) != needed or len(query["state"]) < 32:
                self.answer(400, "Y000400", "text/html")
                return
            provider.ended.append(query)
            back = f"{query['post_logout_redirect_uri']}?{urlencode({'state': query['state']})}"
            self.answer(303, "", "text/html", Location=back)

    return Handler


def _challenge(verifier: str) -> str:
    if not verifier:
        return ""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


@contextmanager
def running_provider() -> Iterator[FakeProvider]:
    provider = FakeProvider()
    thread = threading.Thread(target=provider.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()

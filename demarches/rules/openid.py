"""What a claim of an OpenID provider must say before anybody enters, and what a refusal says.

Sources: OpenID Connect Core 1.0, 3.1.3.7 (identity token) and 5.3.2 (userinfo); FranceConnect v2
and ProConnect, guides of the service providers. Signature, issuer and dates are checked where
the token is opened (`demarches.oidc.client`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from demarches.rules.enums import LabelledStrEnum

#: Levels of assurance of the eIDAS regulation, weakest first.
LEVELS = ("eidas1", "eidas2", "eidas3")
#: Signatures that a provider may be registered with. Not HS256: its key is the client's secret.
ALGORITHMS = ("RS256", "ES256")
#: Column `uid` of the table that keeps the link.
LONGEST_SUBJECT = 191


class Refusal(LabelledStrEnum):
    """Why nobody entered; the label is the page's heading."""

    CANCELLED = "cancelled", "L’identification s’est arrêtée"
    STALE = "stale", "Cette identification est à recommencer"
    UNVERIFIED = "unverified", "La réponse n’a pas pu être vérifiée"
    SILENT = "silent", "Pas de réponse pour le moment"
    TOO_WEAK = "too_weak", "L’identification n’est pas assez sûre"
    NO_SECOND_FACTOR = "no_second_factor", "Il manque le second facteur"
    NOT_AN_AGENT = "not_an_agent", "Aucun compte d’agent à cette adresse"
    STAFF_ACCOUNT = "staff_account", "Ce compte est celui d’un agent"
    OTHER_SPACE = "other_space", "Vous êtes dans un autre espace"
    CLOSED = "closed", "Ce compte est fermé"
    OTHER_IDENTITY = "other_identity", "Ce compte est déjà relié"
    OTHER_ADDRESS = "other_address", "Ce n’est pas le même compte"


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences of a refusal ({name} is the provider) and its HTTP status."""

    text: str
    status: int = 403


REFUSALS: Mapping[Refusal, Words] = {
    Refusal.CANCELLED: Words(
        "Vous avez arrêté l’identification, ou {name} ne vous a pas reconnu. Rien n’a changé ici."
    ),
    Refusal.STALE: Words(
        "Elle n’a pas été commencée dans ce navigateur il y a moins de dix minutes, ou elle a"
        " déjà servi.",
        400,
    ),
    Refusal.UNVERIFIED: Words(
        "Ce que {name} a envoyé ne porte pas les preuves attendues. Par sécurité, nous ne l’avons"
        " pas accepté.",
        400,
    ),
    Refusal.SILENT: Words("{name} ne répond pas. Réessayez dans quelques minutes.", 424),
    Refusal.TOO_WEAK: Words(
        "La façon dont vous entrez chez {name} n’atteint pas le niveau demandé."
        " Recommencez et choisissez-en une autre."
    ),
    Refusal.NO_SECOND_FACTOR: Words(
        "{name} dit que vous entrez sans second facteur. Le bureau en demande un : activez-le"
        " auprès de votre fournisseur d’identité, puis recommencez."
    ),
    Refusal.NOT_AN_AGENT: Words(
        "{name} vous a reconnu, mais la mairie n’a pas de compte d’agent actif à l’adresse"
        " qu’il donne. Demandez-le à l’administrateur du portail."
    ),
    Refusal.STAFF_ACCOUNT: Words(
        "{name} n’ouvre que les espaces personnels. Les agents entrent par le bureau. Pour une"
        " démarche personnelle, utilisez une adresse privée."
    ),
    Refusal.OTHER_SPACE: Words(
        "Ce navigateur est déjà entré dans un espace d’une autre sorte. Quittez-le d’abord, puis"
        " recommencez."
    ),
    Refusal.CLOSED: Words("Il n’ouvre plus. Si c’est une erreur, appelez la mairie."),
    Refusal.OTHER_IDENTITY: Words(
        "Ce compte est relié à une autre identité {name}, ou cette identité l’est à un autre"
        " compte. Chaque personne a son compte, avec son adresse e-mail.",
        409,
    ),
    Refusal.OTHER_ADDRESS: Words(
        "{name} vous connaît à une autre adresse que celle du compte où vous êtes. Entrez avec"
        " le mot de passe du compte qui a cette adresse."
    ),
}

#: Errors of the authorization answer (OpenID Connect Core, 3.1.2.6; RFC 6749, 4.1.2.1).
_GIVEN_UP = {"access_denied", "login_required", "consent_required", "interaction_required"}
_NOT_NOW = {"server_error", "temporarily_unavailable"}


def refusal_of_error(error: str) -> Refusal:
    """What an `error` brought back by the browser means for the person."""
    if error in _GIVEN_UP:
        return Refusal.CANCELLED
    return Refusal.SILENT if error in _NOT_NOW else Refusal.UNVERIFIED


def is_subject(value: object) -> bool:
    """A key under which a person may be kept."""
    return isinstance(value, str) and 0 < len(value) <= LONGEST_SUBJECT


def is_for_us(claims: Mapping[str, Any], client_id: str) -> bool:
    """The token was made for this portal, and for nobody else."""
    return claims.get("aud") in (client_id, [client_id])


def answers(claims: Mapping[str, Any], nonce: str) -> bool:
    """The token answers the request that carried this nonce."""
    given = claims.get("nonce")
    return isinstance(given, str) and compare_digest(given.encode(), nonce.encode())


def is_same_person(identity: Mapping[str, Any], userinfo: Mapping[str, Any]) -> bool:
    """Both tokens tell of one person (OpenID Connect Core, 5.3.2: anything else is an attack)."""
    return is_subject(identity.get("sub")) and identity.get("sub") == userinfo.get("sub")


def reaches(acr: object, asked: str) -> bool:
    """The level of assurance is the one asked, or a stronger one."""
    return acr in LEVELS and LEVELS.index(str(acr)) >= LEVELS.index(asked)


def has_second_factor(claims: Mapping[str, Any]) -> bool:
    """The provider says that two factors were asked (`amr`, RFC 8176)."""
    methods = claims.get("amr")
    return isinstance(methods, list) and "mfa" in methods

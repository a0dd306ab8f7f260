"""What the mairie may not ask for: a text that asks for it is refused, with the article.

Sources: CRPA, art. R113-8 (home declared without proof) and R113-10 (no certified copies);
fiche F1608 (nothing beyond the national list); loi 78-17, art. 30 and décret 2019-341 (NIR).
"""

import re
from dataclasses import dataclass

from demarches.rules.texts import plain_text


@dataclass(frozen=True, slots=True)
class ForbiddenRequest:
    """A thing that may not be asked, and why."""

    what: str
    basis: str
    pattern: str


FORBIDDEN_REQUESTS: tuple[ForbiddenRequest, ...] = (
    ForbiddenRequest(
        "un justificatif de domicile",
        "CRPA, art. R113-8 : l’adresse se déclare sans justificatif",
        r"(justificatifs?|preuves?|attestations?|factures?|quittances?)\b.{0,30}\b"
        r"(domicile|logement|hebergement|loyer|edf|electricite)",
    ),
    ForbiddenRequest(
        "un certificat de célibat",
        "fiche Service-Public F1618 : absent de la liste nationale",
        r"(certificat|attestation)s?\b.{0,20}\bcelibat",
    ),
    ForbiddenRequest(
        "une copie certifiée conforme",
        "CRPA, art. R113-10 : une photocopie lisible suffit",
        r"certifiee?s?\s+conformes?|copies?\s+certifiees?",
    ),
    ForbiddenRequest(
        "un numéro de sécurité sociale",
        "loi 78-17, art. 30, et décret 2019-341 : la mairie n’y a pas droit",
        r"(numeros?|n[o°]|carte)\s+(de\s+)?(securite\s+sociale|vitale)|\bnir\b",
    ),
    ForbiddenRequest(
        "une autorisation du juge pour la tutelle",
        "Code civil, art. 462 : elle n’est plus demandée depuis le 25 mars 2019",
        r"autorisation\b.{0,30}\b(juge|conseil de famille)",
    ),
)


def forbidden_requests(text: str) -> tuple[ForbiddenRequest, ...]:
    """What this text asks for and may not; empty when it is fine."""
    plain = plain_text(text)
    return tuple(one for one in FORBIDDEN_REQUESTS if re.search(one.pattern, plain))

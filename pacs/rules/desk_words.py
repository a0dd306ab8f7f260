"""What agents read where couples read something else: states, and what a paper must say.

A couple reads « À vous de compléter »; the desk reads « Attend le couple ».
"""

from dataclasses import dataclass

from demarches.rules.enums import PieceStatus, Status

STATUS_WORDS = {
    Status.DRAFT: "Brouillon du couple",
    Status.SUBMITTED: "Nouveau, à vérifier",
    Status.UNDER_REVIEW: "Vérification en cours",
    Status.PIECES_REQUESTED: "Attend le couple",
    Status.COMPLETE: "Complet, sans date",
    Status.SCHEDULED: "Rendez-vous pris",
    Status.REGISTERED: "Enregistré",
    Status.INADMISSIBLE: "Irrecevable",
    Status.WITHDRAWN: "Arrêté par le couple",
    Status.CLOSED: "Clos sans décision",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A state: a sign, a word, and a tone that only helps the eye."""

    sign: str
    word: str
    tone: str


PIECE_MARKS = {
    PieceStatus.PROVIDED: Mark("○", "À vérifier", "todo"),
    PieceStatus.TO_BRING: Mark("⌂", "Annoncée, à apporter", "told"),
    PieceStatus.ACCEPTED: Mark("✓", "Acceptée", "done"),
    PieceStatus.REFUSED: Mark("✕", "Refusée", "problem"),
    PieceStatus.MISSING: Mark("–", "À fournir", "missing"),
    PieceStatus.BLOCKED: Mark("?", "Difficulté signalée", "missing"),
    PieceStatus.EXPIRED: Mark("!", "Trop ancienne le jour dit", "old"),
}
WILL_BE_BROUGHT = Mark("✓", "Admise, sera apportée", "done")
BY_MAIRIE = Mark("⚙", "Vérifiée par la mairie", "done")
BY_MAIRIE_TODO = Mark("⚙", "À vérifier par la mairie", "todo")


def piece_mark(status: PieceStatus, *, has_files: bool, by_mairie: bool) -> Mark:
    """The state of one piece in the words of the desk."""
    if by_mairie and status is not PieceStatus.REFUSED:
        return BY_MAIRIE if status is PieceStatus.ACCEPTED else BY_MAIRIE_TODO
    if status is PieceStatus.ACCEPTED and not has_files:
        return WILL_BE_BROUGHT
    return PIECE_MARKS[status]


NAMES = ("Nom de naissance", "Prénoms", "Nom d’usage")
BIRTH = ("Date de naissance", "Lieu de naissance")
PARENTS = ("Premier parent", "Second parent")
NATIONALITY = "Pays de nationalité"
RECORD = (*NAMES[:2], "Sexe", *BIRTH, *PARENTS, "situation")
UNION = ("situation", "divorce_mentioned", "union_record_country")
MEASURE = ("measure", "protector_is_partenaire")
HOME = ("residence", "street", "postcode", "city", "kinship")
#: Answers that each piece proves, in the order of the paper: lines of the declaration by their
#: labels, and other columns of the person or of the couple.
PROVES: dict[str, tuple[str, ...]] = {
    "P01_declaration": HOME,
    "P02_convention": ("convention",),
    "P03_identite": (*NAMES, "Sexe", *BIRTH, NATIONALITY),
    "P10_naissance_comedec": RECORD,
    "P11_naissance_fr": RECORD,
    "P12_naissance_scec": RECORD,
    "P13_naissance_ofpra": (*RECORD, "protection"),
    "P14_naissance_etranger": RECORD,
    "P15_naissance_sans_delai": (*RECORD, "country_updates_records"),
    "P16_acte_modifie": RECORD,
    "P20_traduction": NAMES[:2],
    "P21_apostille": (*NAMES[:2], *BIRTH),
    "P30_coutume": (*NAMES[:2], *BIRTH, NATIONALITY, "situation"),
    "P31_coutume_impossible": (*NAMES[:2], NATIONALITY, "situation"),
    "P32_non_pacs": (*NAMES[:2], *BIRTH, "situation"),
    "P40_divorce_rien": UNION,
    "P41_divorce_preuve": UNION,
    "P42_veuvage": UNION,
    "P43_pacs_dissous": ("situation",),
    "P50_mesure_preuve": MEASURE,
    "P51_mesure_assistance": (*MEASURE, "convention"),
    "N01_jamais": (),
}

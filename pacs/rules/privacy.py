"""Who reads what: every column about people, every paper, mail and file, in one table.

Sources: RGPD, art. 5 and 9; domain reference 8.5 (a protected adult or a refugee status must
not reach the other by surprise). Pure data: `pacs.reads.access` reads it for a row and a reader.

« The other » is the other partenaire of the same dossier; a helper fills in with one of the two
(`pacs.rules.helping`). A row that belongs to nobody in
particular (a piece of the couple, a message to both) belongs to both: each reads it as
oneself. A column of a row that the table does not name does not exist: a test compares.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from demarches.rules.enums import LabelledStrEnum


class When(LabelledStrEnum):
    """When the other partenaire reads it."""

    NEVER = "never", "jamais"
    ATTESTED = "attested", "une fois attesté"
    ALWAYS = "always", "oui"


class Right(LabelledStrEnum):
    """What an agent must hold to read it."""

    NOBODY = "nobody", "personne"
    VIEW = "view", "consulter"
    REVIEW = "review", "vérifier"
    DECIDE = "decide", "décider"


@dataclass(frozen=True, slots=True)
class Line:
    """Who reads one column or one document."""

    oneself: bool
    other: When
    agents: Right
    note: str = ""
    #: Whoever helps a person to fill in reads it as that person does, in a draft.
    helper: bool = False

    def because(self, note: str) -> "Line":
        return replace(self, note=note)


#: Only the person and the mairie.
SECRET = Line(True, When.NEVER, Right.VIEW)
#: The same, and whoever helps that person to fill in.
ANSWER = replace(SECRET, helper=True)
#: Both sign one declaration with it: the other reads it once its owner has attested it.
IDENTITY = Line(True, When.ATTESTED, Right.VIEW, helper=True)
#: The other needs it: the name, how and how far they take part; or what is of both.
SHARED = Line(True, When.ALWAYS, Right.VIEW)
#: The mairie's own.
AGENTS = Line(False, When.NEVER, Right.VIEW)
REVIEWERS = Line(False, When.NEVER, Right.REVIEW)
#: The machine alone: a hash, a lock.
NOBODY = Line(False, When.NEVER, Right.NOBODY)

#: Models that hold nothing of anybody: settings, wording, lists to start from.
ABOUT_NOBODY = frozenset(
    {"PacsSettings", "PieceWording", "PieceTranslation", "RefusalReason", "MessageTemplate"}
)


def _all(line: Line, names: str) -> dict[str, Line]:
    return dict.fromkeys(names.split(), line)


_BIRTH = "birth_year birth_month birth_day birth_country birth_city birth_department"

#: Model -> column -> who reads it.
COLUMNS: Mapping[str, Mapping[str, Line]] = {
    "Dossier": {
        **_all(
            replace(SHARED, helper=True),
            "id reference status created_at residence impediment kinship convention wished_date"
            " street street_more postcode city already_home",
        ),
        **_all(
            SHARED,
            "submitted_at completed_at ended_at appointment held_appointment earlier_wanted_since"
            " inadmissible_ground registered_on",
        ),
        **_all(
            AGENTS,
            "opened_by at_counter assigned_to waiting_since registered_appointment_on"
            " registered_attestations form_key",
        ),
        **_all(
            SHARED.because("les deux lisent jusqu’à quand le dossier est gardé"),
            "last_activity_at deletion_warned_at",
        ),
        "version": SHARED.because("imprimée au pied de la déclaration"),
    },
    "Partenaire": {
        **_all(SHARED, "id dossier position door common_confirmed_at"),
        "attested_at": SHARED.because("le fait, jamais ce qui est attesté"),
        "part_begun_at": SHARED.because("le fait, jamais ce qui est répondu"),
        "common_comment": SHARED.because("écrite pour que l’autre la lise"),
        **_all(
            SHARED.because("l’autre l’a donnée elle-même pour inviter"),
            "invited_email last_invited_at reminders_sent",
        ),
        **_all(
            replace(
                SHARED,
                helper=True,
                note="chacun nomme l’autre dans ce qu’il atteste et signe ; qui aide l’un ne lit"
                " pas le nom de l’autre",
            ),
            "birth_name first_names usage_name single_name",
        ),
        **_all(
            IDENTITY,
            f"sex {_BIRTH} parent1_name parent1_first_names parent1_unknown parent2_name"
            " parent2_first_names parent2_unknown nationalities situation",
        ),
        **_all(SECRET, "user attested_text attested_facts attested_on_paper"),
        **_all(
            ANSWER,
            "said_by_other birth_insee has_french_record protection divorce_mentioned"
            " union_record_country union_record_in_french measure protector_is_partenaire"
            " country_updates_records country_issues_coutume birth_record_in_french"
            " coutume_in_french civil_status_changed lives_here street street_more postcode city"
            " country contact_email phone texts_agreed_at needs",
        ),
        **_all(AGENTS, "identified_at search_text attested_digest common_confirmed_digest"),
        **_all(NOBODY, "private_code private_code_tries"),
    },
    "Piece": {
        **_all(
            ANSWER,
            "id dossier partenaire key rule_id about position is_required is_uncertain status"
            " issued_on expires_on is_french_adult_card citizen_note refusal_text decided_at",
        ),
        **_all(AGENTS, "refusal_code decided_by original_seen_at"),
    },
    "PieceFile": {
        **_all(
            replace(ANSWER, agents=Right.REVIEW),
            "id piece display_name content_type size pages warnings uploaded_at uploaded_by"
            " held_since",
        ),
        **_all(NOBODY, "storage_name sha256"),
    },
    "Helper": _all(
        ANSWER.because("l’autre ne sait pas que quelqu’un aide ; qui aide a sa propre copie"),
        "id partenaire name email user invited_at joined_at ended_at",
    ),
    "Message": {
        **_all(SECRET, "id dossier partenaire private_to body at form_key"),
        **_all(AGENTS, "agent sealed_at"),
    },
    "InformationRequest": {
        **_all(SECRET, "id dossier partenaire text question at closed_at"),
        **_all(AGENTS, "by sealed_at"),
    },
    "Correction": {
        **_all(SECRET, "id dossier holder values status changed_at sent_at decided_at reason"),
        "decided_by": AGENTS,
    },
    "Note": _all(AGENTS, "id dossier author body at"),
    "DossierEvent": _all(
        AGENTS, "id dossier at by kind transition from_status to_status reason changes partenaire"
    ),
    "Reading": _all(AGENTS, "id dossier registration agent what at"),
    "SentMail": _all(AGENTS, "id dossier partenaire kind at email"),
    "OutcomeDecision": _all(AGENTS, "id dossier code holder reason digest by at"),
    "Ending": _all(
        AGENTS,
        "id dossier transition reason by at from_status waiting_since earlier_wanted_since"
        " appointment undone_at",
    ),
    "Follower": _all(AGENTS, "id dossier agent since"),
    "EarlierOffer": _all(SHARED, "id dossier appointment starts_at offered_at answer answered_at"),
    "Registration": {
        **_all(
            Line(True, When.ALWAYS, Right.REVIEW),
            "id dossier number registered_on registered_at place officer_name officer_quality"
            " officer_act dissolved_on dissolution",
        ),
        **_all(
            REVIEWERS,
            "origin insee_code year office sequence follows gap_reason homonym_reason officer"
            " agent",
        ),
    },
    "RegisteredPerson": {
        **_all(
            Line(True, When.ALWAYS, Right.REVIEW),
            f"id registration position birth_name first_names sex {_BIRTH}",
        ),
        "search_text": REVIEWERS,
    },
    "LaterAct": {
        **_all(
            Line(True, When.ALWAYS, Right.REVIEW),
            "id reference registration kind status effect_on registered_at officer_name"
            " officer_quality officer_act ground",
        ),
        **_all(
            REVIEWERS,
            "received_on by_post pieces event_on deceased officer agent refused_at refused_by",
        ),
    },
    "Rectification": {
        **_all(
            Line(True, When.ALWAYS, Right.REVIEW),
            "id registration person field old_value new_value at",
        ),
        **_all(REVIEWERS, "reason by"),
    },
    "Avis": {
        "mentioned_on": Line(True, When.ALWAYS, Right.REVIEW).because("la publicité du Pacs"),
        **_all(REVIEWERS, "id registration act person recipient address due_on sent_on sent_by"),
    },
}

#: Whose row it is: the column that names the person, or their place (0: both). A model that
#: is not here belongs to both.
OWNERS: Mapping[str, str] = {
    "Partenaire": "self",
    "Piece": "partenaire",
    "PieceFile": "piece",
    "Message": "private_to",
    "InformationRequest": "partenaire",
    "Correction": "holder",
}


@dataclass(frozen=True, slots=True)
class Document:
    """One paper, mail or file: its name for people, and who gets it."""

    title: str
    line: Line


#: Made for its reader: each gets the same paper with their own pieces alone.
_EACH = Line(True, When.NEVER, Right.VIEW, "chacun reçoit le sien, avec ses pièces seulement")
_BOTH = Line(True, When.ALWAYS, Right.VIEW)

#: Papers of a dossier, by the slug of their address.
PAPERS: Mapping[str, Document] = {
    "pieces": Document("Liste des pièces", replace(_EACH, helper=True)),
    "declaration": Document(
        "Préparation de la déclaration conjointe",
        _BOTH.because("ligne par ligne : ce que l’autre a attesté"),
    ),
    "accuse": Document("Accusé de réception", _EACH),
    "convocation": Document("Convocation", replace(_EACH, agents=Right.NOBODY)),
    "decision": Document("Décision d’irrecevabilité", replace(_BOTH, agents=Right.REVIEW)),
    "attestation": Document("Attestation d’enregistrement", replace(_BOTH, agents=Right.REVIEW)),
    "partie-papier": Document(
        "Partie du second partenaire, à remplir",
        replace(_BOTH, agents=Right.NOBODY, note="un formulaire vide"),
    ),
    "revenir": Document(
        "Pour revenir à la démarche",
        replace(_BOTH, agents=Right.NOBODY, note="la référence et l’adresse du portail, aucun nom"),
    ),
    "convention": Document(
        "Convention", replace(_BOTH, agents=Right.NOBODY, note="faite à la demande, non gardée")
    ),
}

#: Papers of the mairie alone.
DESK_PAPERS: Mapping[str, Document] = {
    "day_sheet": Document("Feuille du jour de l’officier, plan B", REVIEWERS),
    "front_desk_sheet": Document("Feuille d’accueil : heures et initiales", AGENTS),
    "recepisse": Document("Récépissé", REVIEWERS.because("remis aux deux, en main propre")),
    "register_extract": Document("Extrait du registre", REVIEWERS),
    "avis_de_mention": Document(
        "Avis de mention", REVIEWERS.because("envoyé à qui tient l’acte de naissance")
    ),
    "avis_batch": Document(
        "Avis de mention d’un envoi", REVIEWERS.because("chaque lettre à qui tient l’acte")
    ),
    "half_yearly": Document("Comptes du semestre", REVIEWERS.because("sans un nom")),
}

_TO_BOTH = Line(True, When.ALWAYS, Right.NOBODY, "le même texte aux deux, sans rien de privé")
_OWN_LIST = Line(
    True, When.NEVER, Right.NOBODY, "sa propre liste et son lien : scellé, effacé une fois parti"
)
_TO_ONE = Line(True, When.NEVER, Right.NOBODY, "à cette personne seulement")

_EACH_OWN_KINDS = Line(
    True, When.NEVER, Right.NOBODY, "à chacun les sortes de réponses changées, jamais les valeurs"
)

#: Mails, by their kind; agents read their fate, not their text.
MAILS: Mapping[str, Document] = {
    **{
        kind: Document(title, _TO_BOTH)
        for kind, title in (
            ("acknowledgement", "Accusé de réception"),
            ("answers_received", "Compléments reçus"),
            ("dossier_complete", "Dossier complet"),
            ("appointment_cancelled", "Rendez-vous annulé"),
            ("appointment_missed", "Absence au rendez-vous"),
            ("earlier_offer", "Date plus proche proposée"),
            ("registered", "Démarche terminée"),
            ("opposable", "Publicité terminée"),
            ("dossier_stopped", "Démarche arrêtée"),
            ("dossier_inadmissible", "Décision à lire"),
            ("deletion_warning", "Effacement annoncé"),
        )
    },
    "attestation_ended": Document("Attestation à refaire", _EACH_OWN_KINDS),
    **{
        kind: Document(title, _OWN_LIST)
        for kind, title in (
            ("appointment_booked", "Rendez-vous confirmé"),
            ("appointment_moved", "Rendez-vous déplacé"),
            ("appointment_reminder", "Rappel du rendez-vous"),
        )
    },
    "invitation": Document(
        "Invitation",
        replace(_TO_ONE, other=When.ALWAYS, note="relue par qui invite ; rien de privé"),
    ),
    **{
        kind: Document(title, _TO_ONE)
        for kind, title in (
            ("part_reminder", "Rappel d’une partie commencée"),
            ("partner_left", "L’autre ne participe plus"),
            ("helper_invitation", "Invitation à aider"),
            ("invitation_reminder", "Rappel de l’invitation"),
            ("invitation_expired", "Invitation sans réponse"),
            ("invitation_declined", "Invitation refusée"),
            ("part_completed", "L’autre partie est terminée"),
            ("comment_received", "Remarque de l’autre partenaire"),
            ("pieces_requested", "Demande de compléments"),
            ("message_received", "Message de la mairie"),
            ("correction_decided", "Correction examinée"),
            ("changed_by_mairie", "Réponse changée par la mairie"),
        )
    },
}

#: Files for a calendar.
CALENDARS: Mapping[str, Document] = {
    "rendez-vous.ics": Document(
        "Le rendez-vous", replace(_TO_BOTH, note="un jour, une heure, un lieu")
    ),
    "pieces.ics": Document(
        "Les échéances du simulateur", Line(True, When.NEVER, Right.NOBODY, "rien n’est gardé")
    ),
}

#: Answers of one person that a text must not tell the other, as people write them about it.
_PROTECTED = (
    "mesure de protection",
    "protection juridique",
    "majeur protégé",
    "majeure protégée",
    "personne protégée",
    "juge des tutelles",
    "juge des contentieux de la protection",
)
SECRET_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "measure": {
        "curatelle": ("curatelle", "curateur", "curatrice", *_PROTECTED),
        "tutelle": ("tutelle", "tuteur", "tutrice", *_PROTECTED),
        "autre": (
            *_PROTECTED,
            "habilitation familiale",
            "sauvegarde de justice",
            "mandat de protection",
        ),
    },
    "protection": {
        "refugie": ("réfugié", "réfugiée", "asile", "ofpra", "protection internationale"),
        "apatride": ("apatride", "sans nationalité", "ofpra", "protection internationale"),
        "subsidiaire": ("protection subsidiaire", "ofpra", "protection internationale"),
    },
    "situation": {
        "divorce": ("divorcé", "divorcée", "divorce"),
        "veuf": ("veuf", "veuve", "veuvage", "décès"),
        "pacs_dissous": ("ancien pacs", "pacs dissous", "dissolution"),
        "marie": ("encore marié", "toujours marié", "mariage en cours"),
        "pacse": ("pacs en cours",),
        "partenariat_etranger": ("partenariat enregistré", "partenariat étranger"),
    },
}
#: Columns whose own text must not be told: long enough to be found in another text by itself.
SECRET_TEXTS = ("street", "street_more", "contact_email", "needs")
SHORTEST_SECRET = 5


def secret_columns(model: str) -> Iterator[str]:
    """The columns of this model that the other never reads."""
    return (
        name for name, line in COLUMNS[model].items() if line.oneself and line.other is When.NEVER
    )

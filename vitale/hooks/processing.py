"""What the help about the Carte Vitale does with data about people, for the register.

Retention and legal bases: domain reference 7.6, both to be confirmed by the officer.
"""

from typing import Final

from demarches.processing import AGENTS, MACHINE, PERSON, PERSON_AND_AGENTS, group, held, keys
from demarches.rules.deadlines import DELETION_WARNING
from demarches.rules.processing import (
    TO_CONFIRM,
    Access,
    Fear,
    KeptFor,
    Measure,
    Served,
    Serves,
    Sheet,
    length,
    months,
)
from vitale.hooks import mine
from vitale.models import (
    Demande,
    DemandeEnding,
    DemandeEvent,
    DemandeMail,
    DemandeNote,
    DemandeReading,
    Suivi,
    SuiviMail,
    SuiviReminder,
    SuiviRoute,
    SuiviTick,
    Tally,
    aide,
    suivi,
)

NEVER: Final = (
    "Numéro de sécurité sociale (refusé par les colonnes et la recherche), numéro ou copie de la"
    " carte, pièce d’identité, donnée de santé, coordonnées bancaires."
)
READERS: Final = Access("Agents qui lisent les demandes", "vitale.view_demande")


def sheets() -> list[Sheet]:
    return [_suivis(), _demandes(), _tallies()]


def _suivis() -> Sheet:
    return Sheet(
        title="Aide-mémoire de la carte Vitale",
        purpose="Permettre à une personne de suivre elle-même sa démarche auprès de sa caisse, et"
        " d’être rappelée si elle le veut. La mairie n’y lit rien.",
        basis=(
            "Pour les rappels : consentement, demandé par mail avant le premier, sauf si l’adresse"
            " est celle du compte.",
            f"Pour le reste : {TO_CONFIRM}.",
        ),
        people=("les habitants qui ouvrent un aide-mémoire",),
        held=(
            held(
                Suivi,
                group(
                    "situation, jours d’ouverture, de visite et de fin, compte s’il y en a un",
                    PERSON,
                    "reference owner situation created_at visited_at closed_at deletion_warned_at",
                ),
                group(
                    "adresse et jour des rappels, accord donné",
                    PERSON,
                    "reminder_email reminder_confirmed_at reminder_on opens_by_mail",
                ),
                group("empreinte de son secret", MACHINE, "secret_digest"),
                keys("id form_key"),
            ),
            held(
                SuiviRoute,
                group("caisse et voie suivie", PERSON, "suivi regime channel started_at ended_at"),
                keys("id"),
            ),
            held(
                SuiviTick,
                group("étapes faites, et leur jour", PERSON, "route step done_on choice at"),
                keys("id"),
            ),
            held(SuiviReminder, group("rappels envoyés", PERSON, "route step at"), keys("id")),
            held(SuiviMail, keys("id suivi email")),
        ),
        never=NEVER,
        recipients=("Qui a la feuille de codes, ou le lien envoyé à l’adresse des rappels",),
        uses=frozenset({Serves.MAILS, Serves.BOUNCES}),
        kept=(
            KeptFor(
                "Un aide-mémoire de la carte Vitale",
                f"{months(suivi.KEPT_AFTER_CLOSE)} après sa fin, ou {months(suivi.KEPT_UNVISITED)}"
                f" sans visite ({suivi.KEPT_UNVISITED_NEWCOMER} pour qui arrive en France), annoncé"
                f" {length(DELETION_WARNING)} avant ; ou dès que la personne l’efface",
            ),
        ),
        measures=(
            Measure(
                "Un aide-mémoire qui n’affirme rien",
                "docs/adr/0031-follow-ups-that-claim-nothing.md",
            ),
            Measure(
                "Les secrets des aide-mémoire",
                "docs/operations.md#Les secrets des aide-mémoire Carte Vitale",
            ),
        ),
        harms={
            Fear.ACCESS: "une situation et une caisse connues de qui a trouvé la feuille de codes",
            Fear.LOSS: "des étapes à noter de nouveau",
        },
        rights=(
            Served(
                "Rectification et effacement",
                "la personne change, emporte et efface tout elle-même",
                "tests/vitale/test_suivi_views.py",
            ),
        ),
    )


def _demandes() -> Sheet:
    return Sheet(
        title="Demandes d’aide sur la carte Vitale",
        purpose="Répondre à qui demande de l’aide à la mairie, l’orienter, ou l’accompagner sur"
        " rendez-vous ; la personne fait elle-même la démarche, sur son compte.",
        basis=("Mission d’intérêt public.",),
        people=("les habitants qui demandent de l’aide", "les agents qui répondent"),
        held=(
            held(
                Demande,
                # The copy that the person takes away is made of these same columns.
                group(
                    "motif, caisse, nom, un contact, état, rendez-vous, réponse",
                    PERSON_AND_AGENTS,
                    " ".join(mine.COLUMNS),
                ),
                group(
                    "agent qui suit, attente, effacement annoncé, compte",
                    AGENTS,
                    "assigned_to waiting_since deletion_warned_at owner",
                ),
                group("empreinte de son secret", MACHINE, "secret_digest"),
                keys("id version form_key"),
            ),
            held(
                DemandeEvent,
                group("ce qui s’est passé, et quand", PERSON_AND_AGENTS, "at kind to_status"),
                group(
                    "par qui, motif, état d’avant",
                    AGENTS,
                    "by transition from_status reason demande",
                ),
                keys("id"),
            ),
            held(
                DemandeEnding,
                group(
                    "fin de la demande, par qui, motif",
                    AGENTS,
                    "demande transition reason by at from_status waiting_since appointment"
                    " undone_at",
                ),
                keys("id"),
            ),
            held(
                DemandeNote, group("notes internes", AGENTS, "demande author body at"), keys("id")
            ),
            held(
                DemandeReading,
                group("qui a lu la demande, et quand", AGENTS, "demande agent what at"),
                keys("id"),
            ),
            held(
                DemandeMail,
                group("mails envoyés : nature et jour", AGENTS, "demande kind at email"),
                keys("id"),
            ),
        ),
        never=NEVER,
        access=(READERS,),
        recipients=("La personne elle-même, par son compte ou sa feuille de codes",),
        uses=frozenset({Serves.MAILS, Serves.BOUNCES}),
        kept=(
            KeptFor(
                "Une demande d’aide sur la carte Vitale",
                f"{months(aide.KEPT_AFTER_CLOSE)} après sa fin, ou après une réponse que personne"
                f" n’a close ; {months(aide.KEPT_WHEN_SILENT)} sans rien de nouveau ; annoncé"
                f" {length(DELETION_WARNING)} avant",
            ),
        ),
        measures=(Measure("Rendez-vous d’aide", "docs/adr/0032-appointments-for-help.md"),),
        harms={
            Fear.ACCESS: "une difficulté, une arrivée en France ou un changement de vie connus d’un"
            " proche ou d’un employeur",
            Fear.CHANGE: "une réponse fausse, une démarche faite à tort",
            Fear.LOSS: "une demande à refaire",
        },
    )


def _tallies() -> Sheet:
    return Sheet(
        title="Comptages sur la carte Vitale",
        purpose="Savoir ce que les habitants viennent chercher, par des nombres seuls.",
        people=("les habitants, sans qu’aucun soit nommé",),
        held=(
            held(
                Tally,
                group(
                    "combien, par mois, sujet, caisse et voie ; sous 5, un nombre est caché",
                    AGENTS,
                    "what month topic regime channel count",
                ),
                keys("id"),
            ),
        ),
        access=(READERS,),
        kept=(
            KeptFor(
                "Les comptages sur la carte Vitale",
                "gardés : ils ne nomment personne",
                is_told=False,
            ),
        ),
    )

"""The ordered steps of the task list: the shared answers, then each one's own part."""

from typing import Any

from demarches.steps.lists import Step, StepList
from pacs.forms import civil, common, identity
from pacs.models import Dossier, InformationRequest, Partenaire
from pacs.models.completeness import COMMON, FORMER_COMMON, FORMER_OWN, OWN

#: The page of the wished day.
WISHED_STEP = "jour"
#: The page after which it is offered.
BEFORE_WISHED_STEP = "projet"

#: Told by the page « origine » where it is asked.
ORIGIN_COLUMNS = (*civil.OriginForm.Meta.fields, *civil.OriginForm.tells)
#: An address of one's own: told as one, by whichever address is theirs today.
HOME_COLUMNS = identity.SituationForm.ADDRESS

COMMON_STEPS: StepList[Dossier] = StepList(
    [
        Step(slug, title, form, COMMON[slug])
        for slug, title, form in (
            ("adresse", "Votre adresse commune", common.AddressForm),
            (BEFORE_WISHED_STEP, "Lien de famille et convention", common.ProjectForm),
            (WISHED_STEP, "Jour souhaité", common.WishedDayForm),
        )
    ],
    former=FORMER_COMMON,
)

OWN_STEPS: StepList[Partenaire] = StepList(
    [
        Step(slug, title, form, OWN[slug][1], OWN[slug][0])
        for slug, title, form in (
            ("acte", "Votre acte de naissance", civil.CivilForm),
            ("origine", "Pays de naissance et nationalité", civil.OriginForm),
            ("acte-francais", "Acte de naissance français", identity.FrenchRecordForm),
            ("protection", "Protection de l’Ofpra", identity.ProtectionForm),
            ("documents-etrangers", "Documents étrangers", identity.ForeignPapersForm),
            ("situation", "Situation et adresse", identity.SituationForm),
            ("protecteur", "Curatelle ou tutelle", identity.ProtectorForm),
            ("ancien-mariage", "Fin du mariage", identity.FormerMarriageForm),
        )
    ],
    former=FORMER_OWN,
)

#: How the question of a request names the shared answers; those of one person: « moi ».
SHARED = "commun"


def asked_step(
    row: InformationRequest, dossier: Dossier, person: Partenaire | None
) -> Step[Any] | None:
    """The page of the answer that a request points at, while it is asked; of `person`, or shared.

    None without a question, and for one that nobody is asked any more.
    """
    part, _, slug = row.question.partition("/")
    if part == SHARED:
        return COMMON_STEPS.asking(slug, dossier)
    return OWN_STEPS.asking(slug, person) if person else None


def title_asked(row: InformationRequest) -> str:
    """The same by its title, for whoever reads the request; empty when there is none."""
    if not row.question:
        return ""
    person = row.partenaire
    if person is not None:
        person.dossier = row.dossier  # one dossier, read once
    step = asked_step(row, row.dossier, person)
    return step.title if step else ""

"""The ordered steps of the task list: the shared answers, then each one's own part."""

from demarches.steps.lists import Step, StepList
from pacs.forms import civil, common, identity
from pacs.models import Dossier, Partenaire
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

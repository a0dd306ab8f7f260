"""The ordered steps of the task list: the shared answers, then each one's own part."""

from demarches.steps import Step, StepList
from pacs.forms import civil, common, identity
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import COMMON, OWN

#: The page of the wished day.
WISHED_STEP = "projet"

#: Told by the page « origine » where it is asked.
ORIGIN_COLUMNS = (*civil.OriginForm.Meta.fields, *civil.OriginForm.tells)

COMMON_STEPS: StepList[Dossier] = StepList(
    [
        Step(slug, title, form, COMMON[slug])
        for slug, title, form in (
            ("adresse", "Votre adresse commune", common.AddressForm),
            (WISHED_STEP, "Lien de famille, convention, date", common.ProjectForm),
        )
    ]
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
            ("ancien-mariage", "Fin du mariage", identity.FormerMarriageForm),
        )
    ]
)

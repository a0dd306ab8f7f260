"""The ordered steps of the task list: the shared answers, then each one's own part."""

from demarches.steps import Step, StepList
from pacs.forms import common, identity
from pacs.models import Dossier, Partenaire
from pacs.models.completeness import COMMON, OWN

#: The page of the wished day.
WISHED_STEP = "date"

COMMON_STEPS: StepList[Dossier] = StepList(
    [
        Step(slug, title, form, COMMON[slug])
        for slug, title, form in (
            ("commune", "La commune de votre adresse commune", common.ResidenceForm),
            ("lien", "Votre lien de famille", common.KinshipForm),
            ("convention", "Votre convention", common.ConventionForm),
            ("adresse", "Votre adresse commune", common.AddressForm),
            (WISHED_STEP, "La date souhaitée", common.WishedDateForm),
        )
    ]
)

OWN_STEPS: StepList[Partenaire] = StepList(
    [
        Step(slug, title, form, OWN[slug][1], OWN[slug][0])
        for slug, title, form in (
            ("nom", "Nom et prénoms", identity.NameForm),
            ("sexe", "Sexe sur l’acte", identity.SexForm),
            ("naissance", "Naissance", identity.BirthForm),
            ("nationalite", "Nationalité", identity.NationalityForm),
            ("acte-francais", "Acte de naissance français", identity.FrenchRecordForm),
            ("protection", "Protection de l’Ofpra", identity.ProtectionForm),
            ("documents-etrangers", "Documents étrangers", identity.ForeignPapersForm),
            ("parents", "Parents", identity.ParentsForm),
            ("situation", "Mariage ou Pacs précédent", identity.SituationForm),
            ("ancien-mariage", "Fin du mariage", identity.FormerMarriageForm),
            ("mesure", "Mesure de protection", identity.MeasureForm),
            ("coordonnees", "Coordonnées", identity.ContactForm),
        )
    ]
)

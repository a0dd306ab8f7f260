"""Small documents of our own in the vocabulary of the co-marquage."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Publication xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="{code}" type="Fiche d\'information"'
    ' xsi:noNamespaceSchemaLocation="../Schemas/3.4/Publication.xsd"'
    ' spUrl="https://www.service-public.gouv.fr/particuliers/vosdroits/{code}">'
    "<dc:title>{title}</dc:title><dc:description>{description}</dc:description>"
    "<dc:contributor>Service Public / DILA</dc:contributor><dc:date>modified 2026-03-04</dc:date>"
    '<Theme ID="N1"><Titre>{theme}</Titre></Theme>'
)
WHOLE = """
<Introduction><Texte><Paragraphe>Une carte <MiseEnEvidence>gratuite</MiseEnEvidence>, pour
vos droits\u00a0: elle se demande .</Paragraphe></Texte></Introduction>
<ListeSituations affichage="onglet"><Titre>Votre cas</Titre>
<Situation><Titre>Salarié</Titre><Texte><Chapitre><Titre><Paragraphe>Perte</Paragraphe></Titre>
<Paragraphe>Déclarez la perte de la <LienIntra LienID="D1" type="Définition de glossaire">carte
</LienIntra>, sigle <LienInterne LienPublication="S1" type="Sigle">CPAM</LienInterne>.</Paragraphe>
<Liste type="puce"><Item><Paragraphe>un</Paragraphe></Item></Liste>
<Liste type="puce"><Item><Paragraphe>deux</Paragraphe></Item></Liste>
<BlocCas affichage="radio"><Cas><Titre>En ligne</Titre><Paragraphe>Par le compte.</Paragraphe></Cas>
<Cas><Titre>Sur place</Titre><OuSAdresser type="Local"><Titre>Mairie</Titre>
<PivotLocal>mairie</PivotLocal></OuSAdresser></Cas></BlocCas>
<Tableau><Titre>Prix</Titre><Colonne type="header"/><Colonne/>
<Rangée type="header"><Cellule/><Cellule><Paragraphe>Montant</Paragraphe></Cellule></Rangée>
<Rangée type="normal"><Cellule fusionVerticale="2"><Paragraphe>Carte</Paragraphe></Cellule>
<Cellule><Paragraphe><Valeur>0 €</Valeur></Paragraphe></Cellule></Rangée>
<Rangée type="normal"><Cellule><Paragraphe>gratuit</Paragraphe></Cellule></Rangée></Tableau>
</Chapitre></Texte></Situation>
<Situation><Titre>Étudiant</Titre><Texte><Paragraphe>Voir <LienInterne LienPublication="F2"
type="Fiche">l'autre fiche</LienInterne> ou <LienInterne LienPublication="F9" type="Fiche">celle-ci
</LienInterne>.</Paragraphe></Texte></Situation></ListeSituations>
<Nouveau2030><Paragraphe>Un bloc que personne ne connaît.</Paragraphe></Nouveau2030>
<ServiceEnLigne ID="R1" type="Téléservice" URL="https://exemple.fr/perte"><Titre>Perte</Titre>
<Source ID="R2">Assurance maladie</Source></ServiceEnLigne>
<ServiceEnLigne ID="R3" type="Formulaire" URL="javascript:alert(1)"><Titre>Piège</Titre>
</ServiceEnLigne>
<Reference type="Texte de référence" URL="https://www.legifrance.gouv.fr/x"><Titre>Code</Titre>
<Complement>Article 1</Complement></Reference>
<Definition ID="D1"><Titre>Carte</Titre>
<Texte><Paragraphe>Un objet.</Paragraphe></Texte></Definition>
<Abreviation ID="S1" type="Sigle"><Titre>CPAM</Titre><Texte>
<Paragraphe>Caisse primaire d'assurance maladie</Paragraphe></Texte></Abreviation>
</Publication>
"""


def fiche_xml(
    code: str = "F1",
    *,
    title: str = "Carte Vitale",
    description: str = "Perte de la carte et journaux.",
    theme: str = "Santé",
    body: str = WHOLE,
) -> str:
    """One document; `body` closes it."""
    return HEAD.format(code=code, title=title, description=description, theme=theme) + body


def small(code: str, title: str, text: str = "Un texte.") -> str:
    body = f"<Texte><Paragraphe>{text}</Paragraphe></Texte></Publication>"
    return fiche_xml(code, title=title, description="", body=body)


def write_zip(path: Path, files: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path

"""The answers of a dossier told back as sentences, for whoever reads them before attesting.

Every answer that the pages ask is told; « je ne sais pas » is told as such, and what is not
answered is not told. The sentences are turned so that none says « né(e) ».
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from demarches.rules.dates_fr import day_fr, weekday_fr
from pacs.rules.births import partial_date_fr
from pacs.rules.enums import Sex
from pacs.rules.situation import (
    Convention,
    Impediment,
    Kinship,
    Measure,
    PartialDate,
    Protection,
    Residence,
    Situation,
    YesNo,
    has_protector,
)


@dataclass(frozen=True, slots=True)
class Told:
    """A few answers about one thing. `name`: for « Modifier la naissance »; `page`: its slug.

    `field`: the first one of them on that page, where it holds several groups.
    """

    name: str
    page: str
    sentences: tuple[str, ...]
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoupleSaid:
    """The shared answers as plain values; `address` in one line, closed lists by their codes."""

    residence: str = ""
    impediment: str = ""
    address: str = ""
    already_home: bool | None = None
    kinship: str = ""
    convention: str = ""
    wished_date: date | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """One parent, as the record names them."""

    name: str = ""
    first_names: str = ""
    is_unknown: bool = False

    def __str__(self) -> str:
        return f"{self.first_names} {self.name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonSaid:
    """One person's answers as plain values; countries by their names, closed lists by codes."""

    first_names: str = ""
    birth_name: str = ""
    usage_name: str = ""
    single_name: bool = False
    sex: str = ""
    birth: PartialDate | None = None
    birth_city: str = ""
    birth_department: str = ""
    birth_country: str = ""
    parents: tuple[Parent, Parent]
    nationalities: tuple[str, ...] = ()
    is_only_french: bool = False
    is_stateless: bool = False
    #: Their country and nationality are asked on a page of their own.
    asks_origin: bool = False
    has_french_record: str = ""
    protection: str = ""
    birth_record_in_french: str = ""
    coutume_in_french: str = ""
    country_issues_coutume: str = ""
    country_updates_records: str = ""
    situation: str = ""
    divorce_mentioned: str = ""
    union_record_country: str = ""
    union_record_in_french: str = ""
    measure: str = ""
    protector_is_partenaire: bool | None = None
    home: str = ""
    #: Who said that they live at the common address; empty when it is an address of their own.
    home_said_by: str = ""
    phone: str = ""
    #: They agreed to SMS on that number.
    texts: bool = False
    #: Asked of whoever has no account to write to.
    asks_email: bool = False
    email: str = ""
    needs: str = ""


#: Yes, no, « je ne sais pas ».
type Turns = tuple[str, str, str]

FRENCH_RECORD: Turns = (
    "Vous avez un acte de naissance français.",
    "Vous n’avez pas d’acte de naissance français.",
    "Vous ne savez pas si vous avez un acte de naissance français.",
)
RECORD_IN_FRENCH: Turns = (
    "Votre acte de naissance est en français, ou sur un extrait plurilingue.",
    "Votre acte de naissance n’est ni en français, ni sur un extrait plurilingue.",
    "Vous ne savez pas si votre acte de naissance est en français, ou sur un extrait plurilingue.",
)
COUTUME_IN_FRENCH: Turns = (
    "Votre certificat de coutume sera en français.",
    "Votre certificat de coutume ne sera pas en français.",
    "Vous ne savez pas si votre certificat de coutume sera en français.",
)
ISSUES_COUTUME: Turns = (
    "Votre pays délivre des certificats de coutume.",
    "Votre pays ne délivre pas de certificat de coutume.",
    "Vous ne savez pas si votre pays délivre des certificats de coutume.",
)
UPDATES_RECORDS: Turns = (
    "Votre pays met à jour les actes de naissance.",
    "Votre pays ne met pas à jour les actes de naissance.",
    "Vous ne savez pas si votre pays met à jour les actes de naissance.",
)
DIVORCE_MENTIONED: Turns = (
    "Votre divorce est écrit dans la marge de votre acte de naissance.",
    "Votre divorce n’est pas écrit dans la marge de votre acte de naissance.",
    "Vous ne savez pas si votre divorce est écrit dans la marge de votre acte de naissance.",
)
UNION_IN_FRENCH: Turns = (
    "Ce document est en français.",
    "Ce document n’est pas en français.",
    "Vous ne savez pas si ce document est en français.",
)

CONVENTIONS: Mapping[str, str] = {
    Convention.CERFA: "Convention : la convention-type (cerfa 15726).",
    Convention.OWN_TEXT: "Convention : votre propre texte.",
    Convention.NOTARY: "Convention : passée devant notaire.",
    Convention.UNKNOWN: "Vous ne savez pas encore qui écrit la convention.",
}
SEXES: Mapping[str, str] = {
    Sex.FEMALE: "de sexe féminin",
    Sex.MALE: "de sexe masculin",
    Sex.OTHER: "sexe sur l’acte : autre mention",
}
PROTECTIONS: Mapping[str, str] = {
    Protection.NONE: "Pas de protection de l’Ofpra.",
    Protection.REFUGEE: "Protection de l’Ofpra : statut de réfugié.",
    Protection.STATELESS: "Protection de l’Ofpra : statut d’apatride.",
    Protection.SUBSIDIARY: "Protection de l’Ofpra : protection subsidiaire.",
    Protection.UNKNOWN: "Vous ne savez pas si l’Ofpra vous protège.",
}
SITUATIONS: Mapping[str, str] = {
    Situation.SINGLE: "Ni mariage, ni Pacs jusqu’ici.",
    Situation.DIVORCED: "Un mariage, terminé par un divorce.",
    Situation.WIDOWED: "Un mariage, terminé par un décès.",
    Situation.PACS_DISSOLVED: "Un ancien Pacs, terminé.",
    Situation.MARRIED: "Un mariage en cours, même en cas de séparation.",
    Situation.PACSED: "Un Pacs en cours.",
    Situation.FOREIGN_PARTNERSHIP: "Un partenariat enregistré à l’étranger.",
}
MEASURES: Mapping[str, str] = {
    Measure.NONE: "Pas de mesure de protection.",
    Measure.CURATELLE: "Mesure de protection : curatelle.",
    Measure.TUTELLE: "Mesure de protection : tutelle.",
    Measure.OTHER: "Mesure de protection : ni curatelle, ni tutelle, une autre.",
    Measure.UNKNOWN: "Vous ne savez pas si vous êtes sous une mesure de protection.",
}
#: Who assists in a curatelle or a tutelle: their partenaire, or another.
PROTECTORS = {
    True: "Votre partenaire vous assiste dans cette mesure.",
    False: "Votre partenaire ne vous assiste pas dans cette mesure.",
}


def about_couple(said: CoupleSaid) -> tuple[Told, ...]:
    """The shared answers, group by group; a group without an answer has no sentence."""
    wished = said.wished_date
    when = f"{weekday_fr(wished)} {day_fr(wished)}" if wished else ""
    return (
        Told("l’adresse commune", "adresse", tuple(_common_address(said))),
        Told("le lien de famille", "projet", tuple(_kinship(said.kinship)), "kinship"),
        Told(
            "la convention",
            "projet",
            (CONVENTIONS[said.convention],) if said.convention else (),
            "convention",
        ),
        Told(
            "le jour souhaité",
            "jour",
            (f"Jour souhaité : {when}." if when else "Pas encore de jour souhaité.",),
        ),
    )


def _common_address(said: CoupleSaid) -> Iterator[str]:
    address = said.address
    where = f" : {address}." if address else "."
    if said.impediment == Impediment.NO_COMMON_RESIDENCE:
        yield "Un empêchement grave vous empêche d’avoir une adresse commune."
        if address:
            yield f"L’un de vous habite {address}."
    elif said.residence == Residence.HERE:
        yield f"Vous habiterez {address or 'dans la commune de la mairie'}."
    elif said.residence == Residence.ELSEWHERE:
        yield f"Vous habiterez dans une autre commune de France{where}"
    elif said.residence == Residence.ABROAD:
        yield f"Vous habiterez à l’étranger{where}"
    else:
        if said.residence:
            yield "Vous ne savez pas encore où vous habiterez ensemble."
        if address:
            yield f"Adresse écrite : {address}."
    if said.impediment == Impediment.OFFICER_TRAVELS:
        yield "L’un de vous ne pourra pas venir à la mairie."
    if said.already_home:
        yield "Vous y habitez déjà tous les deux."
    elif said.already_home is False:
        yield "Vous n’y habitez pas encore tous les deux."


def _kinship(code: str) -> Iterator[str]:
    if code == Kinship.NONE:
        yield "Pas de lien de famille."
    elif code == Kinship.UNKNOWN:
        yield "Vous ne savez pas si vous avez un lien de famille."
    elif code:
        label = Kinship(code).label
        yield f"Lien de famille : {label[:1].lower()}{label[1:]}."


def about_person(said: PersonSaid) -> tuple[Told, ...]:
    """One person's answers, group by group, whichever pages apply to them."""
    return (
        Told("le nom", "acte", tuple(_name(said)), "birth_name"),
        Told("la naissance", "acte", tuple(_birth(said)), "birth_date"),
        Told("les parents", "acte", tuple(_parents(*said.parents)), "parent1_name"),
        Told(
            "la nationalité",
            "origine" if said.asks_origin else "acte",
            tuple(_nationality(said)),
            "first" if said.asks_origin else "origin",
        ),
        Told(
            "l’acte de naissance français",
            "acte-francais",
            tuple(_turned(FRENCH_RECORD, said.has_french_record)),
        ),
        Told("la protection de l’Ofpra", "protection", _one_of(PROTECTIONS, said.protection)),
        Told(
            "les documents étrangers",
            "documents-etrangers",
            (
                *_turned(RECORD_IN_FRENCH, said.birth_record_in_french),
                *_turned(UPDATES_RECORDS, said.country_updates_records),
                *_turned(COUTUME_IN_FRENCH, said.coutume_in_french),
                *_turned(ISSUES_COUTUME, said.country_issues_coutume),
            ),
        ),
        Told("la situation", "situation", _one_of(SITUATIONS, said.situation), "situation"),
        Told("la fin du mariage", "ancien-mariage", tuple(_former_marriage(said))),
        Told("la mesure de protection", "situation", _one_of(MEASURES, said.measure), "measure"),
        Told("qui vous assiste", "protecteur", tuple(_protector(said))),
        Told("l’adresse d’aujourd’hui", "situation", tuple(_home(said)), "street"),
        Told("le contact et les besoins", "situation", tuple(_contact(said)), "phone"),
    )


def _one_of(words: Mapping[str, str], code: str) -> tuple[str, ...]:
    return (words[code],) if code else ()


def _turned(words: Turns, code: str) -> Iterator[str]:
    if code:
        yield words[[YesNo.YES, YesNo.NO, YesNo.UNKNOWN].index(YesNo(code))]


def _name(said: PersonSaid) -> Iterator[str]:
    name = f"{said.first_names} {said.birth_name}".strip()
    told = ", ".join(part for part in (name, SEXES.get(said.sex, "")) if part)
    if told:
        # A name is told as it was written.
        yield f"{told}." if name else f"{told[:1].upper()}{told[1:]}."
    if said.single_name:
        yield "Votre acte ne porte qu’un nom, ou que des prénoms."
    if said.usage_name:
        yield f"Nom d’usage : {said.usage_name}."


def _birth(said: PersonSaid) -> Iterator[str]:
    city = in_city(said.birth_city) if said.birth_city else ""
    if said.birth_department:
        city = f"{city} ({said.birth_department})".strip()
    when_and_where = " ".join(part for part in (_birth_day(said.birth), city) if part)
    if told := ", ".join(part for part in (when_and_where, said.birth_country) if part):
        yield f"Naissance {told}." if when_and_where else f"Naissance : {told}."


def _birth_day(birth: PartialDate | None) -> str:
    """« le 4 mai 1990 », « en mai 1990 (jour inconnu) », « en 1990 (jour et mois inconnus) »."""
    if birth is None:
        return ""
    return f"{'en' if birth.day is None else 'le'} {partial_date_fr(birth)}"


def in_city(city: str) -> str:
    """« à Rome », « au Havre », « aux Angles »."""
    for article, contracted in (("Le ", "au "), ("Les ", "aux ")):
        if city.startswith(article):
            return f"{contracted}{city.removeprefix(article)}"
    return f"à {city}"


def _parents(first: Parent, second: Parent) -> Iterator[str]:
    if first.is_unknown and second.is_unknown:
        yield "Vos deux parents sont inconnus ou ne figurent pas sur l’acte."
        return
    if str(first) and str(second):
        yield f"Parents : {first} et {second}."
        return
    for which, parent in (("Premier", first), ("Second", second)):
        if parent.is_unknown:
            yield f"{which} parent : inconnu, ou absent de l’acte."
        elif str(parent):
            yield f"{which} parent : {parent}."


def _nationality(said: PersonSaid) -> Iterator[str]:
    if said.is_stateless:
        yield "Apatride, sans nationalité."
    elif said.is_only_french:
        yield "Nationalité française."
    elif said.nationalities:
        word = "Nationalité" if len(said.nationalities) == 1 else "Nationalités"
        yield f"{word} : {', '.join(said.nationalities)}."


def _former_marriage(said: PersonSaid) -> Iterator[str]:
    if said.situation == Situation.DIVORCED:
        yield from _turned(DIVORCE_MENTIONED, said.divorce_mentioned)
    if said.union_record_country:
        yield f"Pays du document qui le prouve : {said.union_record_country}."
    yield from _turned(UNION_IN_FRENCH, said.union_record_in_french)


def _protector(said: PersonSaid) -> Iterator[str]:
    if said.protector_is_partenaire is not None and has_protector(said.measure):
        yield PROTECTORS[said.protector_is_partenaire]


def _home(said: PersonSaid) -> Iterator[str]:
    if said.home:
        said_by = said.home_said_by
        common = f" (adresse commune, dite par {said_by})" if said_by else ""
        yield f"Vous habitez {said.home}{common}."


def _contact(said: PersonSaid) -> Iterator[str]:
    yield f"Téléphone : {said.phone}." if said.phone else "Pas de numéro de téléphone."
    if said.texts:
        yield "SMS acceptés au sujet du rendez-vous."
    if said.asks_email:
        yield f"Adresse e-mail : {said.email}." if said.email else "Pas d’adresse e-mail."
    if said.needs:
        yield f"Le jour du rendez-vous : {said.needs}"

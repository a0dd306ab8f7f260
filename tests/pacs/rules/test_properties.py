"""What holds for every situation."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pacs.rules.eligibility import OUTCOME_TYPES, outcomes
from pacs.rules.pieces import NEVER_ASKED_ID, RULE_IDS, RequiredPiece, required_pieces
from pacs.rules.situation import (
    AgeBand,
    Convention,
    CoupleAnswers,
    Dematerialisation,
    Impediment,
    Kinship,
    Measure,
    PartenaireAnswers,
    PartialDate,
    Protection,
    Residence,
    Situation,
    YesNo,
    derive_inputs,
)
from pacs.rules.validity import (
    MaxAge,
    earliest_issue_day,
    is_usable,
    last_usable_day,
)

BIRTH_RECORD_RULES = frozenset(
    rule_id for rule_id in RULE_IDS if rule_id.startswith("P1") and rule_id != "P16_acte_modifie"
)
ON = date(2027, 6, 5)

COUNTRIES = st.sampled_from(["", "FR", "RE", "IT", "SN", "GB", "AF", "EU", "ZZ"])
ANSWERS = st.sampled_from(YesNo)
BIRTHS = st.builds(
    PartialDate,
    st.integers(1930, 2012),
    st.none() | st.integers(1, 12),
    st.none() | st.integers(1, 28),
)
PEOPLE = st.builds(
    PartenaireAnswers,
    birth_date=st.none() | BIRTHS,
    is_under_21=st.booleans(),
    birth_country=COUNTRIES,
    birth_insee=st.sampled_from(["", "30189", "75056"]),
    nationalities=st.sampled_from([(), ("FR",), ("IT",), ("MA", "FR"), ("ZZ",)]),
    has_french_record=ANSWERS,
    protection=st.sampled_from(Protection),
    situation=st.none() | st.sampled_from(Situation),
    divorce_mentioned=ANSWERS,
    measure=st.sampled_from(Measure),
    protector_is_partenaire=st.booleans(),
    country_updates_records=ANSWERS,
    country_issues_coutume=ANSWERS,
    birth_record_in_french=ANSWERS,
    coutume_in_french=ANSWERS,
    union_record_country=COUNTRIES,
    union_record_in_french=ANSWERS,
    civil_status_changed=st.booleans(),
    lives_here=ANSWERS,
)
COUPLES = st.builds(
    CoupleAnswers,
    residence=st.none() | st.sampled_from(Residence),
    impediment=st.sampled_from(Impediment),
    convention=st.none() | st.sampled_from(Convention),
    kinship=st.none() | st.sampled_from(Kinship),
    people=st.tuples(PEOPLE, PEOPLE),
    youngest=st.none() | st.sampled_from(AgeBand),
)
DEMATERIALISATIONS = st.builds(
    Dematerialisation,
    active=st.none() | st.booleans(),
    connected=st.sampled_from([frozenset[str](), frozenset({"30189"}), frozenset({"SCEC"})]),
)
AGES = st.builds(MaxAge, st.integers(1, 12), st.booleans())
DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))


def swapped(piece: RequiredPiece) -> RequiredPiece:
    holder = {0: 0, 1: 2, 2: 1}[piece.holder]
    return RequiredPiece(piece.rule_id, holder, piece.about, piece.uncertain)


@given(COUPLES, DEMATERIALISATIONS)
def test_same_list_and_outcomes_whichever_partenaire_is_first(
    couple: CoupleAnswers, dematerialisation: Dematerialisation
) -> None:
    first, second = couple.people
    other_way = replace(couple, people=(second, first))
    one, two = (derive_inputs(c, dematerialisation) for c in (couple, other_way))

    assert {swapped(p) for p in required_pieces(one)} == set(required_pieces(two))
    assert {(o.type, {0: 0, 1: 2, 2: 1}[o.holder]) for o in outcomes(one, on=ON)} == {
        (o.type, o.holder) for o in outcomes(two, on=ON)
    }


@given(COUPLES, DEMATERIALISATIONS)
def test_never_a_piece_that_may_not_be_asked(
    couple: CoupleAnswers, dematerialisation: Dematerialisation
) -> None:
    asked = {p.rule_id for p in required_pieces(derive_inputs(couple, dematerialisation))}

    assert NEVER_ASKED_ID not in asked
    assert asked < set(RULE_IDS)


@given(COUPLES, DEMATERIALISATIONS)
def test_no_piece_twice(couple: CoupleAnswers, dematerialisation: Dematerialisation) -> None:
    keys = [p.key for p in required_pieces(derive_inputs(couple, dematerialisation))]

    assert len(keys) == len(set(keys))


@given(COUPLES, DEMATERIALISATIONS)
def test_every_partenaire_has_an_answer_about_their_birth_record(
    couple: CoupleAnswers, dematerialisation: Dematerialisation
) -> None:
    pieces = required_pieces(derive_inputs(couple, dematerialisation))

    for holder in (1, 2):
        answers = [p for p in pieces if p.holder == holder and p.rule_id in BIRTH_RECORD_RULES]
        certain = [p for p in answers if not p.uncertain]
        # One certain answer, or several possible ones: never one and « perhaps another ».
        assert len(certain) == 1 if len(answers) == 1 else not certain and len(answers) > 1


@given(COUPLES)
def test_an_apostille_or_translation_is_about_a_document_of_the_same_person(
    couple: CoupleAnswers,
) -> None:
    pieces = required_pieces(derive_inputs(couple, Dematerialisation()))
    listed = {(p.holder, p.rule_id): p for p in pieces if not p.about}

    for piece in pieces:
        if piece.about:
            document = listed[piece.holder, piece.about]
            assert piece.uncertain or not document.uncertain


@given(DAYS, AGES, DAYS, st.integers(0, 800))
def test_moving_the_appointment_later_never_revives_an_expired_piece(
    issued: date, age: MaxAge, on: date, later: int
) -> None:
    expired = on >= issued and not is_usable(issued, age, on)

    assert not (expired and is_usable(issued, age, on + timedelta(days=later)))


@given(AGES, DAYS)
def test_earliest_issue_day_is_the_first_that_serves(age: MaxAge, on: date) -> None:
    first = earliest_issue_day(age, on)

    assert is_usable(first, age, on)
    assert not any(is_usable(first - timedelta(days=n), age, on) for n in range(1, 70))


@given(DAYS, AGES)
def test_last_usable_day_is_the_last(issued: date, age: MaxAge) -> None:
    last = last_usable_day(issued, age)

    assert is_usable(issued, age, last)
    assert not is_usable(issued, age, last + timedelta(days=1))


@given(COUPLES, st.integers(0, 20_000))
def test_waiting_never_makes_anybody_a_minor(couple: CoupleAnswers, days: int) -> None:
    inputs = derive_inputs(couple, Dematerialisation())
    minors = {
        (o.type.code, o.holder) for o in outcomes(inputs, on=ON) if o.type.code in {"B01", "A03"}
    }
    later = {
        (o.type.code, o.holder)
        for o in outcomes(inputs, on=ON + timedelta(days=days))
        if o.type.code == "B01"
    }

    assert later <= minors


def _reached() -> tuple[set[str], set[str]]:
    """Rule ids and outcome codes met over the product of what decides them."""
    rule_ids, codes = {NEVER_ASKED_ID}, set[str]()
    people = [
        PartenaireAnswers(
            birth_date=birth,
            birth_country=country,
            birth_insee="30189",
            nationalities=nationalities,
            has_french_record=has_record,
            protection=protection,
            situation=situation,
            divorce_mentioned=answer,
            measure=measure,
            protector_is_partenaire=True,
            country_updates_records=answer,
            country_issues_coutume=answer,
            civil_status_changed=True,
            lives_here=YesNo.YES,
        )
        for birth in (PartialDate(1990, 1, 1), PartialDate(2009), PartialDate(2012))
        for country in ("FR", "DZ", "IT")
        for nationalities in (("FR",), ("DZ",))
        for has_record, answer in ((YesNo.UNKNOWN, YesNo.YES), (YesNo.NO, YesNo.NO))
        for protection in (Protection.NONE, Protection.REFUGEE)
        for situation in Situation
        for measure in Measure
    ]
    common = [
        (Residence.HERE, Impediment.OFFICER_TRAVELS, Convention.CERFA, Kinship.NONE),
        (Residence.ELSEWHERE, Impediment.NONE, Convention.NOTARY, Kinship.DIRECT),
        (Residence.ABROAD, Impediment.NONE, Convention.CERFA, Kinship.ADOPTION),
        (Residence.ELSEWHERE, Impediment.NO_COMMON_RESIDENCE, Convention.CERFA, Kinship.NONE),
    ]
    active = Dematerialisation(active=True, connected=frozenset({"30189"}))
    for number, person in enumerate(people):
        residence, impediment, convention, kinship = common[number % len(common)]
        couple = CoupleAnswers(residence, impediment, convention, kinship, (person, person))
        for dematerialisation in (active, Dematerialisation()):
            inputs = derive_inputs(couple, dematerialisation)
            rule_ids |= {p.rule_id for p in required_pieces(inputs)}
            codes |= {o.type.code for o in outcomes(inputs, on=ON)}
    return rule_ids, codes


def test_every_rule_and_every_outcome_is_reachable_from_answers() -> None:
    rule_ids, codes = _reached()

    assert rule_ids == set(RULE_IDS)
    assert codes == {kind.code for kind in OUTCOME_TYPES}

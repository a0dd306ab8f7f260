"""The data of the guide: what it must say, and what it must never say."""

import re
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.test import Client
from django.urls import reverse

from demarches.models import User
from demarches.rules.read import imprint
from tests.support.fiches import fiche_xml
from tests.vitale.answers import READINGS, answers_of
from vitale.actions.upkeep import confirm_read, text_shown
from vitale.hooks.desk import piles, to_confirm, to_reread
from vitale.models import (
    Contact,
    Delay,
    Fact,
    Link,
    PlanLine,
    Section,
    Situation,
    Source,
    SuiviOffset,
)
from vitale.reads.plans import RowPlan, sheet_of
from vitale.rules import situations
from vitale.rules.plan import Kind
from vitale.rules.situations import Answers, Channel, Reading, Regime

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]

ORDERS = (situations.Situation.LOSS, situations.Situation.THEFT, situations.Situation.FAULT)
TEXT_FIELDS = {
    PlanLine: ("heading", "text", "who", "where", "trap", "why"),
    Fact: ("heading", "text"),
    Contact: ("name", "role", "hours", "address"),
    Link: ("title", "path"),
    Situation: ("title",),
    Delay: ("wording",),
}


def texts() -> list[str]:
    """Everything the guide can print."""
    return [
        getattr(row, field)
        for model, fields in TEXT_FIELDS.items()
        for row in model._default_manager.all()
        for field in fields
    ]


def plan_of(answers: Answers) -> RowPlan:
    return sheet_of(answers).plan


def steps(answers: Answers, regime: Regime = Regime.CPAM) -> list[PlanLine]:
    (track,) = [track for track in plan_of(answers).tracks if regime in track.regimes]
    return track.groups[Kind.STEP]


def told(answers: Answers, regime: Regime = Regime.CPAM) -> str:
    (track,) = [track for track in plan_of(answers).tracks if regime in track.regimes]
    return " ".join(f"{line.heading} {line.text} {line.trap}" for line in track.lines)


def test_every_way_through_the_questions_reaches_a_plan_with_steps_for_each_caisse() -> None:
    without = []
    for reading in READINGS:
        plan = plan_of(answers_of(reading))
        expected = {Regime.CPAM, Regime.MSA}
        if answers_of(reading).regime is not Regime.UNKNOWN:
            expected = {answers_of(reading).regime}
        assert {regime for track in plan.tracks for regime in track.regimes} == expected
        without += [
            (reading.params, track.regimes) for track in plan.tracks if not track.groups[Kind.STEP]
        ]

    assert without == []


def test_every_channel_has_steps_of_its_own_or_common_to_all() -> None:
    for reading in READINGS:
        answers = answers_of(reading)
        if answers.channel is None or answers.regime is Regime.UNKNOWN:
            continue
        (track,) = plan_of(answers).tracks
        assert any(
            not step.channels or answers.channel in step.channels for step in track.groups["step"]
        )


def test_no_line_is_unreachable() -> None:
    reached = {
        line.key
        for reading in READINGS
        for plan in [plan_of(answers_of(reading))]
        for line in (*plan.first, *(line for track in plan.tracks for line in track.lines))
    }
    common = PlanLine.objects.filter(situation=None, regimes=[]).values_list("key", flat=True)

    keys = set(PlanLine.objects.values_list("key", flat=True))

    assert keys - reached == set(common)


def test_no_delay_is_unreachable() -> None:
    reached = {
        track.delay.pk
        for reading in READINGS
        for track in plan_of(answers_of(reading)).tracks
        if track.delay
    }

    assert set(Delay.objects.values_list("pk", flat=True)) == reached


def test_the_situations_are_those_of_the_rules() -> None:
    slugs = set(Situation.objects.values_list("slug", flat=True))

    assert slugs == {situation.value for situation in situations.Situation}


def test_every_delay_has_a_dated_source() -> None:
    assert Delay.objects.count() > 0
    assert list(Delay.objects.filter(source__published_on=None)) == []


def test_no_delay_is_told_where_none_is_published() -> None:
    silent = ("msa", "identite", "retraite-etranger", "enfant-12-15")

    assert list(Delay.objects.filter(situation__in=silent)) == []
    assert list(Delay.objects.exclude(regime="cpam")) == []


def test_the_msa_and_the_others_never_inherit_a_delay_of_the_cpam() -> None:
    duration = re.compile(r"\b\d+\s*(à\s*\d+\s*)?(jours|semaines|mois|heures)\b")
    read = 0
    for reading in READINGS:
        for track in plan_of(answers_of(reading)).tracks:
            if Regime.CPAM in track.regimes:
                continue
            read += 1
            assert track.delay is None
            assert [
                line.key for line in track.lines if duration.search(f"{line.text} {line.trap}")
            ] == []

    assert read > 100


def test_the_delays_of_the_cpam_are_those_of_the_fiche() -> None:
    loss = [
        (channel, track.delay.wording if track.delay else None)
        for channel in situations.channels(situations.Situation.LOSS, Regime.CPAM)
        for track in plan_of(
            Answers(Regime.CPAM, situations.Situation.LOSS, frozenset(), channel)
        ).tracks
    ]
    first = [
        (channel, track.delay.wording if track.delay else None)
        for channel in situations.channels(situations.Situation.FIRST, Regime.CPAM)
        for track in plan_of(
            Answers(Regime.CPAM, situations.Situation.FIRST, frozenset(), channel)
        ).tracks
    ]

    assert loss == [
        ("en-ligne", "2 à 3 semaines"),
        ("appli", "2 à 3 semaines"),
        ("telephone", None),
        ("guichet", "sous 3 semaines"),
    ]
    assert first == [
        ("en-ligne", "2 semaines"),
        ("appli", "2 semaines"),
        ("courrier", "3 semaines environ"),
    ]


def test_what_is_declared_and_what_is_ordered_are_two_steps_to_tick() -> None:
    for situation in ORDERS:
        for channel in (Channel.ONLINE, Channel.APP):
            declared, ordered, received = steps(
                Answers(Regime.CPAM, situation, frozenset(), channel)
            )
            assert declared.heading.startswith("Déclarez")
            assert "n’en commande pas" in declared.trap
            assert ordered.heading == "Commandez une nouvelle carte"
            assert "deuxième demande" in ordered.trap
            assert [step.trackable for step in (declared, ordered, received)] == [True] * 3


def test_the_desk_sends_a_form_that_must_come_back() -> None:
    found = steps(Answers(Regime.CPAM, ORDERS[0], frozenset(), Channel.DESK))

    assert [(step.who, step.trackable) for step in found] == [
        ("Vous", True),
        ("La CPAM", False),
        ("Vous", True),
        ("Vous", True),
    ]


def test_the_form_is_useless_after_an_order_online() -> None:
    case = frozenset({"deja-commandee"})

    (first, *_) = steps(Answers(Regime.CPAM, situations.Situation.SIXTEEN, case))

    assert "ne sert à rien" in first.trap


def test_a_waiting_number_orders_no_card() -> None:
    for case in ("nia", "sans-numero"):
        answers = Answers(Regime.CPAM, situations.Situation.NEWCOMER, frozenset({case}))
        headings = [step.heading for step in steps(answers)]
        order = next(i for i, heading in enumerate(headings) if "commandez" in heading)
        assert headings[order].startswith("Une fois le numéro définitif reçu")
        assert any("numéro d’attente" in step.trap for step in steps(answers)[:order])


def test_the_record_is_corrected_before_the_insee_is_asked() -> None:
    def headings(*cases: str) -> list[str]:
        answers = Answers(Regime.CPAM, situations.Situation.IDENTITY, frozenset(cases))
        return [step.heading for step in steps(answers)]

    assert headings("acte-faux", "naissance-insee")[:2] == [
        "Faites d’abord corriger l’acte de naissance",
        "Demandez la correction à l’Insee",
    ]
    assert (
        headings("acte-juste", "naissance-ailleurs")[0] == "Demandez la correction à votre caisse"
    )


def test_a_wrong_record_of_a_birth_abroad_never_leads_to_this_mairie() -> None:
    for case in ("acte-faux", "acte-inconnu"):
        cases = frozenset({case, "naissance-ailleurs"})
        first, second, *_ = steps(Answers(Regime.CPAM, situations.Situation.IDENTITY, cases))
        assert "service central d’état civil" in first.text
        assert (first.contact_id, "mairie de naissance" in first.text) == ("service-central", True)
        assert second.heading == "Demandez la correction à votre caisse"


def test_a_widow_tells_her_caisse_and_gives_the_card_back() -> None:
    answers = Answers(Regime.CPAM, situations.Situation.NAME, frozenset({"veuvage"}))

    assert [step.heading for step in steps(answers)] == [
        "Dites le décès à votre caisse",
        "Rendez la carte de la personne décédée à sa caisse",
        "Mettez votre carte à jour à une borne",
    ]
    assert "Insee" not in told(answers)


def test_abroad_the_number_is_one_that_works_there() -> None:
    for channel in (Channel.ONLINE, Channel.PHONE):
        answers = Answers(Regime.CPAM, situations.Situation.ABROAD, frozenset(), channel)
        sheet = sheet_of(answers)
        (part,) = sheet.parts
        assert part.ask is not None
        assert part.ask.phone == "+33 1 84 90 36 46"
        named = {line.contact.phone for line in part.track.lines if line.contact}
        assert named <= {"+33 1 84 90 36 46"}


def test_a_waiting_number_lasts_nine_months_and_has_a_site_for_students() -> None:
    text = told(Answers(Regime.CPAM, situations.Situation.NEWCOMER, frozenset({"nia"})))

    assert "9 mois" in text
    assert "etudiant-etranger.ameli.fr" in text
    assert "traduits" in text
    assert "compte ameli" in text


@pytest.mark.parametrize("fund", ["mgen", "sncf", "ratp", "cnmss", "enim", "crpcen"])
def test_a_named_caisse_is_reached_at_its_own_address(fund: str) -> None:
    sheet = sheet_of(Answers(Regime.OTHER, situations.Situation.LOSS, frozenset({fund})))
    (part,) = sheet.parts

    assert part.ask is not None
    assert part.ask.link is not None
    assert part.ask.key == fund
    (first, *_) = part.track.groups[Kind.STEP]
    assert first.contact == part.ask


@pytest.mark.parametrize("given", ["rien-donne", "banque-donnee", "code-donne"])
@pytest.mark.parametrize(("means", "where"), [("sms", "33700"), ("e-mail", "e-mail")])
def test_a_message_is_reported_then_kept_then_deleted(given: str, means: str, where: str) -> None:
    cases = frozenset({means, given})
    headings = [
        step.heading for step in steps(Answers(Regime.UNKNOWN, situations.Situation.FRAUD, cases))
    ]

    order = [
        next(i for i, heading in enumerate(headings) if word in heading)
        for word in ("Signalez", "Gardez", "Supprimez")
    ]
    assert order == sorted(order)
    assert order[-1] == len(headings) - 1
    assert where in headings[order[0]]
    assert ("Portez plainte" in " ".join(headings)) == (given != "rien-donne")


def test_a_call_is_hung_up_and_has_nothing_to_delete() -> None:
    cases = frozenset({"appel", "rien-donne"})
    found = steps(Answers(Regime.UNKNOWN, situations.Situation.FRAUD, cases))

    assert [step.heading for step in found] == [
        "Raccrochez, et ne rappelez pas",
        "Signalez l’appel",
        "Gardez une trace de l’appel",
    ]
    assert "surtaxé" in found[0].why


def said(reading: Reading) -> str:
    """All that a plan tells, the questions that led to it left out."""
    sheet = sheet_of(answers_of(reading))
    return repr(
        [
            (
                part.track.regimes if sheet.plan.is_split else "",
                [(line.pk, line.contact and line.contact.pk) for line in part.track.lines],
                part.track.delay and part.track.delay.pk,
                part.ask and part.ask.pk,
            )
            for part in sheet.parts
        ]
    )


def test_a_question_is_asked_only_where_its_answer_changes_the_plan() -> None:
    plans = {tuple(reading.params.items()): said(reading) for reading in READINGS}
    ways: dict[tuple[object, ...], dict[str, set[str]]] = {}
    for params, text in plans.items():
        for depth, (name, value) in enumerate(params):
            asked = ways.setdefault((*params[:depth], name), {})
            asked.setdefault(value, set()).add(text)

    useless = [
        way
        for way, answers in ways.items()
        if len({frozenset(texts) for texts in answers.values()}) == 1
    ]

    assert useless == []


def test_a_victim_warns_the_bank_first() -> None:
    for means in ("sms", "appel", "e-mail"):
        case = frozenset({means, "banque-donnee"})
        (first, *_) = steps(Answers(Regime.UNKNOWN, situations.Situation.FRAUD, case))
        assert first.heading == "Appelez votre banque tout de suite, et faites opposition"
        assert first.link is not None
        assert first.link.url.endswith("/F31241")


def test_the_paper_copy_is_never_said_to_prove_rights() -> None:
    """The older sentence of the mairie's page, contradicted by the fiche F10662."""
    for text in texts():
        lower = text.lower()
        assert "ce document est utile" not in lower
        assert "justifier de vos droits" not in lower
        assert not ("copie papier" in lower and "attestation" in lower)


def test_no_text_speaks_for_the_caisse() -> None:
    forbidden = re.compile(
        r"accepté|refusée|en cours de fabrication|expédiée|validée|en retard", re.IGNORECASE
    )

    assert [text for text in texts() if forbidden.search(text)] == []


def test_addresses_stand_in_links_only() -> None:
    assert [text for text in texts() if "http" in text or "www." in text] == []
    assert [link.url for link in Link.objects.all() if not link.url.startswith("https://")] == []
    assert [link.key for link in Link.objects.all() if not link.path] == []


def test_every_telephone_is_written_in_words_too() -> None:
    phones = Contact.objects.exclude(phone="")

    assert phones.count() == 4
    assert list(phones.filter(phone_words="")) == []


def test_texts_use_french_signs() -> None:
    assert [text for text in texts() if "'" in text or '"' in text or "..." in text] == []


def test_every_row_keeps_its_references() -> None:
    """Each link, contact and source named by a row is there, and each one is used."""
    rows = [*PlanLine.objects.all(), *Fact.objects.all(), *Contact.objects.all()]
    links = {link for row in rows if (link := row.link_id)}
    contacts = {line.contact_id for line in PlanLine.objects.exclude(contact=None)}
    every: list[Model] = [*rows, *Delay.objects.all(), *Link.objects.all()]
    sources = {row.source_id for row in every}  # type: ignore[attr-defined]

    assert links <= set(Link.objects.values_list("key", flat=True))
    assert contacts <= set(Contact.objects.values_list("key", flat=True))
    assert sources == set(Source.objects.values_list("key", flat=True))


def test_every_part_of_the_replaced_page_has_its_place() -> None:
    """The list of the mairie's page: purpose, holders, first card, child, 16, newcomer, MSA,
    content, application, errors, validity, update, loss, fraud, where to ask."""
    facts = set(Fact.objects.values_list("key", flat=True))
    needed = {
        "a-quoi-elle-sert", "qui", "premiere-carte", "enfant", "seize", "arriver", "agricole",
        "toujours", "appli-quoi", "inexacte", "duree", "quand", "bornes-ou", "perdue", "en-panne",
        "seul-numero", "mails",
    }  # fmt: skip

    assert needed - facts == set()
    assert {fact.section for fact in Fact.objects.all()} == set(Section.values)
    assert Contact.objects.exclude(role="").count() == 16


def test_what_the_replaced_page_said_and_was_lost_is_back() -> None:
    """Content of the application, long illness, change of caisse, number at a premium rate,
    opposition, Mon espace santé, the number, care abroad, the texts of the law."""
    said = " ".join([*texts(), *Link.objects.values_list("url", flat=True)])

    for words in (
        "L’application montre", "affection de longue durée", "changement de caisse", "surtaxé",
        "/F31241", "/F36151", "/F33078", "/F213", "LEGIARTI000043498566",
        "LEGISCTA000006186376", "JORFTEXT000000647622", "JORFTEXT000000461627",
        "JORFTEXT000038514488",
    ):  # fmt: skip
        assert words in said


def test_a_new_portal_says_what_was_read_and_claims_no_reading_of_its_own() -> None:
    """Only three documents were read whole; nobody has read a page of today."""
    models = (PlanLine, Fact, Contact, Link, Delay, SuiviOffset)
    rows = [row for model in models for row in model._default_manager.select_related("source")]

    assert {row.checked_on for row in rows} == {None}
    assert [row for row in rows if row.as_of != row.source.published_on] == []
    whole = set(Source.objects.filter(read_whole=True).values_list("key", flat=True))
    assert whole == {"f265", "f10662", "r49454"}


def test_nobody_outside_the_desk_is_asked_to_confirm() -> None:
    words = re.compile(r"à confirmer|vérifié le", re.IGNORECASE)

    assert [text for text in texts() if words.search(text)] == []
    assert [str(source) for source in Source.objects.all() if words.search(source.title)] == []


# What the admin refuses


def line(**fields: object) -> PlanLine:
    values: dict[str, object] = {
        "key": "essai.1",
        "kind": "step",
        "text": "Un texte",
        "source": Source.objects.get(key="f265"),
    }
    return PlanLine(**{**values, **fields})


@pytest.mark.parametrize(
    "fields",
    [
        {"channels": ["pigeon"]},
        {"cases": ["nia", "autre-chose"]},
        {"regimes": "cpam"},
        {"text": "Allez sur https://ameli.fr"},
    ],
)
def test_a_line_that_could_not_be_told_is_refused(fields: dict[str, object]) -> None:
    line().full_clean()

    with pytest.raises(ValidationError):
        line(**fields).full_clean()


def test_a_delay_without_a_dated_source_is_refused() -> None:
    delay = Delay.objects.first()
    assert delay is not None
    delay.full_clean()

    delay.source = Source.objects.get(key="mairie")

    with pytest.raises(ValidationError, match="source datée"):
        delay.full_clean()


def test_a_delay_out_of_order_is_refused_by_the_database() -> None:
    with pytest.raises(IntegrityError):
        Delay.objects.update(min_days=30, max_days=2)


def test_rows_have_names() -> None:
    delay = Delay.objects.filter(situation="perte").first()

    assert str(delay) == "perte (cpam) : 2 à 3 semaines"
    assert str(line(heading="")) == "Un texte"
    assert Contact.objects.get(key="cnarefe").dial == "+33811701005"
    assert [str(Source(title="F265")), str(Link(title="Lien")), str(Contact(name="MSA"))] == [
        "F265",
        "Lien",
        "MSA",
    ]
    assert [str(Situation(title="Perdue")), str(Fact(heading="Une carte"))] == [
        "Perdue",
        "Une carte",
    ]
    assert Source.objects.get(key="f265").published_on == date(2025, 11, 18)


def test_a_newer_national_document_asks_to_read_its_texts_again(
    tmp_path: Path, agent_other: User
) -> None:
    def imported(day: str) -> str:
        folder = tmp_path / day
        folder.mkdir()
        xml = fiche_xml("F265").replace("modified 2026-03-04", f"modified {day}")
        (folder / "F265.xml").write_text(xml)
        call_command("import_comarquage", str(folder), stdout=(said := StringIO()))
        return said.getvalue()

    def pile() -> int:
        found = {one.title: one.count for one in piles(agent_other)}
        return found["Carte Vitale : textes dont la source a changé"]

    assert pile() == 0
    assert "Carte Vitale : la fiche F265 est datée du 4\u00a0mars 2026." in imported("2026-03-04")
    assert pile() > 10
    confirm_read(PlanLine.objects.all(), as_read(PlanLine.objects.all()), on=date(2026, 4, 1))

    assert "F265 est datée du 2\u00a0février 2027" in imported("2027-02-02")

    assert pile() > 10
    assert Source.objects.get(pk="f265").published_on == date(2027, 2, 2)
    call_command("import_comarquage", rollback=True, stdout=(said := StringIO()))
    assert "F265" not in said.getvalue()
    # What is in service is older; what has been published is not.
    assert Source.objects.get(pk="f265").published_on == date(2027, 2, 2)
    assert pile() > 10


def test_an_older_set_dates_nothing_backwards(tmp_path: Path) -> None:
    xml = fiche_xml("F265").replace("modified 2026-03-04", "modified 2020-10-14")
    (tmp_path / "F265.xml").write_text(xml)

    call_command("import_comarquage", str(tmp_path), stdout=StringIO())

    assert Source.objects.get(pk="f265").published_on == date(2025, 11, 18)
    assert set(PlanLine.objects.filter(source="f265").values_list("as_of", flat=True)) == {
        date(2025, 11, 18)
    }


def as_read(rows: QuerySet[PlanLine]) -> dict[int, str]:
    """What a list of these texts carries."""
    return {row.pk: imprint(text_shown(row)) for row in rows.select_related("source")}


@pytest.mark.parametrize("change", ["text", "source"])
def test_a_text_that_changed_since_its_list_was_read_is_not_confirmed(change: str) -> None:
    rows = PlanLine.objects.filter(source="f265", situation="perte").order_by("pk")
    read = as_read(rows)
    changed = list(rows)
    if change == "text":
        changed = changed[:1]
        PlanLine.objects.filter(pk=changed[0].pk).update(text="Autre chose.")
    else:
        Source.objects.filter(pk="f265").update(published_on=date(2027, 2, 2))
    before = {row.pk: (row.checked_on, row.as_of) for row in changed}

    outcome = confirm_read(PlanLine.objects.all(), read, on=date(2027, 3, 1))

    assert outcome.changed == changed
    assert {row.pk: (row.checked_on, row.as_of) for row in outcome.changed} == before
    assert len(outcome.done) + len(changed) == rows.count() > 1
    assert rows.filter(checked_on=date(2027, 3, 1)).count() == len(outcome.done)


def test_confirming_notes_the_day_and_the_version_that_was_read() -> None:
    Source.objects.filter(pk="f265").update(published_on=date(2027, 2, 2))
    rows = PlanLine.objects.filter(source__in=["f265", "mairie"], situation="perte")
    assert to_reread(rows).count() == rows.filter(source="f265").count() > 0

    confirm_read(rows, as_read(rows), on=date(2027, 3, 1))

    assert set(rows.values_list("source", "as_of", "checked_on")) == {
        ("f265", date(2027, 2, 2), date(2027, 3, 1)),
        ("mairie", None, date(2027, 3, 1)),
    }
    assert (to_reread(rows).count(), to_confirm(rows).count()) == (0, 0)


def test_a_source_that_is_a_national_document_is_read_on_our_page(
    client: Client, reference_data: None
) -> None:
    html = client.get(reverse("vitale:home")).content.decode()

    assert '<a href="/fiches/F265/">' in html
    assert "service-public.gouv.fr/particuliers/vosdroits/F265" not in html

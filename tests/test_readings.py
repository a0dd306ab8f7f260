"""Every look at somebody's data at the desk is written down: one line an address.

The addresses are those of the URLconf and of the registered admins: one without a line fails.
Each is really asked for, with data that could be seen, and the readings it added are counted.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from post_office.models import Email

from demarches.models import (
    Closing,
    ClosingLine,
    DeletionRequest,
    DeskReading,
    Mairie,
    Officer,
    User,
)
from pacs.actions.appointments import book_for
from pacs.actions.endings import end_dossier
from pacs.actions.pieces import add_file, answer_piece
from pacs.actions.registration import Ceremony, open_act, originals_of, register_pacs
from pacs.models import Avis, Dossier, LaterAct, Reading, Registration
from pacs.models.registration import signed_by
from tests.support.appointments import make_complete
from tests.support.dossiers import OTHER, PERSON, dates_read, make_dossier, send
from tests.support.files import png
from tests.support.followups import help_agenda, make_demande
from tests.support.present import the
from vitale.actions.aide import take
from vitale.models import Demande, DemandeReading

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 23, 10, tzinfo=PARIS)
START = datetime(2026, 12, 14, 9, tzinfo=PARIS)
DAY = f"?jour={START.date()}"

#: Models of the admin that hold nothing of a resident, and why each of their pages adds nothing.
ABOUT_NOBODY = {
    "auth_group": "droits",
    "demarches_service": "horaires",
    "demarches_mairie": "la mairie",
    "demarches_closure": "fermetures",
    "demarches_agenda": "règles ; en cas de conflit, des références sans un nom",
    "demarches_agendadaychange": "jours ouverts ; en cas de conflit, des références sans un nom",
    "demarches_shownfiche": "fiches nationales",
    "demarches_feedbackcount": "des nombres, sans personne",
    "demarches_ficheset": "fiches nationales",
    "demarches_sitepage": "pages du site",
    "demarches_synonym": "des mots",
    "demarches_officer": "officiers : des agents",
    "demarches_user": "comptes des agents",
    "demarches_signin": "entrées des agents",
    "socialaccount_socialaccount": "comptes des agents",
    "pacs_pacssettings": "réglages",
    "pacs_refusalreason": "textes",
    "pacs_messagetemplate": "textes",
    "pacs_piecetranslation": "textes",
    "pacs_piecewording": "textes",
    "vitale_aidesettings": "réglages",
    "vitale_planline": "textes",
    "vitale_delay": "textes",
    "vitale_fact": "textes",
    "vitale_link": "textes",
    "vitale_contact": "organismes",
    "vitale_source": "sources",
    "vitale_situation": "textes",
    "vitale_suivioffset": "délais",
    "vitale_reason": "textes",
    "vitale_answertemplate": "textes",
}
#: Single pages that show nothing of anybody, and why.
SHOWS_NOBODY = {
    "app_list": "des titres",
    "login": "avant d’entrer",
    "logout": "en sortant",
    "password_change": "son propre mot de passe",
    "password_change_done": "son propre mot de passe",
    **dict.fromkeys(
        (
            "password_choose",
            "password_lost",
            "second_factor",
            "second_factor_enrol",
            "second_factor_leave",
            "security",
            "recovery_codes",
            "recovery_codes_new",
            "device_remove",
            "session_end",
            "sign_in_again",
        ),
        "son propre compte d’agent",
    ),
    "jsi18n": "des mots",
    "view_on_site": "renvoie ailleurs",
    "autocomplete": "404",
    "pacs_dossier_counter": "un bouton",
    "pacs_dossier_pieces_list": "des questions et des pièces, sans un nom",
    "pacs_dossier_door": "un formulaire vide, par la référence",
    "pacs_dossier_undo": "agit et revient au dossier",
    "pacs_dossier_add": "renvoie au guichet",
    "pacs_dossier_next": "renvoie au premier dossier de la pile",
    "pacs_dossier_delete": "404",
    "pacs_registration_counts": "des nombres, sans un nom",
    "pacs_registration_old": "ce que l’agent tape lui-même",
    "pacs_registration_add": "403",
    "pacs_registration_history": "404",
    "pacs_registration_delete": "403",
    "demarches_deletionrequest_add": "403",
    "demarches_deletionrequest_delete": "403",
    "post_office_email_add": "403",
    "post_office_email_history": "404",
    "post_office_email_delete": "403",
    "agenda_feed": "une adresse de l’agent lui-même",
    "agenda_feed_stop": "agit et revient à la page",
    "close_day": "un jour, sans un nom",
    "closing_abandon": "agit et revient à l’accueil",
    "closing_called": "agit et revient à la fermeture",
    "service": "machines et commandes, personne",
    "vitale_demande_counts": "des nombres, cachés sous 5",
    "vitale_demande_next": "mène à la demande",
    "vitale_demande_undo": "agit et revient à la demande",
    "vitale_demande_add": "403",
    "vitale_demande_history": "404",
    "vitale_demande_delete": "403",
}
#: Address -> (query, {journal: readings it adds}). Two rows for a page that a POST shows as well.
#: Addresses without arguments end so.
BARE = ("list", "day", "births", "avis", "letters", "index", "journal", "agenda")
ONE = {"dossier": 1}
LINE = {"line": 1}
HELP = {"demande": 1}
LOOKS: dict[str, list[tuple[str, str, dict[str, int]]]] = {
    # Those expected today, and those just confided, are named: none here.
    "index": [("", "GET", {})],
    # The journal itself
    "journal": [("", "GET", {"desk": 1}), ("?format=csv", "GET", {"desk": 1})],
    # The dossiers: one sent, one refused, one scheduled, one registered.
    "pacs_dossier_changelist": [
        ("", "GET", {"dossier": 4}),
        ("?q=lemoine", "GET", {"dossier": 4}),
        ("?status=inadmissible", "GET", {"dossier": 1}),
        ("?q=personne", "GET", {}),
    ],
    "pacs_dossier_table": [("", "GET", {"dossier": 4}), ("?q=lemoine", "GET", {"dossier": 4})],
    "pacs_dossier_confide": [("?dossier={dossier}", "GET", ONE)],
    "pacs_dossier_lists": [("?dossier={dossier}", "GET", ONE)],
    "pacs_dossier_change": [("", "GET", ONE)],
    "pacs_dossier_exchanges": [("", "GET", ONE)],
    "pacs_dossier_follow_up": [("", "GET", ONE)],
    "pacs_dossier_history": [("", "GET", ONE)],
    "pacs_dossier_act": [("", "POST", ONE)],
    "pacs_dossier_end": [("", "GET", ONE), ("", "POST", ONE)],
    "pacs_dossier_answers": [("", "GET", ONE), ("", "POST", ONE)],
    "pacs_dossier_guided": [("", "GET", ONE), ("", "POST", ONE)],
    "pacs_dossier_paper": [("", "GET", ONE)],
    "pacs_dossier_file": [("", "GET", ONE)],
    "pacs_dossier_preview": [("", "GET", ONE)],
    "pacs_dossier_book": [("", "GET", ONE), ("", "POST", ONE)],
    "pacs_dossier_book_apart": [("", "GET", ONE), ("", "POST", ONE)],
    "pacs_dossier_register": [("", "GET", ONE), ("", "POST", ONE)],
    "pacs_dossier_decision": [("", "GET", ONE)],
    "pacs_dossier_day": [(DAY, "GET", {"dossier": 2}), ("?jour=2026-12-01", "GET", {})],
    "pacs_dossier_sheet": [(DAY, "GET", {"dossier": 2})],
    "pacs_dossier_arrival": [("?convocation={reference}", "GET", ONE)],
    "pacs_dossier_give": [("?creneau=2026-12-15T09:00%2B01:00", "GET", {})],
    "pacs_dossier_births": [("", "GET", ONE)],
    # The agenda: the week names people, the month counts.
    "agenda": [
        (DAY, "GET", {"dossier": 2}),
        (DAY + "&vue=mois", "GET", {}),
        ("?jour=2026-12-01", "GET", {}),
    ],
    # A day that is being closed
    "closing": [("", "GET", ONE), ("", "POST", ONE)],
    "closing_confirm": [("", "GET", ONE), ("", "POST", ONE)],
    # The register
    "pacs_registration_changelist": [("", "GET", LINE), ("?q=lemoine", "GET", LINE)],
    "pacs_registration_table": [("", "GET", LINE)],
    "pacs_registration_change": [("", "GET", LINE), ("", "POST", LINE)],
    "pacs_registration_paper": [("", "GET", LINE)],
    "pacs_registration_avis": [("", "GET", LINE)],
    "pacs_registration_letter": [("", "GET", LINE)],
    "pacs_registration_letters": [("?avis={avis}", "GET", LINE)],
    "pacs_registration_rectify": [("", "GET", LINE), ("", "POST", LINE)],
    "pacs_registration_act": [("", "GET", LINE)],
    "pacs_registration_act_paper": [("", "GET", LINE)],
    # Requests for help
    "vitale_demande_changelist": [("", "GET", HELP), ("?q=roux", "GET", HELP)],
    "vitale_demande_change": [("", "GET", HELP)],
    "vitale_demande_act": [("", "POST", HELP)],
    "vitale_demande_cancel": [("", "GET", HELP), ("", "POST", HELP)],
    "vitale_demande_book": [("", "GET", HELP), ("", "POST", HELP)],
    # Mails
    "demarches_deletionrequest_changelist": [("", "GET", {"desk": 1})],
    "demarches_deletionrequest_history": [("", "GET", {"desk": 1})],
    "demarches_deletionrequest_change": [("", "GET", {"desk": 1}), ("", "POST", {"desk": 1})],
    "post_office_email_changelist": [("", "GET", {"desk": 1})],
    "post_office_email_change": [("", "GET", {"desk": 1})],
}


def desk_names() -> set[str]:
    """Every address behind the staff's sign-in, but the catch-all that answers 404."""

    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            elif pattern.name:
                yield pattern.name

    _, desk = get_resolver().namespace_dict["admin"]
    return set(walk(desk.url_patterns))


def is_about_nobody(name: str) -> bool:
    return name.rpartition("_")[0] in ABOUT_NOBODY


def test_every_address_of_the_desk_has_a_line() -> None:
    names = desk_names()

    lines = set(LOOKS) | set(SHOWS_NOBODY)
    assert {n for n in names if not is_about_nobody(n)} == lines
    assert set(LOOKS).isdisjoint(SHOWS_NOBODY)


@pytest.fixture
def clock(reference_data: None) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def scene(clock: time_machine.Traveller, agent: User) -> dict[str, tuple[Any, ...]]:
    """Something to see behind every address: its arguments."""
    officer = Officer.objects.create(
        name="Claire Martin", quality="adjointe au maire", in_force_from=date(2026, 1, 1)
    )
    couples = [
        [User.objects.create_user(f"{who}{rank}@example.org") for who in "ab"] for rank in range(4)
    ]
    # Each couple is other people, since one of them comes into the register.
    drafts = [
        make_dossier(*couple, at=NOW, people=({**PERSON, **born}, {**OTHER, **born}))
        for rank, couple in enumerate(couples)
        for born in [{"birth_year": PERSON["birth_year"] - rank}]
    ]
    piece = drafts[0].pieces.select_related("dossier").get(key="1-P03_identite")
    answer_piece(piece, declared=None, expires_on=date(2031, 1, 1), at=NOW)
    picture = SimpleUploadedFile("carte.png", png(), content_type="image/png")
    stored, _ = add_file(piece, picture, "carte.png", partenaire=drafts[0].people[0], at=NOW)
    for rank, draft in enumerate(drafts[:2]):
        complete = make_complete(draft, agent, at=NOW)
        book_for(complete, START + timedelta(minutes=30 * rank), by=agent, at=NOW)
    waiting = send(drafts[3], at=NOW)
    Dossier.objects.filter(pk=waiting.pk).update(at_counter=True)
    # The mairie verifies this birth itself.
    waiting.pieces.filter(rule_id="P11_naissance_fr", partenaire__position=1).update(
        rule_id="P10_naissance_comedec"
    )
    refused = send(drafts[2], at=NOW)
    end_dossier(refused, "irrecevable", reason="Déjà mariés.", by=agent, at=NOW, version=None)
    second = Dossier.objects.get(pk=drafts[1].pk)
    ceremony = Ceremony(
        officer,
        START,
        [1, 2],
        [one.key for one, _ in originals_of(second)],
        dates_read(second, START.date()),
        convention_visa=True,
        convention_returned=True,
    )
    at_the_counter = the(second.appointment).starts_at
    line = register_pacs(second, ceremony, by=agent, at=at_the_counter, version=None)
    act = open_act(
        line,
        kind="modification",
        received_on=START.date(),
        by_post=False,
        pieces=(),
        event_on=None,
        by=agent,
        at=START,
    )
    ended = LaterAct.objects.create(
        reference="ACTE-0", registration=line, kind="dissolution_mariage", status="registered",
        received_on=START.date(), effect_on=START.date(), registered_at=NOW,
        agent=agent, **signed_by(officer),
    )  # fmt: skip
    help_agenda()
    demande = make_demande(at=NOW)
    asker = User.objects.create_user("demande@example.org")
    asked = DeletionRequest.objects.create(account=asker, asked_at=NOW)
    take(demande, by=agent, at=NOW, version=Demande.objects.get().version)
    first = drafts[0].pk
    closing = Closing.objects.create(
        mairie=Mairie.objects.get(),
        day=START.date(),
        last_day=START.date(),
        reason="formation",
        by=agent,
        at=NOW,
        held_until=NOW + timedelta(minutes=30),
    )
    booked = the(Dossier.objects.get(pk=first).appointment)
    ClosingLine.objects.create(closing=closing, appointment=booked)
    return {
        "closing": (closing.pk,),
        "closing_confirm": (closing.pk,),
        "pacs_dossier_act": (first, "noter"),
        "pacs_dossier_end": (first, "clore"),
        "pacs_dossier_guided": (waiting.pk, "deposer"),
        "pacs_dossier_paper": (first, "declaration"),
        "pacs_dossier_file": (stored.pk,),
        "pacs_dossier_preview": (stored.pk, 1),
        "pacs_dossier_decision": (refused.pk,),
        "pacs_dossier_sheet": ("officier",),
        "pacs_dossier_table": ("csv",),
        "pacs_dossier_confide": (),
        "pacs_dossier_give": (),
        "pacs_dossier_arrival": (),
        "pacs_dossier_lists": (),
        "pacs_registration_table": ("ods",),
        "pacs_registration_paper": (line.pk, "recepisse"),
        "pacs_registration_letter": (the(Avis.objects.first()).pk,),
        "pacs_registration_rectify": (line.pk,),
        "pacs_registration_act": (act.pk,),
        "pacs_registration_act_paper": (ended.pk, "lettre-1"),
        "vitale_demande_act": (demande.pk, "repondre"),
        "demarches_deletionrequest_history": (asked.pk,),
        "demarches_deletionrequest_change": (asked.pk,),
        "post_office_email_change": (Email.objects.first().pk,),
        **{
            f"pacs_dossier_{name}": (first,)
            for name in (
                "change",
                "answers",
                "book",
                "book_apart",
                "register",
                "exchanges",
                "follow_up",
            )
        },
        "pacs_dossier_history": (first,),
        "pacs_registration_change": (line.pk,),
        **{f"vitale_demande_{name}": (demande.pk,) for name in ("change", "cancel", "book")},
        **{name: () for name in LOOKS if name.endswith(BARE)},
    }


def counts() -> dict[str, int]:
    readings = Reading.objects
    return {
        "dossier": readings.filter(dossier__isnull=False).count(),
        "line": readings.filter(registration__isnull=False).count(),
        "demande": DemandeReading.objects.count(),
        "desk": DeskReading.objects.count(),
    }


def test_each_page_adds_the_readings_of_whom_it_shows(
    scene: dict[str, tuple[Any, ...]], client: Client
) -> None:
    chief = User.objects.create_superuser("chef@example.org", full_name="Lou Pagès")
    client.force_login(chief, backend="django.contrib.auth.backends.ModelBackend")
    found: dict[str, list[tuple[str, str, dict[str, int]]]] = {}
    statuses = set()

    for name, lines in LOOKS.items():
        url = reverse(f"admin:{name}", args=scene[name])
        for query, method, _ in lines:
            before = counts()
            where = url + query.format(
                avis=Avis.objects.order_by("pk")[0].pk,
                dossier=scene["pacs_dossier_change"][0],
                reference=Dossier.objects.get(pk=scene["pacs_dossier_change"][0]).reference,
            )
            statuses.add(client.generic(method, where).status_code)
            after = counts()
            added = {one: after[one] - before[one] for one in after if after[one] != before[one]}
            found.setdefault(name, []).append((query, method, added))

    assert found == LOOKS
    assert statuses <= {200, 409, 422}
    assert set(DemandeReading.objects.values_list("agent", flat=True)) == {chief.pk}


def test_each_sheet_of_the_day_adds_the_readings_of_whom_it_shows(
    scene: dict[str, tuple[Any, ...]], client: Client, agent: User
) -> None:
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")

    for slug, shown in (("officier", 2), ("accueil", 2), ("plan-b", 0)):
        before = Reading.objects.count()
        client.get(reverse("admin:pacs_dossier_sheet", args=[slug]) + DAY)
        assert Reading.objects.count() - before == shown, slug
    for slug in ("recepisse", "attestation", "extrait"):
        before = Reading.objects.count()
        line = Registration.objects.get()
        client.get(reverse("admin:pacs_registration_paper", args=[line.pk, slug]))
        assert Reading.objects.count() - before == 1, slug


def test_what_is_refused_or_missing_adds_nothing(
    scene: dict[str, tuple[Any, ...]], client: Client, agent_other: User
) -> None:
    client.force_login(agent_other, backend="django.contrib.auth.backends.ModelBackend")
    # An administrateur answers these.
    others = [name for name in LOOKS if not name.startswith("demarches_deletionrequest")]
    before = counts()

    statuses = {
        name: client.get(reverse(f"admin:{name}", args=scene[name])).status_code for name in others
    }

    assert statuses.pop("index") == 200  # without a pile
    assert set(statuses.values()) <= {403, 404}
    assert counts() == before


def test_the_evening_export_is_a_look_of_the_machine(
    scene: dict[str, tuple[Any, ...]], clock: time_machine.Traveller, tmp_path: Path
) -> None:
    clock.move_to(START - timedelta(days=3))

    call_command("make_plan_b", str(tmp_path))

    looks = Reading.objects.filter(what="plan B écrit par la machine")
    assert looks.count() == 2
    assert set(looks.values_list("agent", flat=True)) == {None}

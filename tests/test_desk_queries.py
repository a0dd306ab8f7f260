"""How many queries each page of the desk asks: the same with one row as with thirty.

One line an address, over the whole URLconf: a page without a line fails, and so does a line without
a page. What is counted is what the database was asked, sign-in, presence and readings included.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from post_office.models import STATUS, Email

from demarches.models import (
    AgendaDayChange,
    Appointment,
    Closing,
    ClosingLine,
    Closure,
    Entrance,
    OpeningHours,
    Service,
    User,
)
from pacs.models import (
    Avis,
    Dossier,
    Follower,
    LaterAct,
    Message,
    Note,
    PieceFile,
    Registration,
    SentMail,
)
from tests.support.appointments import make_complete
from tests.support.desk import NOW, START, Scene, desk_patterns, make_scene
from tests.support.dossiers import make_dossier
from tests.support.followups import fixed, fresh
from tests.support.rows import (
    copies,
    more_acts,
    more_demandes,
    more_dossiers,
    more_registrations,
)
from tests.test_desk_rights import is_generic
from vitale.models import Demande, DemandeMail, DemandeNote

MANY = 30
TODAY = f"?jour={NOW.date()}"

#: Page -> queries.
PAGES: dict[str, int] = {
    "index": 39,
    "journal": 13,
    "agenda": 19,
    "agenda:mois": 10,
    "agenda_feed": 7,
    "close_day": 7,
    "closing": 21,
    "closing_confirm": 18,
    "pacs_dossier_changelist": 11,
    "pacs_dossier_changelist:q": 11,
    "pacs_dossier_table": 8,
    "pacs_dossier_confide": 10,
    "pacs_dossier_change": 23,
    "pacs_dossier_exchanges": 17,
    "pacs_dossier_follow_up": 13,
    "pacs_dossier_history": 12,
    "pacs_dossier_answers": 10,
    "pacs_dossier_end": 10,
    "pacs_dossier_book": 21,
    "pacs_dossier_book_apart": 16,
    "pacs_dossier_register": 17,
    "pacs_dossier_day": 12,
    "pacs_dossier_give": 13,
    "pacs_dossier_births": 9,
    "pacs_dossier_counter": 6,
    "pacs_dossier_pieces_list": 6,
    "pacs_dossier_door": 6,
    "pacs_dossier_guided:couple": 11,
    "pacs_dossier_guided:personnes": 12,
    "pacs_dossier_guided:pieces": 12,
    "pacs_dossier_guided:deposer": 15,
    "pacs_registration_changelist": 13,
    # One for what was mended in the line.
    "pacs_registration_change": 14,
    "pacs_registration_rectify": 11,
    "pacs_registration_avis": 11,
    "pacs_registration_counts": 9,
    "pacs_registration_old": 6,
    "pacs_registration_act": 11,
    "pacs_registration_table": 7,
    "vitale_demande_changelist": 10,
    "vitale_demande_changelist:q": 11,
    "vitale_demande_change": 15,
    "vitale_demande_cancel": 8,
    "vitale_demande_book": 12,
    "vitale_demande_counts": 21,
    "post_office_email_changelist": 9,
}
#: Pages that show none of the rows that were multiplied.
WITHOUT_ROWS = {
    "agenda:mois",
    "agenda_feed",
    "close_day",
    "pacs_dossier_answers",
    "pacs_dossier_book",
    "pacs_dossier_book_apart",
    "pacs_dossier_counter",
    "pacs_dossier_door",
    "pacs_dossier_end",
    "pacs_dossier_guided:couple",
    "pacs_dossier_guided:deposer",
    "pacs_dossier_guided:personnes",
    "pacs_dossier_guided:pieces",
    "pacs_dossier_pieces_list",
    "pacs_dossier_register",
    "pacs_registration_act",
    "pacs_registration_counts",
    "pacs_registration_old",
    "pacs_registration_rectify",
    "vitale_demande_book",
    "vitale_demande_cancel",
    "vitale_demande_counts",
}
#: Lists that the admin draws, by model.
LISTS = {
    "demarches_service": 7,
    "demarches_mairie": 7,
    "demarches_closure": 11,
    "demarches_agendadaychange": 10,
    "demarches_agenda": 7,
    "demarches_deletionrequest": 8,
    "demarches_feedbackcount": 8,
    "demarches_shownfiche": 7,
    "demarches_ficheset": 7,
    "demarches_synonym": 7,
    "demarches_sitepage": 7,
    "demarches_officer": 7,
    "socialaccount_socialaccount": 8,
    "demarches_user": 8,
    "auth_group": 7,
    "demarches_signin": 9,
    "pacs_pacssettings": 8,
    "pacs_refusalreason": 7,
    "pacs_messagetemplate": 7,
    "pacs_piecetranslation": 7,
    "pacs_piecewording": 7,
    "vitale_aidesettings": 8,
    "vitale_planline": 9,
    "vitale_delay": 8,
    "vitale_fact": 8,
    "vitale_link": 7,
    "vitale_contact": 7,
    "vitale_source": 7,
    "vitale_situation": 7,
    "vitale_suivioffset": 7,
    "vitale_reason": 7,
    "vitale_answertemplate": 7,
}
#: Pages without a list of rows, or papers: why what they ask is not counted here.
EXCUSED = {
    **dict.fromkeys(
        ("login", "logout", "password_change", "password_change_done", "password_lost"), "door"
    ),
    **dict.fromkeys(("password_choose", "second_factor", "second_factor_enrol"), "door"),
    **dict.fromkeys(("second_factor_leave", "sign_in_again"), "door"),
    **dict.fromkeys(("security", "recovery_codes", "recovery_codes_new"), "one’s own account"),
    **dict.fromkeys(("device_remove", "session_end"), "one’s own account"),
    **dict.fromkeys(("jsi18n", "app_list", "autocomplete", "view_on_site"), "of the admin"),
    "service": "the jobs and the machines, as many everywhere",
    **dict.fromkeys(("agenda_feed_stop", "closing_abandon", "closing_called"), "acts, goes back"),
    **dict.fromkeys(("pacs_dossier_act", "pacs_dossier_undo"), "acts, goes back"),
    **dict.fromkeys(("vitale_demande_act", "vitale_demande_undo"), "acts, goes back"),
    **dict.fromkeys(("demarches_user_factor", "demarches_user_sessions"), "acts, goes back"),
    "demarches_user_link": "acts, goes back",
    **dict.fromkeys(("pacs_dossier_next", "pacs_dossier_arrival"), "one dossier, or a redirection"),
    "vitale_demande_next": "one request, or a redirection",
    **dict.fromkeys(("pacs_dossier_file", "pacs_dossier_preview"), "one file"),
    **dict.fromkeys(("pacs_dossier_paper", "pacs_dossier_decision"), "a paper of one dossier"),
    **dict.fromkeys(("pacs_registration_paper", "pacs_registration_letter"), "a paper of one line"),
    "pacs_registration_act_paper": "a paper of one line",
    **dict.fromkeys(
        ("pacs_dossier_sheet", "pacs_dossier_lists", "pacs_registration_letters"), "in PAPERS"
    ),
}
#: Papers of several, with one couple then three: each takes the time of a PDF.
PAPERS = {
    "pacs_dossier_sheet:officier": 9,
    "pacs_dossier_sheet:accueil": 9,
    "pacs_dossier_sheet:plan-b": 5,
    "pacs_dossier_lists": 10,
    # One for what was mended in their lines, which each letter says.
    "pacs_registration_letters": 9,
}
#: What a list without a row is given; columns that differ from one row to the next.
FIRST: dict[str, Callable[[], dict[str, Any]]] = {
    "demarches_synonym": lambda: {"said": "toubib", "meant": "médecin"},
    "demarches_sitepage": lambda: {"title": "Une page", "address": "/mairie/"},
    "socialaccount_socialaccount": lambda: {
        "user": User.objects.filter(is_staff=True)[0],
        "provider": "proconnect",
        "uid": "1",
    },
}
SEVERAL: dict[str, Callable[[], dict[str, Any]]] = {
    "demarches_service": lambda: {"slug": ["a", "b", "c"]},
    "demarches_deletionrequest": lambda: {
        "account_id": [User.objects.create_user(f"e{n}@example.org").pk for n in range(3)]
    },
    "demarches_feedbackcount": lambda: {"question": ["a", "b", "c"]},
    "demarches_ficheset": lambda: {"is_current": False},
    "socialaccount_socialaccount": lambda: {"uid": ["a", "b", "c"]},
    "demarches_sitepage": lambda: {"address": ["/a/", "/b/", "/c/"]},
}
#: One row and no more, by a constraint.
SINGLE = {"pacs_pacssettings", "vitale_aidesettings"}
#: Pages of one row with rows of another kind inside.
INLINES = {"demarches_service": 9, "demarches_mairie": 14, "demarches_agenda": 8}


@pytest.fixture
def scene(reference_data: None) -> Iterator[Scene]:
    with time_machine.travel(NOW, tick=False):
        made = make_scene()
        wait(made)
        help_today(made)
        talk(made, 1)
        yield made


@pytest.fixture
def desk(scene: Scene, client: Client) -> Client:
    chief = User.objects.create_superuser("chef@mairie.example", full_name="Lou Pagès")
    client.force_login(chief, backend="django.contrib.auth.backends.ModelBackend")
    return client


def wait(scene: Scene) -> None:
    """A couple waits for a date; the mairie verifies a birth of another one itself."""
    couple = [User.objects.create_user(f"attend-{n}@example.org") for n in (1, 2)]
    complete = make_complete(make_dossier(*couple, at=NOW), scene.agents["officier"], at=NOW)
    scene.dossiers["complete"] = complete
    born = scene.dossiers["sent"].pieces.filter(rule_id="P11_naissance_fr", partenaire__position=1)
    born.update(rule_id="P10_naissance_comedec")


def help_today(scene: Scene) -> None:
    """The request for help of the scene has an appointment in the morning."""
    decider = scene.agents["officier"]
    demande = Demande.objects.get(pk=scene.pks["demande"])
    booked = fixed(demande, by=decider, at=NOW).appointment
    assert booked is not None
    Appointment.objects.filter(pk=booked.pk).update(
        starts_at=START, ends_at=START + timedelta(minutes=30)
    )


def talk(scene: Scene, many: int) -> None:
    """So many of each thing that is said of one dossier, of one request, of one line."""
    sent, agent = scene.dossiers["sent"], scene.agents["officier"]
    first = sent.people[0]
    mail = Email.objects.order_by("pk")[0]
    mails = copies(mail, many, status=STATUS.failed)
    for rank in range(many):
        sent.record(kind="arrived", by=agent, at=NOW)
        Message.objects.create(dossier=sent, partenaire=first, body=f"Bonjour {rank}.", at=NOW)
        Message.objects.create(dossier=sent, agent=agent, body="Oui.", private_to=first, at=NOW)
        Note.objects.create(dossier=sent, author=agent, body="À rappeler.", at=NOW)
    SentMail.objects.bulk_create(
        SentMail(dossier=sent, partenaire=first, kind="pieces_requested", at=NOW, email=one)
        for one in mails
    )
    demande = Demande.objects.get(pk=scene.pks["demande"])
    for _ in range(many):
        demande.record(kind="meeting_moved", by=agent, at=NOW, reason="")
        DemandeNote.objects.create(demande=demande, author=agent, body="À rappeler.", at=NOW)
    DemandeMail.objects.bulk_create(
        DemandeMail(demande=demande, kind="aide_answered", at=NOW, email=one) for one in mails
    )


def multiply(scene: Scene, many: int) -> None:
    """So many more rows of everything that a list or a page of the desk shows."""
    talk(scene, many)
    line = Registration.objects.get(pk=scene.pks["registration"])
    for dossier in scene.dossiers.values():
        more_dossiers(Dossier.objects.get(pk=dossier.pk), many)
    more_registrations(line, many)
    more_acts(LaterAct.objects.get(pk=scene.pks["act"]), many)
    more_demandes(fresh(Demande.objects.get(pk=scene.pks["demande"])), many)
    closing = Closing.objects.get(pk=scene.pks["closing"])
    shown = closing.lines.get()
    others = Appointment.objects.filter(pacs_dossier__reference__startswith="COPIE")
    ClosingLine.objects.bulk_create(
        ClosingLine(closing=closing, appointment=one)
        for one in others.filter(starts_at=shown.appointment.starts_at)[:many]
    )
    file = PieceFile.objects.get(pk=scene.pks["file"])
    copies(file, many, sha256=[f"{rank:064}" for rank in range(many)])
    agents = [
        User(email=f"suit-{rank}-{many}@mairie.example", is_staff=True) for rank in range(many)
    ]
    Follower.objects.bulk_create(
        Follower(dossier=scene.dossiers["sent"], agent=one, since=NOW)
        for one in User.objects.bulk_create(agents)
    )


def asked(client: Client, url: str) -> tuple[int, int]:
    """How many queries a page asks once what a process reads once is read, and its length."""
    client.get(url)
    with CaptureQueriesContext(connection) as seen:
        answer: Any = client.get(url)
        length = len(b"".join(answer.streaming_content) if answer.streaming else answer.content)
    assert answer.status_code == 200, (url, answer.status_code)
    return len(seen), length


def addresses(scene: Scene) -> dict[str, str]:
    """Where each line of `PAGES` is."""
    pks = scene.pks

    def at(name: str, *args: object, query: str = "") -> str:
        return reverse(f"admin:{name}", args=args) + query

    sent, scheduled, typed = (pks[name] for name in ("sent", "scheduled", "typed"))
    named = "&".join(f"dossier={pk}" for pk in Dossier.objects.values_list("pk", flat=True))
    return {
        "index": at("index"),
        "journal": at("journal"),
        "agenda": at("agenda", query=TODAY),
        "agenda:mois": at("agenda", query=TODAY + "&vue=mois"),
        "agenda_feed": at("agenda_feed"),
        "close_day": at("close_day"),
        "closing": at("closing", pks["closing"]),
        "closing_confirm": at("closing_confirm", pks["closing"]),
        "pacs_dossier_changelist": at("pacs_dossier_changelist"),
        "pacs_dossier_changelist:q": at("pacs_dossier_changelist", query="?q=lemoine"),
        "pacs_dossier_table": at("pacs_dossier_table", "csv"),
        "pacs_dossier_confide": at("pacs_dossier_confide", query=f"?{named}"),
        "pacs_dossier_change": at("pacs_dossier_change", sent),
        "pacs_dossier_exchanges": at("pacs_dossier_exchanges", sent),
        "pacs_dossier_follow_up": at("pacs_dossier_follow_up", sent),
        "pacs_dossier_history": at("pacs_dossier_history", sent),
        "pacs_dossier_answers": at("pacs_dossier_answers", sent),
        "pacs_dossier_end": at("pacs_dossier_end", sent, "clore"),
        "pacs_dossier_book": at("pacs_dossier_book", scheduled),
        "pacs_dossier_book_apart": at("pacs_dossier_book_apart", scheduled),
        "pacs_dossier_register": at("pacs_dossier_register", scheduled),
        "pacs_dossier_day": at("pacs_dossier_day", query=TODAY),
        "pacs_dossier_give": at("pacs_dossier_give", query="?creneau=2026-12-15T09:00%2B01:00"),
        "pacs_dossier_births": at("pacs_dossier_births"),
        "pacs_dossier_counter": at("pacs_dossier_counter"),
        "pacs_dossier_pieces_list": at("pacs_dossier_pieces_list"),
        "pacs_dossier_door": at("pacs_dossier_door"),
        **{
            f"pacs_dossier_guided:{slug}": at("pacs_dossier_guided", typed, slug)
            for slug in ("couple", "personnes", "pieces", "deposer")
        },
        "pacs_registration_changelist": at("pacs_registration_changelist"),
        "pacs_registration_change": at("pacs_registration_change", pks["registration"]),
        "pacs_registration_avis": at("pacs_registration_avis"),
        "pacs_registration_counts": at("pacs_registration_counts"),
        "pacs_registration_old": at("pacs_registration_old"),
        "pacs_registration_rectify": at("pacs_registration_rectify", pks["registration"]),
        "pacs_registration_act": at("pacs_registration_act", pks["act"]),
        "pacs_registration_table": at("pacs_registration_table", "csv"),
        "vitale_demande_changelist": at("vitale_demande_changelist"),
        "vitale_demande_changelist:q": at("vitale_demande_changelist", query="?q=roux"),
        "vitale_demande_change": at("vitale_demande_change", pks["demande"]),
        "vitale_demande_cancel": at("vitale_demande_cancel", pks["demande"]),
        "vitale_demande_book": at("vitale_demande_book", pks["demande"]),
        "vitale_demande_counts": at("vitale_demande_counts"),
        "post_office_email_changelist": at("post_office_email_changelist"),
    }


def test_every_page_of_the_desk_has_a_line() -> None:
    models = {f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry}
    names = {name for name, _, _ in desk_patterns() if name}
    own = {name for name in names if not is_generic(name)}
    counted = {name.partition(":")[0] for name in PAGES}

    assert own == {name for name in counted if not is_generic(name)} | set(EXCUSED)
    lists = {name.removesuffix("_changelist") for name in counted if name.endswith("_changelist")}
    assert models == set(LISTS) | lists
    inlines = {
        f"{model._meta.app_label}_{model._meta.model_name}"
        for model, its_admin in admin.site._registry.items()
        if its_admin.inlines
    }
    assert inlines == set(INLINES)


def test_a_page_asks_as_many_queries_with_thirty_rows_as_with_one(
    scene: Scene, desk: Client
) -> None:
    urls = addresses(scene)
    one = {name: asked(desk, url) for name, url in urls.items()}
    multiply(scene, MANY)

    many = {name: asked(desk, url) for name, url in addresses(scene).items()}

    longer = {name for name in urls if many[name][1] > one[name][1] + 10 * MANY}
    assert {name: queries for name, (queries, _) in one.items()} == PAGES
    assert {name: queries for name, (queries, _) in many.items()} == PAGES
    # The rows were there.
    assert set(urls) - longer == WITHOUT_ROWS


def test_a_paper_asks_as_many_queries_with_three_couples_as_with_one(
    scene: Scene, desk: Client
) -> None:
    def urls() -> dict[str, str]:
        dossiers = Dossier.objects.exclude(status="draft").values_list("pk", flat=True)
        avis = Avis.objects.values_list("pk", flat=True)
        letters = "&".join(f"avis={pk}" for pk in avis)
        lists = "&".join(f"dossier={pk}" for pk in dossiers)
        return {
            **{
                f"pacs_dossier_sheet:{slug}": reverse("admin:pacs_dossier_sheet", args=[slug])
                + TODAY
                for slug in ("officier", "accueil", "plan-b")
            },
            "pacs_dossier_lists": reverse("admin:pacs_dossier_lists") + f"?{lists}",
            "pacs_registration_letters": reverse("admin:pacs_registration_letters") + f"?{letters}",
        }

    one = {name: asked(desk, url)[0] for name, url in urls().items()}
    more_dossiers(scene.dossiers["scheduled"], 2)
    more_registrations(Registration.objects.get(pk=scene.pks["registration"]), 2)
    many = {name: asked(desk, url)[0] for name, url in urls().items()}

    assert (one, many) == (PAPERS, PAPERS)


def test_a_list_of_the_admin_asks_as_many_queries_with_many_rows_as_with_one(
    scene: Scene, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, many = {}, {}
    for model, its_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        if f"{name}_changelist" in PAGES:
            continue
        url = reverse(f"admin:{name}_changelist")
        first = model._default_manager.order_by("pk").first()
        if first is None:
            first = model._default_manager.create(**FIRST[name]())
        rows = its_admin.get_queryset
        with monkeypatch.context() as narrow:
            narrow.setattr(
                its_admin,
                "get_queryset",
                lambda request, rows=rows, pk=first.pk: rows(request).filter(pk=pk),
            )
            one[name] = asked(desk, url)[0]
        if model._default_manager.count() < 3 and name not in SINGLE:
            copies(first, 3, **SEVERAL.get(name, dict)())
        many[name] = asked(desk, url)[0]

    assert (one, many) == (LISTS, LISTS)


def test_a_page_with_rows_inside_asks_as_many_queries_with_many_as_with_one(
    scene: Scene, desk: Client
) -> None:
    service = Service.objects.order_by("pk")[0]
    agenda = AgendaDayChange.objects.order_by("pk")[0].agenda
    pages = {
        "demarches_service": service.pk,
        "demarches_mairie": service.mairie_id,
        "demarches_agenda": agenda.pk,
    }
    urls = {name: reverse(f"admin:{name}_change", args=[pk]) for name, pk in pages.items()}
    one = {name: asked(desk, url)[0] for name, url in urls.items()}
    days = [NOW.date() + timedelta(days=200 + rank) for rank in range(MANY)]
    copies(OpeningHours.objects.filter(service=service)[0], MANY)
    copies(Entrance.objects.filter(mairie=service.mairie_id)[0], MANY)
    copies(Closure.objects.filter(mairie=service.mairie_id)[0], MANY, first_day=days, last_day=days)
    copies(AgendaDayChange.objects.filter(agenda=agenda)[0], MANY, day=days)
    many = {name: asked(desk, url)[0] for name, url in urls.items()}

    assert (one, many) == (INLINES, INLINES)

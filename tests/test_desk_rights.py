"""Who may open and do what at the desk: one line an address, over the whole URLconf.

An address without a line fails, and so does a line without an address. Each is asked as each of
the four groups, to read (GET) and to write (POST); then every link and button that a page shows
is followed as the agent who sees it.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import reverse

from demarches.models import User
from pacs.actions.endings import ENDINGS
from pacs.admin.dossier import VERBS
from tests.support.desk import GROUPS, NOW, Scene, desk_patterns, filled, make_scene
from vitale.admin.demandes import VERBS as HELP_VERBS

GENERIC = ("changelist", "add", "history", "delete", "change")
MODEL_NAMES = {
    f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry
}


def is_generic(name: str) -> bool:
    model, _, page = name.rpartition("_")
    return page in GENERIC and model in MODEL_NAMES


def objects_of(scene: Scene) -> dict[str, str]:
    """Which row stands behind the `pk` of an address."""
    return {
        "pacs_registration_letters": "registration",
        "pacs_registration_letter": "avis",
        "pacs_registration_act": "act",
        "pacs_registration": "registration",
        "pacs_dossier_file": "file",
        "pacs_dossier_preview": "file",
        "pacs_dossier_decision": "inadmissible",
        "pacs_dossier_undo": "inadmissible",
        "pacs_dossier_register": "scheduled",
        "pacs_dossier_book": "scheduled",
        "pacs_dossier_guided": "typed",
        "pacs_dossier": "sent",
        "vitale_demande": "demande",
        "demarches_user": "user",
        "closing": "closing",
    }


SLUGS: dict[str, tuple[str, ...]] = {
    "pacs_dossier_guided": ("couple", "personnes", "pieces", "deposer"),
    "pacs_dossier_act": tuple(VERBS),
    "pacs_dossier_end": tuple(ENDINGS),
    "pacs_dossier_paper": ("pieces", "declaration", "accuse"),
    "pacs_dossier_sheet": ("officier", "accueil", "plan-b"),
    "pacs_dossier_next": ("a-verifier",),
    "pacs_dossier_table": ("csv", "ods"),
    "pacs_registration_table": ("csv",),
    "pacs_registration_paper": ("recepisse", "attestation", "extrait"),
    "pacs_registration_act_paper": ("recepisse", "lettre-1", "decision"),
    "vitale_demande_act": tuple(HELP_VERBS),
    "vitale_demande_next": ("recues",),
}


def own_addresses(scene: Scene) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each address that is not one of the admin's five: its line, where, and what is sent."""
    objects = objects_of(scene)
    data = {
        "piece": scene.pks["piece"],
        "partenaire": scene.pks["person"],
        "avis": scene.pks["avis"],
        "ending": scene.dossiers["inadmissible"].endings.get().pk,
        "correction": 0,
        "mail": 0,
    }
    for name, route, parts in desk_patterns():
        if not name or is_generic(name) or name in UNRESTRICTED:
            continue
        row = next((objects[key] for key in objects if name.startswith(key)), "")
        values: dict[str, object] = {"pk": scene.pks.get(row, 1), "page": 1}
        kind = next((part for part in parts if part in {"slug", "verb"}), "")
        for slug in SLUGS[name] if kind else ("",):
            key = f"{name}:{slug}" if slug else name
            yield key, filled(route, values | ({kind: slug} if kind else {})), data


def status_of(client: Client, method: str, url: str, data: dict[str, Any]) -> int:
    """What is answered; whatever was written is taken back."""
    with transaction.atomic():
        answer = getattr(client, method)(url, data if method == "post" else None)
        if answer.streaming:
            b"".join(answer.streaming_content)
        transaction.set_rollback(True)
    return int(answer.status_code)


#: Doors, and pages about oneself: tested with the second factor and the sessions.
UNRESTRICTED = {
    "second_factor",
    "second_factor_enrol",
    "second_factor_leave",
    "password_lost",
    "password_choose",
    "security",
    "recovery_codes",
    "recovery_codes_new",
    "device_remove",
    "session_end",
    "sign_in_again",
    "index",
    "login",
    "logout",
    "password_change",
    "password_change_done",
    "jsi18n",
    "app_list",
    # No page of ours offers one; both ask the permissions of the model they are about.
    "autocomplete",
    "view_on_site",
}

#: Line of an address: what is answered to a GET, then to a POST, to « accueil instructeur officier
#: administrateur ». 403: refused; 404, 405: no such way to ask; 409, 422: allowed, and nothing
#: was sent that could be done.
OWN = {
    "demarches_user_factor": ("404 404 404 404", "403 403 403 302"),
    "demarches_user_sessions": ("404 404 404 404", "403 403 403 302"),
    "demarches_user_link": ("404 404 404 404", "403 403 403 302"),
    "journal": ("403 403 403 403", "403 403 403 403"),
    "service": ("403 403 403 200", "405 405 405 405"),
    "agenda": ("200 200 200 403", "405 405 405 405"),
    "agenda_feed": ("403 200 200 403", "403 409 409 403"),
    "agenda_feed_stop": ("405 405 405 405", "403 302 302 403"),
    "close_day": ("403 200 200 403", "403 422 422 403"),
    "closing": ("403 200 200 403", "403 409 409 403"),
    "closing_confirm": ("403 200 200 403", "403 409 409 403"),
    "closing_abandon": ("405 405 405 405", "403 409 409 403"),
    "closing_called": ("405 405 405 405", "403 404 404 403"),
    "pacs_registration_old": ("403 403 200 403", "403 403 422 403"),
    "pacs_registration_avis": ("403 200 200 403", "403 422 422 403"),
    # No avis is named: a word, and back to those to send.
    "pacs_registration_letters": ("403 302 302 403", "405 405 405 405"),
    "pacs_registration_letter": ("403 200 200 403", "405 405 405 405"),
    "pacs_registration_counts": ("403 403 200 403", "405 405 405 405"),
    "pacs_registration_rectify": ("403 403 200 403", "403 403 422 403"),
    "pacs_registration_paper:recepisse": ("403 200 200 403", "405 405 405 405"),
    "pacs_registration_paper:attestation": ("403 200 200 403", "405 405 405 405"),
    "pacs_registration_paper:extrait": ("403 200 200 403", "405 405 405 405"),
    "pacs_registration_act": ("403 200 200 403", "403 403 409 403"),
    # The act of the scene is a modification: it has no paper of an end.
    "pacs_registration_act_paper:recepisse": ("403 404 404 403", "405 405 405 405"),
    "pacs_registration_act_paper:lettre-1": ("403 404 404 403", "405 405 405 405"),
    "pacs_registration_act_paper:decision": ("403 404 404 403", "405 405 405 405"),
    "pacs_dossier_counter": ("200 200 200 403", "302 302 302 403"),
    "pacs_dossier_pieces_list": ("200 200 200 403", "405 405 405 405"),
    "pacs_dossier_guided:couple": ("200 200 200 403", "302 302 302 403"),
    "pacs_dossier_guided:personnes": ("200 200 200 403", "302 302 302 403"),
    "pacs_dossier_guided:pieces": ("200 200 200 403", "302 302 302 403"),
    "pacs_dossier_guided:deposer": ("200 200 200 403", "409 409 409 403"),
    "pacs_dossier_act:accepter": ("403 404 404 403", "403 409 409 403"),
    "pacs_dossier_act:refuser": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:revoir": ("403 404 404 403", "403 409 409 403"),
    "pacs_dossier_act:apporter": ("403 404 404 403", "403 409 409 403"),
    "pacs_dossier_act:dater": ("403 404 404 403", "403 409 409 403"),
    "pacs_dossier_act:regarder": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:reprendre-correction": ("403 404 404 403", "403 409 409 403"),
    "pacs_dossier_act:refuser-correction": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:demander": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:complet": ("403 404 404 403", "403 409 409 403"),
    "pacs_dossier_act:reprendre": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:deposer": ("404 404 404 403", "409 409 409 403"),
    "pacs_dossier_act:attester": ("404 404 404 403", "422 422 422 403"),
    "pacs_dossier_act:confier": ("403 404 404 403", "403 302 302 403"),
    "pacs_dossier_act:suivre": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:ne-plus-suivre": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:ecrire": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:noter": ("404 404 404 403", "422 422 422 403"),
    "pacs_dossier_act:annuler-rdv": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:arrives": ("404 404 404 403", "422 422 422 403"),
    "pacs_dossier_act:absents": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_act:admettre": ("403 404 404 403", "403 409 409 403"),
    "pacs_dossier_act:renvoyer": ("403 404 404 403", "403 422 422 403"),
    "pacs_dossier_next:a-verifier": ("404 302 302 403", "405 405 405 405"),
    # No seat is named: a word, and back to the agenda.
    "pacs_dossier_give": ("403 302 302 403", "405 405 405 405"),
    "pacs_dossier_table:csv": ("403 200 200 403", "405 405 405 405"),
    "pacs_dossier_table:ods": ("403 200 200 403", "405 405 405 405"),
    "pacs_registration_table:csv": ("403 200 200 403", "405 405 405 405"),
    # No dossier is named: a word, and back to the list.
    "pacs_dossier_confide": ("403 302 302 403", "403 422 422 403"),
    "pacs_dossier_lists": ("302 302 302 403", "405 405 405 405"),
    "pacs_dossier_exchanges": ("200 200 200 403", "405 405 405 405"),
    "pacs_dossier_follow_up": ("200 200 200 403", "405 405 405 405"),
    "pacs_dossier_end:retirer": ("403 200 200 403", "403 422 422 403"),
    "pacs_dossier_end:clore": ("403 200 200 403", "403 422 422 403"),
    "pacs_dossier_end:irrecevable": ("403 403 200 403", "403 403 422 403"),
    "pacs_dossier_undo": ("403 404 404 403", "403 302 302 403"),
    "pacs_dossier_answers": ("403 200 200 403", "403 409 409 403"),
    "pacs_dossier_paper:pieces": ("200 200 200 403", "405 405 405 405"),
    "pacs_dossier_paper:declaration": ("200 200 200 403", "405 405 405 405"),
    "pacs_dossier_paper:accuse": ("200 200 200 403", "405 405 405 405"),
    "pacs_dossier_file": ("403 200 200 403", "405 405 405 405"),
    "pacs_dossier_preview": ("403 200 200 403", "405 405 405 405"),
    "pacs_dossier_day": ("200 200 200 403", "405 405 405 405"),
    # No convocation is named: a word, and back to the day.
    "pacs_dossier_arrival": ("302 302 302 403", "405 405 405 405"),
    "pacs_dossier_sheet:officier": ("403 200 200 403", "405 405 405 405"),
    "pacs_dossier_sheet:accueil": ("200 200 200 403", "405 405 405 405"),
    "pacs_dossier_sheet:plan-b": ("403 200 200 403", "405 405 405 405"),
    "pacs_dossier_births": ("403 200 200 403", "403 302 302 403"),
    "pacs_dossier_book": ("403 200 200 403", "403 422 422 403"),
    "pacs_dossier_book_apart": ("403 200 200 403", "403 422 422 403"),
    "pacs_dossier_door": ("403 200 200 403", "403 422 422 403"),
    "pacs_dossier_register": ("403 403 200 403", "403 403 422 403"),
    "pacs_dossier_decision": ("403 200 200 403", "405 405 405 405"),
    "vitale_demande_counts": ("200 200 200 200", "405 405 405 405"),
    "vitale_demande_book": ("302 302 302 403", "302 302 302 403"),
    "vitale_demande_cancel": ("200 200 200 403", "422 422 422 403"),
    "vitale_demande_next:recues": ("302 302 302 403", "405 405 405 405"),
    "vitale_demande_undo": ("404 404 404 403", "404 404 404 403"),
    "vitale_demande_act:prendre": ("404 404 404 403", "409 409 409 403"),
    "vitale_demande_act:repondre": ("404 404 404 403", "422 422 422 403"),
    "vitale_demande_act:clore": ("404 404 404 403", "409 409 409 403"),
    "vitale_demande_act:confirmer": ("404 404 404 403", "409 409 409 403"),
    "vitale_demande_act:renoncer": ("404 404 404 403", "409 409 409 403"),
    "vitale_demande_act:renvoyer": ("404 404 404 403", "422 422 422 403"),
    "vitale_demande_act:accompagner": ("404 404 404 403", "409 409 409 403"),
    "vitale_demande_act:absent": ("404 404 404 403", "409 409 409 403"),
    "vitale_demande_act:noter": ("404 404 404 403", "422 422 422 403"),
}
DESK, REVIEW, DECIDE, PLANNERS, ADMIN, NOBODY = "aio", "io", "o", "ioA", "A", ""
#: Model: who reads its list and rows, adds one, changes one, deletes one (initials of groups).
MODELS = {
    "auth_group": (NOBODY, NOBODY, NOBODY, NOBODY),
    "demarches_agenda": (PLANNERS, ADMIN, ADMIN, NOBODY),
    "demarches_agendadaychange": (PLANNERS, PLANNERS, PLANNERS, PLANNERS),
    "demarches_closure": (ADMIN, ADMIN, ADMIN, ADMIN),
    "demarches_deletionrequest": (ADMIN, NOBODY, ADMIN, NOBODY),
    "demarches_feedbackcount": (PLANNERS, NOBODY, NOBODY, NOBODY),
    "demarches_ficheset": (ADMIN, NOBODY, NOBODY, NOBODY),
    "demarches_mairie": (PLANNERS, ADMIN, ADMIN, NOBODY),
    "demarches_officer": (ADMIN, ADMIN, ADMIN, NOBODY),
    "demarches_service": (PLANNERS, ADMIN, ADMIN, NOBODY),
    "demarches_shownfiche": (ADMIN, ADMIN, ADMIN, ADMIN),
    "demarches_signin": (ADMIN, NOBODY, NOBODY, NOBODY),
    "demarches_sitepage": (ADMIN, ADMIN, ADMIN, ADMIN),
    "demarches_synonym": (ADMIN, ADMIN, ADMIN, ADMIN),
    "demarches_user": (ADMIN, ADMIN, ADMIN, NOBODY),
    "pacs_dossier": (DESK, DESK, NOBODY, NOBODY),
    "pacs_messagetemplate": (ADMIN, ADMIN, ADMIN, ADMIN),
    "pacs_pacssettings": (ADMIN, NOBODY, ADMIN, NOBODY),
    "pacs_piecetranslation": (ADMIN, NOBODY, ADMIN, NOBODY),
    "pacs_piecewording": (ADMIN, NOBODY, ADMIN, NOBODY),
    "pacs_refusalreason": (ADMIN, ADMIN, ADMIN, ADMIN),
    "pacs_registration": (REVIEW, NOBODY, DECIDE, NOBODY),
    "socialaccount_socialaccount": (NOBODY, NOBODY, NOBODY, NOBODY),
    "post_office_email": (NOBODY, NOBODY, NOBODY, NOBODY),
    "vitale_aidesettings": (ADMIN, NOBODY, ADMIN, NOBODY),
    "vitale_answertemplate": (ADMIN, ADMIN, ADMIN, ADMIN),
    "vitale_contact": (ADMIN, ADMIN, ADMIN, NOBODY),
    "vitale_delay": (ADMIN, ADMIN, ADMIN, ADMIN),
    "vitale_demande": (DESK, NOBODY, NOBODY, NOBODY),
    "vitale_fact": (ADMIN, ADMIN, ADMIN, ADMIN),
    "vitale_link": (ADMIN, ADMIN, ADMIN, NOBODY),
    "vitale_planline": (ADMIN, ADMIN, ADMIN, ADMIN),
    "vitale_reason": (ADMIN, ADMIN, ADMIN, ADMIN),
    "vitale_situation": (ADMIN, NOBODY, ADMIN, NOBODY),
    "vitale_source": (ADMIN, ADMIN, ADMIN, NOBODY),
    "vitale_suivioffset": (ADMIN, ADMIN, ADMIN, ADMIN),
}


@pytest.fixture
def scene(reference_data: None) -> Iterator[Scene]:
    with time_machine.travel(NOW, tick=False):
        yield make_scene()


@pytest.fixture
def clients(scene: Scene, client_of: Callable[[User | None], Client]) -> dict[str, Client]:
    return {name: client_of(agent) for name, agent in scene.agents.items()}


def test_every_address_of_the_desk_has_a_line() -> None:
    names = {name for name, _, _ in desk_patterns() if name}

    assert {name for name in names if not is_generic(name)} == UNRESTRICTED | {
        key.partition(":")[0] for key in OWN
    }
    assert set(MODELS) == MODEL_NAMES


def test_who_reads_and_writes_at_each_address(scene: Scene, clients: dict[str, Client]) -> None:
    found = {
        key: tuple(
            " ".join(str(status_of(clients[name], method, url, data)) for name in GROUPS)
            for method in ("get", "post")
        )
        for key, url, data in own_addresses(scene)
    }

    assert found == OWN


def test_who_reads_and_writes_each_model(scene: Scene, clients: dict[str, Client]) -> None:
    found = {}
    for model in admin.site._registry:
        row = model._default_manager.order_by("pk").first()
        if model is User:
            row = User.objects.get(pk=scene.pks["user"])
        pk = row.pk if row else 0
        name = f"{model._meta.app_label}_{model._meta.model_name}"

        def may(method: str, page: str, *args: object, name: str = name) -> str:
            url = reverse(f"admin:{name}_{page}", args=args)
            return "".join(
                initial
                for initial, group in zip("aioA", GROUPS, strict=True)
                if status_of(clients[group], method, url, {}) in {200, 302, 409, 422}
            )

        found[name] = (
            may("get", "changelist"),
            may("post", "add"),
            may("post", "change", pk),
            may("post", "delete", pk),
        )
        assert set(may("get", "change", pk)) <= set(found[name][0]), name
        if row:
            assert set(may("get", "history", pk)) <= set(found[name][0]), name

    assert found == MODELS


@pytest.mark.parametrize("odd", ["_to_field=", "_popup=1&_to_field=%00", "_changelist_filters=x"])
def test_what_django_reads_in_an_address_is_never_an_error(
    scene: Scene, clients: dict[str, Client], odd: str
) -> None:
    """The names to which the admin itself gives a meaning, on the pages of each model."""
    for model in admin.site._registry:
        row = model._default_manager.order_by("pk").first()
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for page, args in (("change", [row.pk if row else 0]), ("changelist", [])):
            url = f"{reverse(f'{name}_{page}', args=args)}?{odd}"
            for group in ("officier", "administrateur"):
                for method in ("get", "post"):
                    assert status_of(clients[group], method, url, {}) < 500, url


#: What a crawl does not push: it would sign the agent out, or write a file of codes.
NOT_PUSHED = re.compile(r"/agents/(logout|password_change|securite)/")


def _links(page: str, here: str) -> Iterator[str]:
    for href in re.findall(r'<(?:a|img)\b[^>]*?\b(?:href|src)="([^"#]+)', page):
        target = href.replace("&amp;", "&")
        if target.startswith("?"):
            yield urlsplit(here).path + target
        elif target.startswith("/") and not target.startswith("/static/"):
            yield target


def _buttons(page: str, here: str) -> Iterator[str]:
    for form, inside in re.findall(r"<form\b([^>]*)>(.*?)</form>", page, re.DOTALL):
        action = re.search(r'\baction="([^"?]*)', form)
        # The admin shows a row that may only be read in a form without a button.
        if 'method="post"' in form and 'type="submit"' in inside:
            yield action[1] if action and action[1] else urlsplit(here).path


def _kinds(url: str) -> set[tuple[str, str]]:
    """The page, alone and with each of its filters: every one is tried once, no two together.

    Of the rows that differ by their words only (texts, settings, accounts), one is enough; every
    dossier is opened, since its buttons depend on its state.
    """
    path, query = urlsplit(url).path, urlsplit(url).query
    model = re.match(r"/agents/(\w+)/(\w+)/.+?/(change|history|delete)/$", path)
    if model and model[2] != "dossier":
        path = "/".join(model.groups())
    if ".pdf" in path or "/fichier/" in path:
        path = re.sub(r"\d+", "N", path)  # what a file answers is in the table above
    return {(path, one.partition("=")[0]) for one in query.split("&")}


@pytest.mark.parametrize("group", GROUPS)
def test_every_link_and_button_shown_leads_somewhere(
    scene: Scene, clients: dict[str, Client], group: str
) -> None:
    client = clients[group]
    start = reverse("admin:index")
    waiting, seen, pushed, dead = deque([start]), _kinds(start), set(), []
    while waiting:
        here = waiting.popleft()
        answer = client.get(here)
        if answer.status_code not in {200, 302}:
            dead.append((here, answer.status_code))
        if answer.streaming or not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = answer.content.decode()
        for url in _links(page, here):
            is_desk = urlsplit(url).path.startswith(start)
            if is_desk and not _kinds(url) <= seen and "/logout/" not in url:
                seen |= _kinds(url)
                waiting.append(url)
        for url in _buttons(page, here):
            if url in pushed or NOT_PUSHED.match(url):
                continue
            pushed.add(url)
            status = status_of(client, "post", url, {"ending": 0})
            if status in {403, 405}:
                dead.append((f"POST {url}", status))

    assert dead == []
    assert len(seen) > 8

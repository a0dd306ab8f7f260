"""The shape of the code, checked: statuses, clocks, templates, words."""

import ast
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.template.loader import get_template

from demarches.models.dossier import dossier_models
from demarches.rules.enums import Transition

ROOT = Path(__file__).parent.parent
APPS = ("demarches", "pacs", "vitale", "uzes_portal")
SOURCES = [
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
]
TEMPLATES = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]


#: What writes rows, by name: of a row, of a manager, of a query.
WRITERS = frozenset(
    {"save", "update", "create", "delete", "bulk_create", "bulk_update"}
    | {"get_or_create", "update_or_create"}
)
#: The acts that move a dossier: each takes who acts and when.
TRANSITIONS = frozenset({*(one.value for one in Transition), "restore"})
#: What a variable that holds a dossier is called here.
DOSSIERS = frozenset({"self", "dossier", "locked", "demande", "recensement"})


def trees(*apps: str) -> Iterator[tuple[str, ast.Module]]:
    """Each file of these apps (all without any), by its path, read as a tree."""
    for path in SOURCES:
        name = path.relative_to(ROOT).as_posix()
        if not apps or name.startswith(tuple(f"{app}/" for app in apps)):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def written_statuses(tree: ast.AST) -> Iterator[str]:
    """What has its `status` written: by an assignment, `setattr`, or a query."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for one in (found for target in targets for found in ast.walk(target)):
                if isinstance(one, ast.Attribute) and one.attr == "status":
                    yield ast.unparse(one.value)
        elif isinstance(node, ast.Call):
            if getattr(node.func, "id", "") == "setattr" and "'status'" in ast.unparse(node):
                yield ast.unparse(node.args[0])
            if isinstance(node.func, ast.Attribute) and node.func.attr in WRITERS:
                names: set[object] = {word.arg for word in node.keywords}
                names |= {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
                if "status" in names and node.func.attr != "save":
                    yield ast.unparse(node.func)


def moves(tree: ast.AST) -> Iterator[str]:
    """Calls of a transition on a row: not of an action of the same name, which is of a module."""
    modules = {
        one.asname or one.name.rpartition(".")[2]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names
    }
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in TRANSITIONS:
            continue
        words = {word.arg for word in node.keywords}
        is_move = {"by", "at"} <= words or None in words
        if is_move and getattr(node.func.value, "id", "") not in modules:
            yield ast.unparse(node.func)


def writes(tree: ast.AST) -> Iterator[str]:
    """Calls that write rows, as they are written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in WRITERS:
            yield ast.unparse(node.func)


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (written_statuses, "dossier.status = 'complete'"),
        (written_statuses, "a, dossier.status = 1, 2"),
        (written_statuses, "setattr(dossier, 'status', 'complete')"),
        (written_statuses, "Dossier.objects.filter(pk=1).update(status='complete')"),
        (written_statuses, "Dossier.objects.filter(pk=1).update(**{'status': 'complete'})"),
        (written_statuses, "Dossier.objects.bulk_update(rows, ['status'])"),
        *((moves, f"find(pk).{name}(by=agent, at=now)") for name in sorted(TRANSITIONS)),
        (moves, "dossier.accept(**seen)"),
        (writes, "form.save()"),
    ],
)
def test_the_checks_below_see(check: Callable[[ast.AST], Iterator[str]], code: str) -> None:
    assert list(check(ast.parse(code)))


def test_a_status_changes_in_one_place_only() -> None:
    kinds = {model.__name__ for model in dossier_models()}
    dossiers, others = set[str](), set[str]()
    for name, tree in trees():
        for what in written_statuses(tree):
            is_dossier = what in DOSSIERS or what.partition(".")[0] in kinds
            (dossiers if is_dossier else others).add(name)

    assert dossiers == {"demarches/models/dossier.py"}
    # Of a piece, an appointment, a correction, a request, a mail.
    assert {name for name in others if "/actions/" not in name} == {
        "demarches/agenda/seats.py",
        "demarches/dossiers/deletion.py",
        "demarches/mail/emails.py",
        "demarches/mail/texts.py",
        "demarches/demo.py",
    }


def test_only_actions_move_a_dossier() -> None:
    callers = {name for name, tree in trees() if any(moves(tree))}

    assert {name for name in callers if "/actions/" not in name} == set()
    assert len(callers) >= 6


#: What writes in a procedure besides its actions, its models and its commands.
ALSO_WRITE = {
    "pacs/emails.py",  # the row of a mail, in the transaction of what it tells
    "vitale/emails.py",
    "pacs/demo/dossiers.py",  # the first rows of a demonstration
    "pacs/demo/cases.py",
    "vitale/demo.py",
}
#: A dictionary, or the admin's own save of a row of settings.
NO_ROWS = re.compile(r"^(data|person|self\.parts\[holder\]|super\(\))\.")


def test_a_procedure_writes_in_its_actions_alone() -> None:
    found = {
        name
        for name, tree in trees("pacs", "vitale")
        if not {"actions", "models", "management"} & set(Path(name).parts)
        and any(not NO_ROWS.match(one) for one in writes(tree))
    }

    assert found == ALSO_WRITE


def test_a_day_is_typed_in_one_kind_of_field() -> None:
    bare = re.compile(r'forms\.Date(Field|Input)|type="?date\b|"type": "date"')

    found = [p.name for p in [*SOURCES, *TEMPLATES] if bare.search(p.read_text(encoding="utf-8"))]

    assert found == []


def test_rules_read_no_clock() -> None:
    clocks = {"now", "today", "localdate", "utcnow", "monotonic"}

    readers = [
        name
        for name, tree in trees()
        if "rules" in Path(name).parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and {getattr(node.func, "attr", ""), getattr(node.func, "id", "")} & clocks
        and not (node.args or node.keywords)
    ]

    assert readers == []


#: Files that make a number of a text whose length is bounded before, or that nobody sends.
READERS_OF_NUMBERS = {
    "demarches/rules/numbers.py",  # the one for what people send
    "demarches/web/converters.py",  # 18 digits, by its pattern
    "demarches/rules/reference.py",  # 4 and 6 digits, by its pattern
    "demarches/rules/nir.py",  # 13 to 34 signs, by its patterns
    "demarches/rules/typed_days.py",  # 4 digits, by its patterns
    "pacs/rules/registration.py",  # by its pattern
    "pacs/views/read.py",  # 9 digits, by its pattern
    "demarches/serving/ratelimit.py",  # an address already read
    "demarches/files/upload_worker.py",  # in the child process: a crash there is a refusal
    "demarches/files/uploads.py",  # the size that we measured
    "demarches/models/mairie.py",  # columns that their validators bound
    "demarches/models/agenda.py",
    "demarches/accounts/adapter.py",  # a duration of ours
    "demarches/accounts/address_change.py",
    "demarches/models/journal.py",  # a moment of ours
    "demarches/accounts/second_factor.py",  # counters that it computed
    "demarches/files/antivirus.py",  # settings
    "uzes_portal/accessibility.py",
    "demarches/files/download.py",  # headers of a server that was asked
    "uzes_portal/env.py",
    "uzes_portal/management/commands/start.py",
}


def test_numbers_that_people_send_are_read_in_one_place() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "int"
    }

    assert readers == READERS_OF_NUMBERS


def test_numbers_in_addresses_have_a_length() -> None:
    assert [p.name for p in SOURCES if "<int:" in p.read_text(encoding="utf-8")] == []


def test_shared_templates_name_no_procedure() -> None:
    shared = [path for path in TEMPLATES if path.parent.name == "demarches"]

    assert [p.name for p in shared if "url 'pacs:" in p.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize(
    "name",
    sorted(p.relative_to(ROOT / "templates").as_posix() for p in TEMPLATES if p.suffix == ".html"),
)
def test_every_template_compiles(name: str) -> None:
    get_template(name)


def test_no_migration_mentions_the_rules() -> None:
    migrations = [path for app in APPS for path in (ROOT / app).rglob("migrations/0*.py")]

    assert migrations != []
    assert [p for p in migrations if ".rules" in p.read_text(encoding="utf-8")] == []


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_our_models_have_french_names_in_lower_case() -> None:
    ours = [m for app in APPS for m in apps.get_app_config(app).get_models()]
    named = {m.__name__: str(m._meta.verbose_name) for m in ours}

    assert {n: v for n, v in named.items() if v != v[0].lower() + v[1:]} == {}


def test_subjects_of_mails_are_neutral() -> None:
    subjects = [path for path in TEMPLATES if path.name.endswith(".subject.txt")]

    assert len(subjects) > 10
    words = re.compile(r"pacs|partenaire|\{\{", re.IGNORECASE)
    assert [p.name for p in subjects if words.search(p.read_text(encoding="utf-8"))] == []


#: Actions that write columns chosen at run time, none of which anybody attests.
NOT_ANSWERS = {"_take_back", "set_day"}


def _writes_chosen_at_run_time(tree: ast.AST) -> list[tuple[str, bool]]:
    """Each `save()` of columns that are not listed in the code: its function, and whether what
    rested on the answers is watched around it."""
    found = []

    def visit(node: ast.AST, function: str, watched: bool) -> None:
        if isinstance(node, ast.FunctionDef):
            function = node.name
        if isinstance(node, ast.With):
            calls = [
                one.context_expr for one in node.items if isinstance(one.context_expr, ast.Call)
            ]
            watched = watched or any(
                getattr(call.func, "id", "") == "watching_facts" for call in calls
            )
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "save":
            listed = [word.value for word in node.keywords if word.arg == "update_fields"]
            constant = (
                listed
                and isinstance(listed[0], ast.List)
                and all(isinstance(one, ast.Constant) for one in listed[0].elts)
            )
            if listed and not constant:
                found.append((function, watched))
        for child in ast.iter_child_nodes(node):
            visit(child, function, watched)

    visit(tree, "", False)
    return found


def test_answers_are_written_only_where_attestations_are_watched() -> None:
    writes = [
        one
        for path in (ROOT / "pacs" / "actions").glob("*.py")
        for one in _writes_chosen_at_run_time(ast.parse(path.read_text(encoding="utf-8")))
        if one[0] not in NOT_ANSWERS
    ]

    assert len(writes) >= 3
    assert [function for function, watched in writes if not watched] == []


def test_what_a_form_asks_for_in_some_cases_is_never_called_optional() -> None:
    """`require` names a field that is not required by itself: its form says so to the page."""
    silent = []
    for path in SOURCES:
        if "forms" not in path.parts:
            continue
        module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for form in [
            one for one in ast.parse(path.read_text()).body if isinstance(one, ast.ClassDef)
        ]:
            told = getattr(getattr(module, form.name), "required_in_clean", ())
            silent += [
                (form.name, call.args[0].value)
                for call in ast.walk(form)
                if isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "require"
                and isinstance(call.args[0], ast.Constant)
                and call.args[0].value not in told
            ]

    assert silent == []


def test_a_reference_is_never_cut_in_two() -> None:
    """On a narrow screen, « PACS-2026-000001-L » moves to the next line whole."""
    shown = re.compile(r"\{\{ [\w.]*reference \}\}")
    whole = re.compile(r'(class="(nowrap|plaque__value)"|class="visually-hidden")[^<]*$')
    cut = []
    for path in TEMPLATES:
        parts = path.relative_to(ROOT / "templates").parts
        if path.suffix != ".html" or {"emails", "pdf", "admin"} & set(parts):
            continue
        text = re.sub(r"\{% block title %\}.*?\{% endblock %\}", "", path.read_text())
        cut += [path.name for one in shown.finditer(text) if not whole.search(text[: one.start()])]

    assert cut == []


def test_what_asks_for_the_database_of_the_run_is_run_on_each() -> None:
    """Without the mark it is taken for a test that opens none, and skips on SQLite for ever."""
    asks = re.compile(r'environ(\.get\(|\[)"DATABASE_URL"')
    read = [path for path in (ROOT / "tests").rglob("test_*.py") if asks.search(path.read_text())]

    assert read
    assert [path.name for path in read if "mark.own_database" not in path.read_text()] == []


def test_no_template_counts_as_english_does() -> None:
    """Django’s `pluralize` makes zero plural; French does not. Ours is `plural`."""
    found = [p.name for p in TEMPLATES if "pluralize" in p.read_text(encoding="utf-8")]
    assert found == []

"""Addresses, wherever they are typed, kept and compared: one form, one field, one comparison."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from post_office.models import Email

from demarches.models import Mairie, User
from demarches.models.address import AddressField as AddressColumn
from demarches.rules.addresses import AddressRefused
from demarches.typed.address_field import AddressField, AddressInput
from pacs.models import Dossier, Helper, Partenaire
from tests.support.followups import make_demande, make_suivi
from vitale.models import Demande, Suivi

ROOT = Path(__file__).parent.parent.parent
APPS = ("demarches", "pacs", "vitale", "uzes_portal")
SOURCES = [
    path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
]
VICTIM = "kate.fisk@ffirm-mail.fr"
#: What folds, for one database or another, into the address of the victim.
LOOK_ALIKES = {
    "dotless i": "kate.f\u0131sk@ffirm-mail.fr",
    "dotless i in the domain": "kate.fisk@ffirm-ma\u0131l.fr",
    "long s": "kate.fi\u017fk@ffirm-mail.fr",
    "capital dotted i": "kate.f\u0130sk@ffirm-mail.fr",
    "full width": "\uff4bate.fisk@ffirm-mail.fr",
    "full width in the domain": "kate.fisk@ffirm-mail.\uff46r",
    "full width at sign": "kate.fisk\uff20ffirm-mail.fr",
    "ligature": "kate.fisk@\ufb03rm-mail.fr",
    "ligature of two": "kate.fisk@\ufb00irm-mail.fr",
    "Kelvin sign": "\u212aate.fisk@ffirm-mail.fr",
    "Kelvin sign at the end": "kate.fis\u212a@ffirm-mail.fr",
    "Cyrillic": "k\u0430te.fisk@ffirm-mail.fr",
    "full stop": "kate.fisk@ffirm-mail\u3002fr",
    "soft hyphen": "kate.fisk@ffirm-ma\u00adil.fr",
    "zero width": "kate.fisk@ffirm-mail.fr\u200b",
    "combining mark": "kate.fisk@ffirm-mail.fr\u0307",
}


def ask(browser: Client, email: str) -> Any:
    return browser.post(reverse("account_login"), {"email": email})


# Nobody opens somebody else's account


@pytest.mark.django_db
@pytest.mark.parametrize("typed", LOOK_ALIKES.values(), ids=list(LOOK_ALIKES))
def test_a_look_alike_takes_no_account_over(typed: str, client: Client) -> None:
    User.objects.create_user(VICTIM)

    response = ask(client, typed)

    assert response.status_code == 200
    assert response.context["form"].errors["email"]
    assert (Email.objects.count(), User.objects.count()) == (0, 1)
    with pytest.raises(User.DoesNotExist):
        User.objects.get_by_natural_key(typed)
    with pytest.raises(AddressRefused):
        User.objects.for_sign_in(typed)


@pytest.mark.django_db
@pytest.mark.parametrize("typed", LOOK_ALIKES.values(), ids=list(LOOK_ALIKES))
def test_a_look_alike_takes_no_account_beforehand(typed: str, client: Client) -> None:
    ask(client, typed)
    with pytest.raises(AddressRefused):
        User.objects.create_user(typed)
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email=typed)

    ask(Client(), VICTIM)

    assert [user.email for user in User.objects.all()] == [VICTIM]
    assert [mail.to for mail in Email.objects.all()] == [[VICTIM]]


@pytest.mark.django_db
def test_a_near_domain_has_an_account_of_its_own(client: Client) -> None:
    """« xn--… » is what the look-alike domain is for the DNS: another address."""
    victim = User.objects.create_user("alice@gmail.com")
    near = "alice@xn--gmal-nza.com"

    client.post(reverse("account_login"), {"email": near, "email-asked": near})

    assert Email.objects.get().to == [near]
    assert User.objects.get(email=near) != victim


@pytest.mark.django_db
def test_capitals_and_blanks_open_the_same_account(client: Client) -> None:
    User.objects.create_user(VICTIM)

    ask(client, " Kate.FISK@ffirm-mail.fr ")

    assert User.objects.count() == 1
    assert Email.objects.get().to == [VICTIM]


# What is kept


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written", ["Alice@b.fr", "al ice@b.fr", "alicé@b.fr", "alice", "a@b.fr\n"]
)
def test_the_database_keeps_no_other_form(
    written: str, draft: Dossier, reference_data: None
) -> None:
    demande, suivi = make_demande(None), make_suivi()
    user = User.objects.create_user("x@exemple.fr")
    helper = Helper.objects.create(
        partenaire=draft.people[0], email="h@exemple.fr", name="Anne", invited_at=timezone.now()
    )
    rows: list[tuple[type[models.Model], int, str]] = [
        (User, user.pk, "email"),
        (Mairie, Mairie.objects.get().pk, "email"),
        (Partenaire, draft.people[0].pk, "invited_email"),
        (Partenaire, draft.people[0].pk, "contact_email"),
        (Helper, helper.pk, "email"),
        (Demande, demande.pk, "email"),
        (Suivi, suivi.pk, "reminder_email"),
    ]

    assert {(model, field) for model, _, field in rows} == {
        (model, field.name) for model, field in columns()
    }
    for model, pk, field in rows:
        with pytest.raises(IntegrityError), transaction.atomic():
            model._default_manager.filter(pk=pk).update(**{field: written})


@pytest.mark.django_db
def test_rows_written_before_take_the_form() -> None:
    """The migration: capitals, a domain with an accent, a look-alike, two that become one.

    It works on a table as it was then: without the constraints that it was followed by.
    """
    before = MigrationLoader(connection).project_state([("demarches", "0005_seat_kept_for_undo")])
    user = before.apps.get_model("demarches", "User")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE users_before AS SELECT * FROM {user._meta.db_table}")
    user._meta.db_table = "users_before"
    written = [
        "Alice@Exemple.FR",
        "bob@uzès.fr",
        "bob@xn--uzs-7la.fr",
        "eve@gma\u0131l.com",
        "z@exemple.fr",
    ]
    pks = list(range(1, 1 + len(written)))
    for pk, email in zip(pks, written, strict=True):
        user.objects.create(pk=pk, email=email, password="!")

    migration = import_module("demarches.migrations.0006_addresses")
    migration.forward(before.apps, None)

    after = dict(user.objects.filter(pk__in=pks).values_list("pk", "email"))
    assert [after[pk] for pk in pks] == [
        "alice@exemple.fr",
        f"illisible-{pks[1]}@adresse.invalid",
        "bob@xn--uzs-7la.fr",
        f"illisible-{pks[3]}@adresse.invalid",
        "z@exemple.fr",
    ]


# The question about a slip


class OneForm(forms.Form):
    email = AddressField(label="Adresse")
    other = forms.CharField()


def test_a_slip_is_asked_about_once() -> None:
    asked = OneForm({"email": "Camille@gmial.com", "other": "x"})

    assert asked.errors["email"] == [
        "Vouliez-vous dire camille@gmail.com ? Si oui, corrigez l’adresse. Sinon, envoyez encore :"
        " nous gardons ce que vous avez tapé."
    ]
    page = str(asked["email"])
    assert 'value="Camille@gmial.com"' in page
    assert '<input type="hidden" name="email-asked" value="camille@gmial.com">' in page

    again = OneForm(
        {"email": "Camille@gmial.com", "email-asked": "camille@gmial.com", "other": "x"}
    )
    assert again.is_valid()
    assert again.cleaned_data["email"] == "camille@gmial.com"


def test_an_accent_beside_the_ending_is_asked_about() -> None:
    """« coù » is the key beside « m »: with its accent, it makes a domain that has none."""
    for slip, meant in (("gmail.coù", "gmail.com"), ("exemple.frù", "exemple.fr")):
        asked = OneForm({"email": f"a@{slip}", "other": "x"})
        assert f"Vouliez-vous dire a@{meant} ?" in str(asked.errors["email"])


def test_another_slip_is_asked_about_again() -> None:
    other = OneForm({"email": "camille@gmal.com", "email-asked": "camille@gmial.com", "other": "x"})
    mended = OneForm(
        {"email": "camille@gmail.com", "email-asked": "camille@gmial.com", "other": "x"}
    )

    assert not other.is_valid()
    assert mended.is_valid()
    assert "asked" not in str(mended["email"])


def test_an_empty_address_is_said_so_or_kept_empty() -> None:
    assert AddressField(required=False).clean("  ") == ""
    with pytest.raises(forms.ValidationError, match="Écrivez une adresse"):
        AddressField().clean("")
    assert AddressField(required=False).has_changed("a@b.fr", " A@B.fr ") is False
    assert AddressField(required=False).has_changed("a@b.fr", "a@b") is True
    assert AddressField(required=False).has_changed("", None) is False


@pytest.mark.django_db
def test_the_sign_in_page_asks_about_a_slip_and_sends_at_the_second_time(client: Client) -> None:
    page = ask(client, "camille@gmial.com")
    hidden = 'type="hidden" name="email-asked" value="camille@gmial.com"'

    sent = client.post(
        reverse("account_login"),
        {"email": "camille@gmial.com", "email-asked": "camille@gmial.com"},
    )

    assert "Vouliez-vous dire camille@gmail.com" in page.content.decode()
    assert hidden in page.content.decode()
    assert sent.status_code == 302
    assert Email.objects.get().to == ["camille@gmial.com"]


# Nothing else takes, keeps or compares an address


def columns() -> Iterator[tuple[type[models.Model], Any]]:
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            for field in model._meta.concrete_fields:
                if field.name.endswith("email") and not field.is_relation:
                    yield model, field


def test_every_column_of_addresses_is_checked_by_the_database() -> None:
    found = list(columns())
    checks = {
        (model, str(check.condition))
        for model, _ in found
        for check in model._meta.constraints
        if isinstance(check, models.CheckConstraint)
    }

    assert len(found) == 7
    assert [field for _, field in found if not isinstance(field, AddressColumn)] == []
    for model, field in found:
        is_checked = [c for m, c in checks if m is model and f"{field.name}__form" in c]
        assert len(is_checked) == 1, (model, field)
        assert "'canonical_address'" in is_checked[0]


def form_classes() -> set[type[forms.BaseForm]]:
    for app in APPS:
        package = import_module(app)
        for module in pkgutil.walk_packages(package.__path__, f"{app}."):
            if ".migrations" not in module.name and not module.name.endswith(("wsgi", "asgi")):
                importlib.import_module(module.name)
    found: set[type[forms.BaseForm]] = set()
    left: list[type[forms.BaseForm]] = [forms.BaseForm]
    while left:
        for kind in left.pop().__subclasses__():
            if kind not in found:
                found.add(kind)
                left.append(kind)
    return {kind for kind in found if kind.__module__.split(".")[0] in APPS}


def test_every_form_takes_addresses_through_the_one_field() -> None:
    fields = [
        (kind.__name__, name, field)
        for kind in form_classes()
        for name, field in getattr(kind, "base_fields", {}).items()
        if isinstance(field, forms.EmailField | AddressField) or name.endswith("email")
    ]

    assert {kind for kind, _, _ in fields} >= {
        *("RequestCodeForm", "DoorForm", "SeenDoorForm", "AideForm", "RemindersForm"),
        "AgentForm",
    }
    assert [one for one in fields if not isinstance(one[2], AddressField)] == []
    assert [one for one in fields if not isinstance(one[2].widget, AddressInput)] == []


#: Where the one field and the one column are made.
MAKERS = {
    "demarches/typed/address_field.py",
    "demarches/models/address.py",
    "demarches/models/fields.py",
}
#: The two ways of writing a comparison.
COMPARISONS = {"canonical_address", "read_address"}
#: Keywords of calls that look nothing up: a mail is queued, an action is called.
LOOKUPS = {"filter", "exclude", "get", "get_or_create", "update_or_create", "Q"}
#: Of the rows that note a mail: a foreign key to the outbox, not an address.
OUTBOX = "mails"
#: Columns of the outbox that are reached by such a key, « email ».
OUTBOX_COLUMNS = {"status"}


def address_names(node: ast.AST) -> bool:
    name = getattr(node, "attr", None) or getattr(node, "id", None) or ""
    return name == "email" or name.endswith("_email")


def compared(side: ast.expr) -> Iterator[ast.AST]:
    """What stands on one side of « == »: itself, the parts of a tuple, what a method is of."""
    if isinstance(side, ast.Tuple):
        for one in side.elts:
            yield from compared(one)
    elif isinstance(side, ast.Call) and isinstance(side.func, ast.Attribute):
        yield from compared(side.func.value)
    else:
        yield side


def comparisons(tree: ast.AST) -> Iterator[str]:
    """Each comparison of an address that does not go through the one form."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            parts = [part for side in sides for part in compared(side)]
            empty = [s for s in sides if isinstance(s, ast.Constant) and s.value in ("", None)]
            is_equality = all(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops)
            if is_equality and not empty and any(address_names(part) for part in parts):
                yield ast.unparse(node)
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name not in LOOKUPS:
                continue
            for word in node.keywords:
                key = (word.arg or "").split("__")
                if (
                    key[0] == OUTBOX
                    or key[-1] in OUTBOX_COLUMNS
                    or not any(part == "email" or part.endswith("_email") for part in key)
                ):
                    continue
                is_made = (
                    isinstance(word.value, ast.Call)
                    and getattr(word.value.func, "id", "") in COMPARISONS
                )
                is_constant = isinstance(word.value, ast.Constant)
                is_exact = key[-1] in {"email", "isnull"} or key[-1].endswith("_email")
                if not (is_exact and (is_made or is_constant)):
                    yield ast.unparse(node)


def test_every_comparison_goes_through_the_one_form() -> None:
    found = {
        (path.relative_to(ROOT).as_posix(), one)
        for path in SOURCES
        for one in comparisons(ast.parse(path.read_text(encoding="utf-8")))
    }

    assert found == set()


def test_no_other_field_nor_folding_of_addresses() -> None:
    bare = (
        "forms.EmailField",
        "forms.EmailInput",
        "models.EmailField",
        "validate_email",
        "EmailValidator",
        "__iexact",
        "Lower(",
        "normalize_email",
        "email.lower",
        "email.strip",
    )

    found = {
        (path.relative_to(ROOT).as_posix(), word)
        for path in SOURCES
        for word in bare
        if word in path.read_text(encoding="utf-8")
        and path.relative_to(ROOT).as_posix() not in MAKERS
    }

    assert found == set()

"""No column keeps a private number, nor a text without end: a table over all of them."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django import forms
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import JSONField, Q
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import get_resolver

from demarches.models import Officer
from demarches.models.fields import Guarded, GuardedJSONField, GuardedTextField
from demarches.steps.forms import NoPrivateNumbersMixin, refuse_private_numbers
from demarches.typed import guard
from demarches.typed.guard import LONGEST_TEXT, TextRefused
from uzes_portal.middleware import RefusalPagesMiddleware

NIR = "1 85 05 78 006 084"
OURS = {"demarches", "pacs", "vitale"}
#: Apps of others, and why their texts are not guarded here.
OTHERS = {
    "account": "addresses of mail, as User.email",
    "admin": "the admin's own journal: names of fields, never values",
    "auth": "names of groups and of rights",
    "contenttypes": "names of models",
    "mfa": "names and secrets of a second factor",
    "post_office": "mails put together from guarded columns",
    "sessions": "signed by Django, holds no free text",
    "socialaccount": "what an identity provider says, typed by nobody here",
    "usersessions": "where a session was opened",
}
CODE = "one of our own words, checked against a list or written by the program"
DIGEST = "a digest, a random name or a key, computed"
COMPOSED = "put together by the program from guarded columns"
NATIONAL = "published by the State, read from its file"
SHAPE = "a validator checks a shape that no number has"
WEB = "the address of a page, checked as such, in public content"
REFERENCE = "a reference of ours, given by the program"

EXCUSED = {
    **dict.fromkeys(
        ["demarches.agenda.half_days", "demarches.mairie.phone", "pacs.partenaire.phone",
         "vitale.demande.phone"],
        SHAPE,
    ),
    **dict.fromkeys(
        ["demarches.mairie.website", "pacs.piecewording.link_url", "vitale.source.url",
         "vitale.link.url"],
        WEB,
    ),
    **dict.fromkeys(
        [f"demarches.ficheset.{name}" for name in
         ("source_name", "source_url", "redirections", "unknown", "added", "changed", "removed",
          "etag", "last_modified")]
        + [f"demarches.refusedsource.{name}" for name in
           ("source_name", "why", "etag", "last_modified")]
        + [f"demarches.fiche.{name}" for name in
           ("family", "title", "description", "theme", "url", "contributor", "text",
            "source_name", "source_url")]
        + ["demarches.ficheword.stem", "demarches.ficheword.forms"],
        NATIONAL,
    ),
    **dict.fromkeys(
        [f"demarches.feedbackcount.{name}" for name in ("procedure", "question", "answer")],
        "a code of ours, never what somebody typed",
    ),
    **dict.fromkeys(
        ["demarches.user.password", "demarches.ficheset.sha256", "demarches.fiche.sha256",
         "demarches.refusedsource.sha256",
         "demarches.ratecounter.key", "pacs.partenaire.private_code",
         "pacs.partenaire.attested_digest", "pacs.partenaire.common_confirmed_digest",
         "pacs.outcomedecision.digest", "pacs.piecetranslation.digests",
         "pacs.piecefile.storage_name", "pacs.piecefile.sha256",
         "vitale.suivi.secret_digest", "vitale.demande.secret_digest",
         "demarches.seal.digest", "demarches.verification.head", "demarches.signin.typed"],
        DIGEST,
    ),
    **dict.fromkeys(
        ["pacs.partenaire.search_text", "pacs.partenaire.attested_text",
         "pacs.partenaire.attested_facts", "pacs.registeredperson.search_text",
         "demarches.closingline.problem"],
        COMPOSED,
    ),
    **dict.fromkeys(
        ["pacs.dossier.reference", "pacs.lateract.reference", "vitale.demande.reference",
         "demarches.appointment.holder"],
        REFERENCE,
    ),
    **dict.fromkeys(
        ["pacs.piecewording.rule_id", "pacs.informationrequest.question", "pacs.sentmail.kind",
         "pacs.dossierevent.kind", "pacs.reading.what", "pacs.piece.key", "pacs.piece.rule_id",
         "pacs.partenaire.said_by_other", "pacs.piece.about", "pacs.piece.refusal_code",
         "pacs.piecefile.content_type",
         "pacs.piecefile.warnings", "pacs.registration.dissolution", "pacs.lateract.pieces",
         "vitale.planline.channels", "vitale.planline.cases",
         "vitale.planline.regimes", "vitale.delay.channels", "vitale.delay.cases",
         "vitale.suivitick.step", "vitale.suivitick.choice", "vitale.suivireminder.step",
         "vitale.suivioffset.situations", "vitale.suivioffset.from_step",
         "vitale.suivioffset.until_step", "vitale.demandeevent.kind", "vitale.demandemail.kind",
         "vitale.tally.topic", "demarches.deskreading.what", "demarches.deskreading.detail",
         "demarches.purge.subject", "demarches.seal.journal", "demarches.seal.rows",
         "demarches.job.name", "demarches.job.failure", "demarches.job.report",
         "demarches.job.runner", "demarches.heartbeat.name",
         "demarches.revision.part", "demarches.revision.value",
         "demarches.verification.problems", "vitale.demandereading.what",
         "pacs.partenaire.nationalities", "demarches.signin.address",
         "demarches.staffsession.address", "demarches.staffsession.browser",
         "demarches.agendafeed.digest"],
        CODE,
    ),
}  # fmt: skip


def columns() -> Iterator[tuple[str, models.Field[Any, Any]]]:
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            is_text = isinstance(field, models.CharField | models.TextField | JSONField)
            if is_text or isinstance(field, models.FileField):
                yield f"{model._meta.label_lower}.{field.name}", field


def holds_no_number(field: models.Field[Any, Any]) -> bool:
    """A choice among our words, or shorter than the shortest number."""
    return bool(field.choices) or (field.max_length is not None and field.max_length < 13)


def our_columns() -> dict[str, models.Field[Any, Any]]:
    return {name: field for name, field in columns() if name.partition(".")[0] in OURS}


GUARDED = {name: field for name, field in our_columns().items() if isinstance(field, Guarded)}


def test_every_text_column_is_guarded_or_excused() -> None:
    left = {
        name
        for name, field in our_columns().items()
        if not isinstance(field, Guarded) and not holds_no_number(field)
    }

    assert left == set(EXCUSED)


@pytest.mark.parametrize("name", [name for name, why in EXCUSED.items() if why is SHAPE])
def test_a_shape_is_checked_and_no_number_has_it(name: str) -> None:
    for number in (NIR, NIR.replace(" ", ""), f"{NIR} 36", "+" + NIR.replace(" ", "")):
        with pytest.raises(ValidationError):
            our_columns()[name].clean(number, None)


def test_every_other_app_with_texts_is_known() -> None:
    apps_with_texts = {name.partition(".")[0] for name, _ in columns()}

    assert apps_with_texts - OURS <= set(OTHERS)


@pytest.mark.parametrize("name", GUARDED)
def test_a_guarded_column_writes_no_number(name: str) -> None:
    field = GUARDED[name]
    text = [{"x": f"a {NIR}"}] if isinstance(field, GuardedJSONField) else f"a {NIR}"

    with pytest.raises(TextRefused):
        field.get_db_prep_save(text, connection)
    with pytest.raises(TextRefused):
        field.run_validators(text)


@pytest.mark.parametrize("name", GUARDED)
def test_a_guarded_column_writes_nothing_longer_than_it_says(name: str) -> None:
    field = GUARDED[name]
    text: Any = "a" * ((field.max_length or LONGEST_TEXT) + 1)
    text = [text] if isinstance(field, GuardedJSONField) else text

    with pytest.raises(TextRefused, match=r"signes, .* au plus"):
        field.get_db_prep_save(text, connection)


def test_a_text_beyond_its_length_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    monkeypatch.setattr(guard, "find_passage", lambda text: read.append(len(text)))
    field = GuardedTextField(max_length=300)

    for length in (300, 301, 2_600_000):
        with contextlib.suppress(TextRefused):
            field.run_validators("9" * length)
        refuse_private_numbers("9" * length)

    assert max(read) == 301


class AnyForm(NoPrivateNumbersMixin, forms.Form):
    one = forms.CharField(max_length=50)
    other = forms.CharField()


def test_a_form_does_not_read_what_its_field_may_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    monkeypatch.setattr(guard, "find_passage", lambda text: read.append(len(text)))

    form = AnyForm({"one": "9" * 51, "other": "9" * (LONGEST_TEXT + 1)})

    assert (form.is_valid(), read) == (False, [])
    assert sorted(form.errors) == ["one", "other"]


@pytest.mark.django_db
def test_no_way_of_writing_passes_by() -> None:
    since = date(2026, 1, 1)
    officer = Officer.objects.create(name="Claire Martin", quality="maire", in_force_from=since)

    def bulk_update() -> None:
        officer.quality = NIR
        Officer.objects.bulk_update([officer], ["quality"])

    ways: list[Callable[[], object]] = [
        lambda: Officer.objects.create(name=NIR, in_force_from=since),
        lambda: Officer.objects.bulk_create([Officer(name=NIR, in_force_from=since)]),
        lambda: Officer.objects.update(name=NIR),
        lambda: Officer.objects.update_or_create(pk=officer.pk, defaults={"name": NIR}),
        bulk_update,
    ]
    for way in ways:
        with pytest.raises(TextRefused), transaction.atomic():
            way()

    assert not Officer.objects.filter(Q(name=NIR) | Q(quality=NIR)).exists()


def test_migrations_name_the_fields_of_django() -> None:
    assert {field.deconstruct()[1].rpartition(".")[0] for field in GUARDED.values()} == {
        "django.db.models",
        "demarches.models.address",  # its forms and its check are part of what it is
    }


@pytest.mark.django_db
def test_what_no_view_answers_is_refused_in_words(rf: RequestFactory) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise AssertionError(request)

    middleware = RefusalPagesMiddleware(view)
    response = middleware.process_exception(rf.get("/"), TextRefused("Un texte trop long."))

    assert response is not None
    assert response.status_code == 422
    assert "Un texte trop long." in response.content.decode()


# The forms of residents: what is typed on a page that no column keeps is looked at too.

#: Forms of these modules belong to the desk, or to no page of the portal.
OF_THE_DESK = {
    "pacs.forms.desk",
    "pacs.forms.registration",
    "uzes_portal.journal_desk",
    "uzes_portal.styleguide",
}
ABSTRACT = {"PageFormMixin", "StepForm", "NoPrivateNumbersMixin"}
#: Fields that take any signs, and why nothing of them is kept or shown.
NOT_KEPT = {
    "demarches.views.signin.ConfirmCodeForm.code": "looked at in the form, compared, kept nowhere",
    "pacs.forms.appointment_link.LettersForm.letters": "compared with a name, kept nowhere",
    "pacs.forms.civil.CivilForm.birth_date": "read as a date, whose figures alone are kept",
    "pacs.forms.partner.DoorForm.code": "compared, kept nowhere",
    "pacs.forms.partner.MessageForm.form_key": "one of ours; its column is guarded",
    "pacs.forms.partner.PrivateCodeForm.code": "kept as a digest with a salt",
    "pacs.forms.partner.SeenDoorForm.reference": "a search of the desk, kept nowhere",
    "pacs.forms.partner.UnlockForm.code": "compared, kept nowhere",
    "uzes_portal.admin.DoorForm.password": "compared, kept nowhere",
    "uzes_portal.admin.DoorForm.username": "the door of the agents: compared, kept nowhere",
}


def form_classes(above: type[forms.BaseForm]) -> Iterator[type[forms.BaseForm]]:
    for form in above.__subclasses__():
        yield form
        yield from form_classes(form)


def resident_forms() -> dict[str, type[Any]]:
    """Every form class of ours that a page of residents may show, by its name."""
    # Every form is known once every address is.
    get_resolver().url_patterns  # noqa: B018
    return {
        f"{form.__module__}.{form.__name__}": form
        for form in form_classes(forms.BaseForm)
        if form.__module__.partition(".")[0] in OURS | {"uzes_portal"}
        and form.__module__ not in OF_THE_DESK
        and ".admin." not in form.__module__
        and form.__name__ not in ABSTRACT
        and hasattr(form, "base_fields")
    }


def lets_pass(form: type[forms.BaseForm], name: str, field: forms.Field) -> bool:
    """Whether this field, alone, takes a text with a number that nobody may keep."""
    if issubclass(form, NoPrivateNumbersMixin):
        return False
    model = getattr(getattr(form, "_meta", None), "model", None)
    columns = {one.name: one for one in model._meta.get_fields()} if model else {}
    if isinstance(columns.get(name), Guarded):
        return False
    for typed in (f"ma carte {NIR}", NIR, NIR.replace(" ", "")):
        with contextlib.suppress(forms.ValidationError):
            field.clean(typed)
            return True
    return False


def test_no_free_text_of_residents_takes_a_number() -> None:
    found = resident_forms()
    texts = {
        f"{form}.{name}": lets_pass(found[form], name, field)
        for form in found
        for name, field in found[form].base_fields.items()
        if isinstance(field, forms.CharField)
    }

    assert {name for name, passes in texts.items() if passes} == set(NOT_KEPT)
    assert len(texts) > 30

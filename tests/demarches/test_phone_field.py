"""One column and one field of telephone numbers."""

import pytest
from django import forms
from django.apps import apps
from phonenumber_field.formfields import PhoneNumberField as LibraryField
from phonenumber_field.modelfields import PhoneNumberField as LibraryColumn

from demarches.models import Mairie
from demarches.typed.phone_field import PhoneColumn, PhoneField, as_number
from tests.demarches.test_addresses import form_classes


def test_every_column_and_every_field_is_ours() -> None:
    columns = [
        field
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, LibraryColumn)
    ]
    fields = [
        field for kind in form_classes() for field in vars(kind).get("base_fields", {}).values()
    ]

    assert len(columns) == 3
    assert {type(column) for column in columns} == {PhoneColumn}
    assert any(isinstance(field, PhoneField) for field in fields)
    assert not any(isinstance(field, LibraryField) for field in fields)


@pytest.mark.django_db
def test_a_number_of_another_country_keeps_its_country(reference_data: None) -> None:
    mairie = Mairie.objects.get()
    mairie.phone = "+39 06 6982 1234"
    mairie.save()

    kept = Mairie.objects.get().phone

    assert str(kept) == "+39 06 6982 1234"
    assert kept.as_e164 == "+390669821234"


def test_a_field_keeps_what_was_typed() -> None:
    class Form(forms.Form):
        phone = PhoneField(required=False)

    typed = "06 12 34 56 78 (le soir)"
    form = Form({"phone": typed})

    assert not form.is_valid()
    assert typed in str(form["phone"])
    assert Form({"phone": ""}).is_valid()


def test_the_same_number_written_otherwise_is_no_change() -> None:
    kept = as_number("0692 12 34 56")

    assert str(kept) == "0692 12 34 56"
    assert not PhoneField().has_changed(kept, "0692.12.34.56")
    assert PhoneField().has_changed(kept, "0692.12.34.57")
    assert PhoneField().has_changed(kept, "")

"""The box by which somebody without an address agrees to SMS: a tick that keeps its day."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from demarches.mail.sms_gateway import is_on
from demarches.rules.phones import is_mobile
from demarches.typed.phone_field import as_number
from pacs.models import Partenaire

AGREED = "texts_agreed_at"
NO_MOBILE = "Pour recevoir des SMS, indiquez un numéro de mobile. Sinon, décochez la case."
LABEL = "J’accepte les SMS au sujet de mon rendez-vous, sur ce mobile"
HELP = (
    "Un rappel, ou un changement décidé par la mairie. Ni votre nom ni votre démarche n’y figurent."
    " Vous pouvez décocher quand vous voulez."
)


class TextsAgreedField(forms.BooleanField):
    """Ticked or not; the form puts the day in its place (`settle_texts`)."""

    def __init__(self, label: str = LABEL, help_text: str = HELP, **kwargs: Any) -> None:
        super().__init__(label=label, help_text=help_text, **{**kwargs, "required": False})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial) != bool(self.to_python(data))


def asks_texts(person: Partenaire) -> bool:
    """Only of whoever has no address, where the mairie has a gateway."""
    return is_on() and not person.mail_address


def settle_texts(form: forms.ModelForm[Partenaire], data: dict[str, Any]) -> None:
    """Put the day of the consent in the place of the tick; refuse a number that is no mobile.

    Another number needs another yes: the tick beside it is one. An address given with it makes
    it useless, and it is not kept.
    """
    if AGREED not in form.fields:
        return
    is_ticked = bool(data.get(AGREED)) and not data.get("contact_email")
    phone = as_number(data.get("phone") or "")
    if is_ticked and "phone" not in form.errors and not (phone and is_mobile(phone)):
        form.add_error("phone", ValidationError(NO_MOBILE))
    data[AGREED] = agreed_at(form.instance, is_ticked=is_ticked, phone=phone)


def agreed_at(person: Partenaire, *, is_ticked: bool, phone: Any) -> datetime | None:
    """The day that stands, today for a new yes, or none."""
    if not is_ticked:
        return None
    stands = person.texts_agreed_at is not None and as_number(person.phone or "") == phone
    return person.texts_agreed_at if stands else timezone.now()

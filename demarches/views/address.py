"""The address of one's account: another one, once both have been proved."""

import re

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.accounts.adapter import CODE_LENGTH, CODE_PATTERN
from demarches.accounts.address_change import (
    ask_change,
    asked_change,
    change_address,
    forget_change,
    try_codes,
)
from demarches.mail.limits import seconds_before_code
from demarches.models import User
from demarches.rules.addresses import same_address
from demarches.serving.ratelimit import rate_limited, too_many_requests
from demarches.steps.forms import PageFormMixin
from demarches.typed.address_field import AddressField, AddressInput


class NewAddressForm(PageFormMixin, forms.Form):
    """The address to use from now on."""

    email = AddressField(
        label="Votre nouvelle adresse e-mail",
        help_text="Nous envoyons un code à cette adresse, et un autre à l’ancienne.",
        widget=AddressInput(attrs={"autocomplete": "email"}),
        error_messages={"required": "Écrivez votre nouvelle adresse e-mail."},
    )


class CodeField(forms.CharField):
    """A code of a mail, with or without spaces."""

    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            max_length=40,
            help_text=f"{CODE_LENGTH} chiffres, avec ou sans espace.",
            widget=forms.TextInput(
                attrs={"autocomplete": "off", "inputmode": "numeric", "spellcheck": "false"}
            ),
            error_messages={"required": "Écrivez le code reçu à cette adresse."},
        )

    def clean(self, value: str) -> str:
        typed = re.sub(r"[\s.-]", "", super().clean(value))
        if not CODE_PATTERN.fullmatch(typed):
            raise ValidationError(f"Le code est fait de {CODE_LENGTH} chiffres : recopiez-le.")
        return typed


class BothCodesForm(PageFormMixin, forms.Form):
    """The two codes, one for each address."""

    before = CodeField("Le code reçu à votre adresse actuelle")
    after = CodeField("Le code reçu à votre nouvelle adresse")


def _resident(request: HttpRequest) -> User:
    """Whoever changes their own address; an agent's is changed at the desk."""
    if not isinstance(request.user, User) or request.user.is_staff:
        raise Http404
    return request.user


@rate_limited("code_ip", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    """Ask for the new address, and send the codes."""
    user = _resident(request)
    form = NewAddressForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        after = form.cleaned_data["email"]
        if same_address(after, user.email):
            form.add_error("email", "C’est déjà l’adresse de votre compte.")
        else:
            waits = [seconds_before_code(request, one) for one in (user.email, after)]
            if seconds := max(waits):
                return too_many_requests(request, seconds)
            ask_change(request.session, user, after, at=timezone.now())
            return redirect("demarches:address-codes")
    context = {"form": form, "address": user.email}
    return render(request, "demarches/address.html", context, status=422 if form.errors else 200)


@rate_limited("code_ip", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
def address_codes(request: HttpRequest) -> HttpResponse:
    """Take the two codes, and change the address."""
    user = _resident(request)
    now = timezone.now()
    asked = asked_change(request.session, user, at=now)
    if asked is None:
        return redirect("demarches:address")
    form = BothCodesForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if try_codes(request.session, asked, **form.cleaned_data):
            forget_change(request.session)
            try:
                change_address(user, asked.after, at=now)
            except ValidationError as refused:
                messages.error(request, refused.messages[0])
                return redirect("demarches:address")
            messages.success(request, f"Votre adresse est maintenant {user.email}.")
            return redirect("demarches:account")
        if asked.tries_left < 1:
            messages.error(
                request,
                "Il y a eu cinq essais avec un mauvais code. Recommencez : rien n’a changé.",
            )
            return redirect("demarches:address")
        left = asked.tries_left
        again = "Il vous reste un essai." if left == 1 else f"Il vous reste {left} essais."
        form.add_error(None, f"L’un des deux codes n’est pas le bon. {again}")
    context = {"form": form, "asked": asked}
    status = 422 if form.errors else 200
    return render(request, "demarches/address_codes.html", context, status=status)

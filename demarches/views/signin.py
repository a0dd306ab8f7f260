"""Sign-in by a code sent by mail: two short pages, the same for everybody."""

import re
import time
from typing import Any

from allauth.account.views import ConfirmLoginCodeView, LogoutView, RequestLoginCodeView
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.decorators import method_decorator

from demarches.accounts.adapter import CODE_LENGTH, CODE_PATTERN, code_matches, count_try
from demarches.mail.limits import seconds_before_code
from demarches.models import User
from demarches.oidc import parting
from demarches.serving.ratelimit import rate_limited, too_many_requests
from demarches.steps.forms import PageFormMixin
from demarches.typed.address_field import AddressField, AddressInput

NOT_A_CODE = f"Le code est fait de {CODE_LENGTH} chiffres. Recopiez-le depuis l’e-mail."


class RequestCodeForm(PageFormMixin, forms.Form):
    """Any address is accepted: whoever reads its mails has, or gets, the account."""

    email = AddressField(
        label="Votre adresse e-mail",
        help_text="Nous vous y envoyons un code pour entrer. Pas de mot de passe.",
        widget=AddressInput(attrs={"autocomplete": "email"}),
        error_messages={"required": "Écrivez votre adresse e-mail."},
    )

    #: Whom the code is for; None sends a mail without a code. Read by django-allauth.
    _user: User | None = None


class ConfirmCodeForm(PageFormMixin, forms.Form):
    """The code of the mail; one that cannot be a code costs no try."""

    code = forms.CharField(
        label="Le code reçu par e-mail",
        max_length=40,
        help_text=f"{CODE_LENGTH} chiffres, avec ou sans espace.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        ),
        error_messages={
            "required": "Écrivez le code que vous avez reçu par e-mail.",
            "max_length": NOT_A_CODE,
        },
    )

    def __init__(self, *args: Any, code: str, asked_at: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sealed = code
        self.asked_at = asked_at
        self.tries_left = 0
        self.is_a_try = False

    def clean_code(self) -> str:
        typed = re.sub(r"[\s.-]", "", self.cleaned_data["code"])
        if not CODE_PATTERN.fullmatch(typed):
            raise ValidationError(NOT_A_CODE)
        self.is_a_try = True
        self.tries_left = count_try(self.sealed, self.asked_at)
        if self.tries_left < 0 or not code_matches(typed, self.sealed):
            left = self.tries_left
            tries = "Il vous reste un essai." if left == 1 else f"Il vous reste {left} essais."
            raise ValidationError(
                f"Ce n’est pas le bon code. {tries} Prenez celui de l’e-mail le plus récent,"
                " ou demandez un nouveau code."
            )
        return typed


@method_decorator(rate_limited("sign_in_ip", reads=False), name="dispatch")
class SignInView(RequestLoginCodeView):  # type: ignore[misc]
    """Ask for an address; the answer is the same whether it is known or not."""

    template_name = "account/sign_in.html"

    def get_form_class(self) -> type[forms.Form]:
        return RequestCodeForm

    def form_valid(self, form: RequestCodeForm) -> HttpResponse:
        if seconds := seconds_before_code(self.request, form.cleaned_data["email"]):
            return too_many_requests(self.request, seconds)
        form._user = User.objects.for_sign_in(form.cleaned_data["email"])
        response: HttpResponse = super().form_valid(form)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["again"] = self.request.GET.get("nouveau", "")
        return context

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: Any) -> None:
        """Let people who mistyped their address come back and type it again."""


@method_decorator(rate_limited("code_ip", reads=False), name="dispatch")
class ConfirmCodeView(ConfirmLoginCodeView):  # type: ignore[misc]
    """Reading this page changes nothing; only the right code, sent from here, signs in."""

    template_name = "account/confirm_code.html"

    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        if getattr(self, "_process", None) is None and not request.user.is_authenticated:
            return self._ask_again("code")
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["demo"] = settings.DEBUG
        return context

    def get_form_class(self) -> type[forms.Form]:
        return forms.Form if self._action == "resend" else ConfirmCodeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs: dict[str, Any] = super().get_form_kwargs()
        if self._action != "resend":
            kwargs["asked_at"] = self._process.state["at"]
        return kwargs

    def form_invalid(self, form: ConfirmCodeForm) -> HttpResponse:
        if form.is_a_try and form.tries_left < 1:
            self._process.abort()
            return self._ask_again("essais")
        response: HttpResponse = self.render_to_response(self.get_context_data(form=form))
        return response

    def _resend_form_valid(self, form: forms.Form) -> HttpResponse:
        if seconds_before_code(self.request, self._process.state["email"]):
            messages.warning(
                self.request,
                "Beaucoup de codes sont déjà partis à cette adresse : le dernier reste valable."
                " Cherchez-le aussi dans les courriers indésirables.",
            )
            return HttpResponseRedirect(
                self.passthrough_next_url(reverse("account_confirm_login_code"))
            )
        # The new code gets its own ten minutes and its own tries.
        self._process.state["at"] = time.time()
        response: HttpResponse = super()._resend_form_valid(form)
        messages.success(self.request, "Un nouveau code est parti. L’ancien ne marche plus.")
        return response

    def _ask_again(self, why: str) -> HttpResponseRedirect:
        url = f"{reverse('account_login')}?nouveau={why}"
        return HttpResponseRedirect(self.passthrough_next_url(url))


@method_decorator(login_not_required, name="dispatch")
class SignOutView(LogoutView):  # type: ignore[misc]
    """Leave; what the browser kept goes too (`uzes_portal.headers`)."""

    template_name = "account/sign_out.html"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        elsewhere = parting.open_session(self.request)
        response: HttpResponse = super().post(*args, **kwargs)
        if elsewhere is not None:
            response = parting.leave(self.request, elsewhere)
        return response

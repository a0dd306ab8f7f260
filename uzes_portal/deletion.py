"""« Faire effacer mes données »: what may go at once, what is kept and why, and asking for it.

RGPD, article 17. The page knows every procedure; each says what it keeps (`mine.py`). Whoever has
nothing here that the mairie must keep closes the account at once, with a code (ADR 0066).
"""

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from demarches.accounts.asked_again import ask_again, asked_again, try_code
from demarches.dossiers.deletion import ask_deletion, close_account, may_close, take_deletion_back
from demarches.dossiers.mine import Kept, kept_of
from demarches.mail.limits import seconds_before_code
from demarches.models import User
from demarches.oidc import parting
from demarches.procedures import own_rows
from demarches.rules.read import FIELD, Shown, imprint, is_as_read
from demarches.serving.ratelimit import rate_limited, too_many_requests
from demarches.steps.forms import PageFormMixin
from demarches.views.address import CodeField
from demarches.views.changed import Way, changed_page
from demarches.web.as_read import ChangedSince


def deletion_shown(kept: list[Kept]) -> Shown:
    """What the page says, for its form."""
    return {"page": "supprimer", **{one.reference: one.shown() for one in kept}}


@require_http_methods(["GET", "HEAD", "POST"])
def mine_delete(request: HttpRequest) -> HttpResponse:
    """Read what is kept; ask for its deletion, or take the request back."""
    user = request.user
    if not isinstance(user, User) or user.is_staff:
        raise Http404  # an agent's account is closed at the desk: what it did keeps its name
    if request.method == "POST":
        return _act(request, user)
    kept = kept_of(user)
    asked = user.deletion_requests.first()
    context = {
        "kept": kept,
        "asked": asked,
        "lu": imprint(deletion_shown(kept)),
        "may_close": may_close(user, kept),
    }
    return render(request, "demarches/mine_delete.html", context)


def _act(request: HttpRequest, user: User) -> HttpResponse:
    here = reverse("mine-delete")
    if request.POST.get("verb") == "annuler":
        if take_deletion_back(user):
            messages.success(request, "Votre demande d’effacement est annulée.")
        else:
            messages.info(request, "Il n’y avait plus de demande à annuler.")
        return redirect(here)
    shown, read = deletion_shown(kept_of(user)), request.POST.get(FIELD, "")
    try:
        ask_deletion(user, shown=shown, read=read, at=timezone.now())
    except ChangedSince:
        return _changed(request, "Demander l’effacement de vos données.")
    messages.success(request, "Votre demande est enregistrée. La mairie vous répond par mail.")
    return redirect(here)


def _changed(request: HttpRequest, wanted: str) -> HttpResponse:
    return changed_page(
        request,
        heading="Ce qui est gardé a changé",
        wanted=wanted,
        now=["Une de vos démarches a bougé depuis que vous avez ouvert la page."],
        ways=[Way("Relire ce qui est gardé", reverse("mine-delete"), is_main=True)],
    )


class CloseForm(PageFormMixin, forms.Form):
    """The code that was sent again."""

    code = CodeField("Le code reçu par e-mail")


@rate_limited("code_ip", reads=False)
@require_http_methods(["GET", "HEAD", "POST"])
def mine_close(request: HttpRequest) -> HttpResponse:
    """Ask for a code (« code »), type it, and the account is closed."""
    user, now = request.user, timezone.now()
    if not isinstance(user, User) or user.is_staff:
        raise Http404
    kept = kept_of(user)
    if not may_close(user, kept):
        messages.info(request, "Votre compte ne peut pas se fermer tout de suite : voyez pourquoi.")
        return redirect("mine-delete")
    if request.method == "POST" and request.POST.get("verb") == "code":
        if seconds := seconds_before_code(request, user.email):
            return too_many_requests(request, seconds)
        ask_again(request.session, user, template="account/email/closing_code", at=now)
        return redirect("mine-close")
    asked = asked_again(request.session, user, at=now)
    if asked is None:
        messages.info(request, "Il faut un code, de moins de dix minutes : demandez-le ici.")
        return redirect("mine-delete")
    form = CloseForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        if try_code(request.session, asked, form.cleaned_data["code"]):
            return _close(request, user)
        if asked.tries_left < 1:
            messages.error(request, "Cinq codes étaient faux. Recommencez : rien n’a changé.")
            return redirect("mine-delete")
        left = asked.tries_left
        again = "Il vous reste un essai." if left == 1 else f"Il vous reste {left} essais."
        form.add_error("code", f"Ce n’est pas le bon code. {again}")
    context = {"form": form, "kept": kept, "lu": imprint(deletion_shown(kept))}
    status = 422 if form.errors else 200
    return render(request, "demarches/mine_close.html", context, status=status)


def _close(request: HttpRequest, user: User) -> HttpResponse:
    """Close the account of the page that was read, and leave; the browser is emptied on the way."""
    with transaction.atomic():
        # Nothing is opened under this account while it goes.
        User.objects.select_for_update().get(pk=user.pk)
        kept = kept_of(user)
        may_go = may_close(user, kept) and is_as_read(
            request.POST.get(FIELD, ""), deletion_shown(kept)
        )
        if may_go:
            for procedure in own_rows():
                procedure.erase_own(user)
            close_account(user)
    if not may_go:
        return _changed(request, "Fermer votre compte.")
    elsewhere = parting.open_session(request)
    logout(request)
    if elsewhere is not None:
        return parting.leave(request, elsewhere)
    messages.success(request, "Votre compte est fermé : ce qu’il gardait est effacé.")
    return redirect("home")

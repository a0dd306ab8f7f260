"""Accounts of the agents. Residents make theirs themselves, and are not shown here.

Who may change whom is `demarches.rules.rights`; it is asked before the page, and once more under
the lock, so that two administrateurs who act on each other at once do not both win.
"""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone

from demarches.accounts import second_factor
from demarches.accounts.account_rights import (
    account_of,
    grantable_groups,
    is_within_reach,
    may_be_helped,
    permissions_of,
    would_leave_nobody,
)
from demarches.accounts.staff_sessions import end_sessions
from demarches.admin.base import DeskAdmin
from demarches.mail.staff_mails import send_password_link, tell_administrators, tell_agent
from demarches.models import SignIn, User
from demarches.rules.addresses import same_address
from demarches.rules.numbers import read_number
from demarches.rules.rights import may_make_superuser

for model in (Authenticator, Group):
    admin.site.unregister(model)

LAST_ONE = "C’est le dernier compte qui administre le portail : donnez ce droit à un autre d’abord."


def _actor(request: HttpRequest) -> User:
    """The agent; the admin site has already checked that they are staff."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


class GroupsField(forms.ModelMultipleChoiceField[Group]):
    """Some groups; a number that no key can be is not asked of the database."""

    def clean(self, value: Any) -> Any:
        for one in value or ():
            if read_number(str(one)) is None:
                raise forms.ValidationError(self.error_messages["invalid_pk_value"] % {"pk": "?"})
        return super().clean(value)


class AgentForm(forms.ModelForm[User]):
    """One account, as an administrateur writes it; a password is never theirs to choose."""

    class Meta:
        model = User
        fields = ("email", "full_name", "is_active", "is_superuser", "groups")
        widgets = {"groups": forms.CheckboxSelectMultiple}
        error_messages = {
            # The same words for an agent's address and a resident's.
            "email": {"unique": "Cette adresse ne peut pas servir ici : prenez-en une autre."}
        }

    def clean(self) -> dict[str, Any]:
        """Refuse what would leave the portal without an administrateur."""
        data = super().clean() or {}
        if self.instance.pk and {"is_active", "is_superuser", "groups"} & set(self.changed_data):
            stays = data.get("is_active", self.instance.is_active) and (
                data.get("is_superuser", self.initial.get("is_superuser"))
                or "demarches.change_user" in permissions_of(data.get("groups", ()))
            )
            before = User.objects.get(pk=self.instance.pk)
            if not stays and would_leave_nobody(before):
                raise forms.ValidationError(LAST_ONE)
        return data


def _has_moved(form: forms.ModelForm[User]) -> bool:
    """Whether the form gives an account that exists another address, and not another writing."""
    return not same_address(form.instance.email, form.initial.get("email", ""))


@admin.register(User)
class AgentAdmin(DeskAdmin[User]):
    """The list of agents, and one account."""

    form = AgentForm
    ordering = ("email",)
    list_display = ("email", "full_name", "is_active", "last_login")
    list_filter = ("is_active", "groups")
    search_fields = ("email", "full_name")
    actions = None
    fieldsets = (
        (None, {"fields": ("email", "full_name", "last_login", "date_joined")}),
        ("Droits", {"fields": ("is_active", "is_superuser", "groups")}),
    )
    change_form_template = "admin/staff/account.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return User.objects.filter(is_staff=True)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> User:
        """An agent; whoever is not one is not found, residents first of all."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        return found

    def get_urls(self) -> list[URLPattern]:
        def wrap(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(view)

        return [
            path(
                "<num:pk>/second-facteur/",
                wrap(self.reset_factor_view),
                name="demarches_user_factor",
            ),
            path(
                "<num:pk>/sessions/", wrap(self.end_sessions_view), name="demarches_user_sessions"
            ),
            path("<num:pk>/mot-de-passe/", wrap(self.send_link_view), name="demarches_user_link"),
            *super().get_urls(),
        ]

    # Who may what

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        return obj is None or is_within_reach(obj, of=_actor(request))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False  # an account is closed: what it did keeps its name

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        out_of_reach = [] if may_make_superuser(account_of(_actor(request))) else ["is_superuser"]
        # A new account is opened; it is closed later.
        return ["last_login", "date_joined", *out_of_reach, *([] if obj else ["is_active"])]

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelMultipleChoiceField[Model] | None:
        if db_field.name == "groups":
            kwargs["form_class"] = GroupsField
            kwargs["queryset"] = grantable_groups(_actor(request))
            kwargs["widget"] = forms.CheckboxSelectMultiple()
            kwargs["help_text"] = "Vous donnez ce que vous avez vous-même, rien de plus."
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    # Writing

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Check again under the lock, save, and tell: the agent, and the other administrateurs."""
        actor, at = _actor(request), timezone.now()
        if not change:
            obj.is_staff = True
            obj.set_unusable_password()
            super().save_model(request, obj, form, change)
            send_password_link(obj, at=at, is_new=True)
            return
        before = self._locked(obj.pk, actor)
        if obj.is_superuser != before.is_superuser and not actor.is_superuser:
            raise PermissionDenied
        super().save_model(request, obj, form, change)
        if _has_moved(form):
            # To the address it leaves: the new one may be somebody else's.
            tell_agent(before, "l’adresse e-mail a été changée", at=at, by=actor)
        if before.is_active and not obj.is_active:
            end_sessions(obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Write the groups, and tell all that changed in one line and one mail."""
        account = form.instance
        held = set(account.groups.values_list("name", flat=True))
        super().save_related(request, form, formsets, change)
        now = set(account.groups.values_list("name", flat=True))
        said = [f"groupe « {name} » donné" for name in sorted(now - held)]
        said += [f"groupe « {name} » retiré" for name in sorted(held - now)]
        if not change:
            said.insert(0, "compte ouvert")
        if "is_superuser" in form.changed_data:
            said.append("tous les droits donnés" if account.is_superuser else "droits retirés")
        if change and "is_active" in form.changed_data:
            said.append("compte rouvert" if account.is_active else "compte fermé")
        if change and _has_moved(form):
            said.append("adresse e-mail changée")
        if said:
            self._note(request, account, ", ".join(said))

    def _note(self, request: HttpRequest, account: User, what: str) -> None:
        """Keep it in the account's history, and tell the other administrateurs."""
        self.log_change(request, account, what)
        tell_administrators(what, at=timezone.now(), by=_actor(request), about=account)

    def _locked(self, pk: int, actor: User) -> User:
        """The account as it stands, both rows locked; raise when `actor` may not help it by now."""
        rows = User.objects.select_for_update().filter(pk__in={pk, actor.pk}).order_by("pk")
        held = {one.pk: one for one in rows}
        target = held.get(pk)
        if target is None or not target.is_staff:
            raise Http404
        if not may_be_helped(target, by=held[actor.pk]):
            raise PermissionDenied
        return target

    # Buttons

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One account: its rights, its devices, where it is open."""
        account = self.get_object(request, object_id)
        more = {
            "is_within_reach": self.has_change_permission(request, account),
            "may_be_helped": account is not None and may_be_helped(account, by=_actor(request)),
            "devices": second_factor.devices(account).count(),
            "sessions": account.staff_sessions.alive(timezone.now()),
            "sign_ins": SignIn.objects.filter(user=account)[:10],
        }
        kwargs["extra_context"] = {**(kwargs.get("extra_context") or {}), **more}
        return super().change_view(request, object_id, *args, **kwargs)

    def _act(self, request: HttpRequest, pk: int, act: Callable[[User], str]) -> HttpResponse:
        if request.method != "POST":
            raise Http404
        if not super().has_change_permission(request):
            raise PermissionDenied
        with transaction.atomic():
            account = self._locked(pk, _actor(request))
            done = act(account)
            self._note(request, account, done)
        messages.success(
            request, f"C’est fait : {done}. Cette personne et les administrateurs le savent."
        )
        return redirect("admin:demarches_user_change", pk)

    def reset_factor_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """« Appareil perdu »: the agent chooses a password, then a second factor, anew.

        The former password alone would let whoever knows it choose the device: the mailbox is the
        proof that is left, and the administrateur does not have it.
        """

        def act(account: User) -> str:
            second_factor.forget_everything(account)
            end_sessions(account)
            account.set_unusable_password()
            account.save(update_fields=["password"])
            send_password_link(account, at=timezone.now())
            tell_agent(
                account,
                "le second facteur a été réinitialisé",
                at=timezone.now(),
                by=_actor(request),
            )
            return "second facteur réinitialisé"

        return self._act(request, pk, act)

    def end_sessions_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Sign the agent out of every browser."""

        def act(account: User) -> str:
            end_sessions(account)
            tell_agent(
                account, "les sessions ont été fermées", at=timezone.now(), by=_actor(request)
            )
            return "sessions fermées"

        return self._act(request, pk, act)

    def send_link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Mail the agent a link to choose a password; nobody else sees it."""

        def act(account: User) -> str:
            send_password_link(account, at=timezone.now())
            return "lien de mot de passe envoyé"

        return self._act(request, pk, act)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, DeskAdmin[Group]):
    """What each group may do."""


@admin.register(SignIn)
class SignInAdmin(DeskAdmin[SignIn]):
    """Who tried to come in at the agents' door: read, never changed."""

    list_display = ("at", "who", "result", "address")
    list_filter = ("result",)
    list_select_related = ("user",)
    date_hierarchy = "at"
    list_per_page = 50
    actions = None

    @admin.display(description="compte")
    def who(self, row: SignIn) -> str:
        return str(row.user) if row.user else f"inconnu ({row.typed})" if row.typed else "inconnu"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SignIn | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SignIn | None = None) -> bool:
        return False

"""Residents who ask for the deletion of their data: read, and answered once."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from demarches.admin.base import DeskAdmin
from demarches.dossiers.deletion import handle_deletion, still_to_end
from demarches.models import DeletionRequest, User, note_look
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import DeletionStatus
from demarches.steps.forms import NoPrivateNumbersMixin


class AnswerForm(NoPrivateNumbersMixin, forms.ModelForm[DeletionRequest]):
    """Done, or refused with a reason."""

    status = forms.ChoiceField(
        label="réponse",
        choices=[
            (DeletionStatus.DONE.value, "Effacé : ce que la mairie n’a pas à garder"),
            (DeletionStatus.REFUSED.value, "Refusé"),
        ],
        widget=forms.RadioSelect,
    )

    class Meta:
        model = DeletionRequest
        fields = ("status", "reason")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        waiting = DeletionRequest.objects.waiting().select_for_update(of=("self",))
        if not waiting.filter(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                "Cette demande n’attend plus : elle a été traitée ou reprise entre-temps."
            )
        if data.get("status") == DeletionStatus.REFUSED and not str(data.get("reason")).strip():
            self.add_error("reason", "Un refus dit pourquoi : écrivez-le.")
        if data.get("status") == DeletionStatus.DONE:
            if str(data.get("reason")).strip():
                self.add_error(
                    "reason", "Cette raison ne serait lue par personne : elle va avec un refus."
                )
            if left := still_to_end(self.instance.account):
                self.add_error("status", left)
        return data

    def _post_clean(self) -> None:
        """The row is written by the action, under its own lock; nothing is laid on it here."""


@admin.register(DeletionRequest)
class DeletionRequestAdmin(DeskAdmin[DeletionRequest]):
    """The list, and one request; every look is written down."""

    form = AnswerForm
    list_display = ("who", "asked_at", "due", "status", "handled_by", "handled_at")
    list_filter = ("status",)
    list_select_related = ("account", "handled_by")
    actions = None
    fields = ("who", "asked_at", "due", "status", "reason")
    readonly_fields = ("who", "asked_at", "due")

    @admin.display(description="compte")
    def who(self, row: DeletionRequest) -> str:
        """The address, without a link: the accounts of residents have no page here."""
        return row.account.email

    @admin.display(description="répondre au plus tard le", ordering="asked_at")
    def due(self, row: DeletionRequest) -> str:
        return day_fr(row.due_on)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page = super().changelist_view(request, extra_context)
        note_look(request.user, "demandes d’effacement", at=timezone.now())
        return page

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        page = super().change_view(request, object_id, *args, **kwargs)
        note_look(request.user, "demande d’effacement", at=timezone.now(), detail=object_id)
        return page

    def save_model(
        self, request: HttpRequest, obj: DeletionRequest, form: Any, change: bool
    ) -> None:
        """Answer it; the form has checked, under the lock, that it still waits."""
        if not isinstance(request.user, User):
            raise PermissionDenied
        data = form.cleaned_data
        status = DeletionStatus(data["status"])
        handle_deletion(obj, status, reason=data["reason"], by=request.user, at=timezone.now())

    def history_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        page = super().history_view(request, object_id, *args, **kwargs)
        note_look(request.user, "demande d’effacement", at=timezone.now(), detail=object_id)
        return page

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(
        self, request: HttpRequest, obj: DeletionRequest | None = None
    ) -> bool:
        is_open = obj is None or obj.status == DeletionStatus.ASKED.value
        return is_open and super().has_change_permission(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: DeletionRequest | None = None
    ) -> bool:
        return False

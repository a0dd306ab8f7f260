"""The mails that left or did not: agents read them here and change nothing.

The pages of django-post-office and django-allauth (templates, attachments, addresses) are for
other ways of working than ours.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from post_office.models import STATUS, Attachment, Email, EmailTemplate, Log

from demarches.admin.base import DeskAdmin
from demarches.mail.emails import is_secret, mail_fate, reader_of
from demarches.models import note_look

for model in (Attachment, Email, EmailAddress, EmailTemplate, Log):
    admin.site.unregister(model)


class FateFilter(admin.SimpleListFilter):
    title = "sort"
    parameter_name = "sort"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("waiting", "en attente"), ("failed", "non envoyés"), ("sent", "remis")]

    def queryset(self, request: HttpRequest, queryset):  # type: ignore[no-untyped-def]
        words = {
            "waiting": [STATUS.queued, STATUS.requeued],
            "failed": [STATUS.failed],
            "sent": [STATUS.sent],
        }
        value = self.value()
        return queryset.filter(status__in=words[value]) if value in words else queryset


def note(request: HttpRequest, what: str, detail: str = "") -> None:
    """A look at mails is written down like a look at a dossier."""
    note_look(request.user, what, at=timezone.now(), detail=detail)


@admin.register(Email)
class EmailAdmin(DeskAdmin):  # type: ignore[type-arg]
    # Not the page of django-post-office, which offers to send again.
    change_form_template = "admin/change_form.html"
    list_display = ("subject", "reader", "created", "fate")
    list_filter = (FateFilter,)
    search_fields = ("to", "subject")
    ordering = ("-pk",)
    fields = ("subject", "from_email", "reader", "created", "fate", "text")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        # The fate of a mail that failed is in its logs.
        rows: QuerySet[Email] = super().get_queryset(request)
        return rows.prefetch_related("logs")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page = super().changelist_view(request, extra_context)
        note(request, "boîte d’envoi")
        return page

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        page = super().change_view(request, object_id, *args, **kwargs)
        note(request, "mail", f"mail {object_id}")
        return page

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    @admin.display(description="à", ordering="to")
    def reader(self, email: Email) -> str:
        return reader_of(email)

    @admin.display(description="sort")
    def fate(self, email: Email) -> str:
        return mail_fate(email)

    @admin.display(description="texte")
    def text(self, email: Email) -> str:
        """No agent reads a code or a link that opens something, the superuser no more."""
        if is_secret(email):
            return "Texte secret : il n’est lisible que par la personne qui reçoit le mail."
        return str(email.message)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Email | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Email | None = None) -> bool:
        return False

"""What agents edit: every sentence of the guide, its source and the day it was checked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Field, JSONField, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localdate

from demarches.admin.base import DeskAdmin
from demarches.rules.dates_fr import NBSP
from demarches.rules.read import FIELD, imprint
from demarches.steps.forms import NoPrivateNumbersMixin
from vitale.actions.upkeep import confirm_read, text_shown
from vitale.hooks.desk import to_confirm, to_reread
from vitale.models import (
    AnswerTemplate,
    Contact,
    Delay,
    Fact,
    Link,
    PlanLine,
    Reason,
    Situation,
    Source,
    Sourced,
    SuiviOffset,
)
from vitale.rules.situations import CASE_LABELS, Channel, Regime
from vitale.rules.suivi import STEP_LABELS

#: The lists of a conditional text, as boxes to tick.
WORDS: dict[str, list[tuple[str, str]]] = {
    "regimes": Regime.choices(),
    "channels": Channel.choices(),
    "cases": list(CASE_LABELS.items()),
}


class GuardedForm(NoPrivateNumbersMixin, forms.ModelForm[Any]):
    """No text of an agent holds a number that the mairie must not have."""


class RereadFilter(admin.SimpleListFilter):
    """Texts to read at their source, the least sure first."""

    title = "à relire"
    parameter_name = "relire"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("change", "La source a changé depuis"),
            ("confirmer", "Extrait ou usage, jamais confirmé"),
            ("jamais", "Jamais relu à la source"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "change":
                return to_reread(queryset)
            case "confirmer":
                return to_confirm(queryset)
            case "jamais":
                return queryset.filter(checked_on=None)
        return queryset


class TextAdmin(DeskAdmin[Any]):
    form = GuardedForm


class SourcedAdmin(TextAdmin):
    """Texts with a source: the day one was read there is noted by an action, and never typed."""

    actions = ("confirm",)
    readonly_fields = ("as_of", "checked_on", "source_page")

    @admin.display(description="page de la source")
    def source_page(self, row: Sourced) -> str:
        """Where to read it again."""
        if not row.source_id or not row.source.address:
            return "aucune : demandez à la caisse"
        return format_html('<a href="{0}">{0}</a>', row.source.address)

    def action_checkbox(self, obj: Sourced) -> SafeString:
        """The box of a row, and beside it what the row said when the list was read."""
        box = super().action_checkbox(obj)
        return format_html(
            '{}<input type="hidden" name="{}-{}" value="{}">',
            box,
            FIELD,
            obj.pk,
            imprint(text_shown(obj)),
        )

    @admin.action(description="Confirmé aujourd’hui à la source", permissions=["change"])
    def confirm(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        rows = list(queryset.select_related("source"))
        read = {row.pk: request.POST.get(f"{FIELD}-{row.pk}", "") for row in rows}
        outcome = confirm_read(self.model._default_manager.all(), read, on=localdate())
        for row in outcome.done:
            self.log_change(request, row, "Confirmé à la source.")
        if outcome.done:
            self.message_user(request, f"Textes confirmés{NBSP}: {len(outcome.done)}.")
        for row in outcome.changed:
            self.message_user(
                request,
                f"{row}{NBSP}: ce texte, ou la date de sa source, n’est plus ce que la liste"
                " montrait. Relisez-le, puis confirmez-le.",
                messages.ERROR,
            )


class ConditionalAdmin(SourcedAdmin):
    """Caisses, channels and answers are ticked."""

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if isinstance(db_field, JSONField) and db_field.name in WORDS:
            return forms.MultipleChoiceField(
                label=str(db_field.verbose_name).capitalize(),
                choices=WORDS[db_field.name],
                widget=forms.CheckboxSelectMultiple,
                required=False,
                help_text="Rien de coché : dans tous les cas.",
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(PlanLine)
class PlanLineAdmin(ConditionalAdmin):
    list_display = ("__str__", "situation", "kind", "regimes", "channels", "source", "checked_on")
    list_filter = (RereadFilter, "situation", "kind", "checked_on", "source")
    search_fields = ("key", "heading", "text", "trap")
    list_select_related = ("source", "situation")
    fieldsets = (
        (
            None,
            {"fields": ("key", "situation", "kind", "position", "heading", "text", "trap", "why")},
        ),
        (
            "Qui, où, comment",
            {"fields": ("who", "where", "link", "contact", "trackable", "followed_step")},
        ),
        ("Dit seulement si", {"fields": ("regimes", "channels", "cases")}),
        ("La source", {"fields": ("source", "source_page", "as_of", "checked_on")}),
    )

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "followed_step":
            return forms.ChoiceField(
                label=str(db_field.verbose_name).capitalize(),
                choices=[("", "Aucune"), *STEP_LABELS.items()],
                required=False,
                help_text=db_field.help_text,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(
        self, request: HttpRequest, obj: PlanLine | None = None
    ) -> tuple[str, ...]:
        # Tests and fixtures name lines by their key: it never changes once given.
        return (*self.readonly_fields, *(("key",) if obj else ()))


@admin.register(Delay)
class DelayAdmin(ConditionalAdmin):
    list_display = ("situation", "regime", "wording", "channels", "source", "checked_on")
    list_filter = (RereadFilter, "regime", "situation", "checked_on")
    list_select_related = ("source", "situation")


@admin.register(Fact)
class FactAdmin(SourcedAdmin):
    list_display = ("heading", "section", "position", "source", "checked_on")
    list_filter = (RereadFilter, "section", "checked_on", "source")
    search_fields = ("heading", "text")
    list_select_related = ("source",)


@admin.register(Link)
class LinkAdmin(SourcedAdmin):
    list_display = ("title", "url", "source", "checked_on")
    list_filter = (RereadFilter,)
    list_select_related = ("source",)
    search_fields = ("title", "url")


@admin.register(Contact)
class ContactAdmin(SourcedAdmin):
    list_display = ("name", "phone", "takes_over", "source", "checked_on")
    list_filter = (RereadFilter, "takes_over")
    list_select_related = ("source",)
    search_fields = ("name", "role")


@admin.register(Source)
class SourceAdmin(TextAdmin):
    list_display = ("title", "published_on", "read_whole", "url")


@admin.register(Situation)
class SituationAdmin(TextAdmin):
    list_display = ("title", "position")
    readonly_fields = ("slug",)

    # One row a situation of the rules: the words change, the list does not.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Situation | None = None) -> bool:
        return False


@admin.register(SuiviOffset)
class SuiviOffsetAdmin(SourcedAdmin):
    list_display = ("__str__", "purpose", "until_step", "text", "source", "checked_on")
    list_filter = (RereadFilter, "purpose", "journey")
    list_select_related = ("source",)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "situations":
            return forms.MultipleChoiceField(
                label="Seulement pour ces situations",
                choices=list(Situation.objects.values_list("slug", "title")),
                widget=forms.CheckboxSelectMultiple,
                required=False,
                help_text="Rien de coché : toutes.",
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Reason)
class ReasonAdmin(TextAdmin):
    list_display = ("label", "slug", "position")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Reason | None = None
    ) -> tuple[str, ...]:
        return ("slug",) if obj else ()  # counts are kept by it


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(TextAdmin):
    list_display = ("label", "slug", "orientation")
    list_select_related = ("orientation",)

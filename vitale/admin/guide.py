"""What agents edit: every sentence of the guide, its source and the day it was checked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field, JSONField, QuerySet
from django.http import HttpRequest

from demarches.admin.base import DeskAdmin
from demarches.forms import NoPrivateNumbersMixin
from vitale.desk import to_reread
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
    SuiviOffset,
)
from vitale.rules.situations import CASE_QUESTIONS, Channel, Regime

_CASE_LABELS = {
    choice.value: f"{question.heading} {choice.label}"
    for questions in CASE_QUESTIONS.values()
    for question, _ in questions
    for choice in question.choices
}
#: The lists of a conditional text, as boxes to tick.
WORDS: dict[str, list[tuple[str, str]]] = {
    "regimes": Regime.choices(),
    "channels": Channel.choices(),
    "cases": list(_CASE_LABELS.items()),
}


class GuardedForm(NoPrivateNumbersMixin, forms.ModelForm[Any]):
    """No text of an agent holds a number that the mairie must not have."""


class RereadFilter(admin.SimpleListFilter):
    """Texts that nobody has read at their source since it changed."""

    title = "à relire"
    parameter_name = "relire"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("oui", "La source est plus récente, ou jamais lue")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return to_reread(queryset) if self.value() == "oui" else queryset


class TextAdmin(DeskAdmin[Any]):
    form = GuardedForm


class ConditionalAdmin(TextAdmin):
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
        (None, {"fields": ("key", "situation", "kind", "position", "heading", "text", "trap")}),
        ("Qui, où, comment", {"fields": ("who", "where", "link", "contact", "trackable")}),
        ("Dit seulement si", {"fields": ("regimes", "channels", "cases")}),
        ("La source", {"fields": ("source", "checked_on")}),
    )

    def get_readonly_fields(
        self, request: HttpRequest, obj: PlanLine | None = None
    ) -> tuple[str, ...]:
        # Tests and fixtures name lines by their key: it never changes once given.
        return ("key",) if obj else ()


@admin.register(Delay)
class DelayAdmin(ConditionalAdmin):
    list_display = ("situation", "regime", "wording", "channels", "source", "checked_on")
    list_filter = (RereadFilter, "regime", "situation", "checked_on")
    list_select_related = ("source", "situation")


@admin.register(Fact)
class FactAdmin(TextAdmin):
    list_display = ("heading", "section", "position", "source", "checked_on")
    list_filter = (RereadFilter, "section", "checked_on", "source")
    search_fields = ("heading", "text")
    list_select_related = ("source",)


@admin.register(Link)
class LinkAdmin(TextAdmin):
    list_display = ("title", "url", "source", "checked_on")
    list_filter = (RereadFilter,)
    list_select_related = ("source",)
    search_fields = ("title", "url")


@admin.register(Contact)
class ContactAdmin(TextAdmin):
    list_display = ("name", "phone", "takes_over", "source", "checked_on")
    list_filter = (RereadFilter, "takes_over")
    list_select_related = ("source",)
    search_fields = ("name", "role")


@admin.register(Source)
class SourceAdmin(TextAdmin):
    list_display = ("title", "published_on", "url")


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
class SuiviOffsetAdmin(TextAdmin):
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

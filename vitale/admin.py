"""What agents edit: every sentence of the guide, its source and the day it was checked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field, JSONField
from django.http import HttpRequest

from vitale.models import Contact, Delay, Fact, Link, PlanLine, Situation, Source
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


class ConditionalAdmin(admin.ModelAdmin[Any]):
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
    list_filter = ("situation", "kind", "checked_on", "source")
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
        # Follow-ups will name steps by their key: it never changes once given.
        return ("key",) if obj else ()


@admin.register(Delay)
class DelayAdmin(ConditionalAdmin):
    list_display = ("situation", "regime", "wording", "channels", "source", "checked_on")
    list_filter = ("regime", "situation", "checked_on")
    list_select_related = ("source", "situation")


@admin.register(Fact)
class FactAdmin(admin.ModelAdmin[Fact]):
    list_display = ("heading", "section", "position", "source", "checked_on")
    list_filter = ("section", "checked_on", "source")
    search_fields = ("heading", "text")
    list_select_related = ("source",)


@admin.register(Link)
class LinkAdmin(admin.ModelAdmin[Link]):
    list_display = ("title", "url", "source", "checked_on")
    list_select_related = ("source",)
    search_fields = ("title", "url")


@admin.register(Contact)
class ContactAdmin(admin.ModelAdmin[Contact]):
    list_display = ("name", "phone", "source", "checked_on")
    list_select_related = ("source",)
    search_fields = ("name", "role")


@admin.register(Source)
class SourceAdmin(admin.ModelAdmin[Source]):
    list_display = ("title", "published_on", "url")


@admin.register(Situation)
class SituationAdmin(admin.ModelAdmin[Situation]):
    list_display = ("title", "position")
    readonly_fields = ("slug",)

    # One row a situation of the rules: the words change, the list does not.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Situation | None = None) -> bool:
        return False

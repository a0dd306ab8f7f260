"""Agendas as staff set them: when they are open, how long, how many, and single days."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.forms.models import BaseInlineFormSet
from django.utils import timezone

from demarches.admin.mairie import PLAIN_INPUTS, refuse_stranding
from demarches.admin.stranding import CLOSE_A_DAY, KeepsAppointments
from demarches.agenda.seats import stranded_by_rules
from demarches.models import Agenda, AgendaDayChange
from demarches.rules.dates_fr import WEEKDAYS
from demarches.steps.forms import NoPrivateNumbersMixin

HALF_DAYS = [
    (f"{weekday}{code}", f"{name} {half}")
    for weekday, name in enumerate(WEEKDAYS)
    for code, half in (("m", "matin"), ("a", "après-midi"))
]


class AgendaForm(forms.ModelForm[Agenda]):
    half_days = forms.MultipleChoiceField(
        label="demi-journées ouvertes",
        choices=HALF_DAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "radiolist inline"}),
        help_text="Aucune case cochée : toutes les heures du service. Le matin finit à 13 h.",
    )

    class Meta:
        model = Agenda
        fields = "__all__"  # noqa: DJ007 -- the agenda is nothing but its settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.half_days:
            self.initial["half_days"] = self.instance.half_days.split()

    def clean_half_days(self) -> str:
        return " ".join(sorted(self.cleaned_data["half_days"]))


class DayChangeFormSet(
    BaseInlineFormSet[AgendaDayChange, Agenda, forms.ModelForm[AgendaDayChange]]
):
    """The single days, compared with the appointments already taken."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or self.instance.pk is None:
            return
        kept = [
            form.instance
            for form in self.forms
            if (form.has_changed() or form.instance.pk) and not form.cleaned_data.get("DELETE")
        ]
        at = timezone.now()
        # `self.instance` already has the half-days that were typed with these rows.
        rules = replace(
            self.instance.rules(at, with_pauses=False),
            changes=tuple(change.as_rule() for change in kept),
        )
        refuse_stranding(stranded_by_rules(self.instance, rules, at=at), way_out=CLOSE_A_DAY)


class DayChangeForm(NoPrivateNumbersMixin, forms.ModelForm[AgendaDayChange]):
    class Meta:
        model = AgendaDayChange
        fields = ("agenda", "is_added", "day", "from_time", "until_time", "reason")

    def clean(self) -> dict[str, Any] | None:
        """Refuse to close over appointments."""
        data = super().clean()
        given = data or self.cleaned_data
        if self.errors:
            return data
        candidate = AgendaDayChange(**{name: given.get(name) for name in self.Meta.fields})
        others = candidate.agenda.changes.exclude(pk=self.instance.pk)
        at = timezone.now()
        rules = replace(
            candidate.agenda.rules(at, with_pauses=False),
            changes=tuple(change.as_rule() for change in (*others, candidate)),
        )
        refuse_stranding(stranded_by_rules(candidate.agenda, rules, at=at), way_out=CLOSE_A_DAY)
        self._refuse_leaving(candidate.agenda, at)
        return data

    def _refuse_leaving(self, goes_to: Agenda, at: datetime) -> None:
        """An opening moved to another agenda is missed by the one it leaves."""
        left = Agenda.objects.filter(changes=self.instance.pk).exclude(pk=goes_to.pk).first()
        if left is not None:
            others = left.changes.exclude(pk=self.instance.pk)
            rules = replace(
                left.rules(at, with_pauses=False),
                changes=tuple(one.as_rule() for one in others),
            )
            refuse_stranding(stranded_by_rules(left, rules, at=at))


@admin.register(AgendaDayChange)
class DayChangeAdmin(KeepsAppointments[AgendaDayChange]):
    """Close a slot or a day, or open an exceptional one: whoever runs the agenda."""

    form = DayChangeForm
    formfield_overrides = PLAIN_INPUTS
    list_display = ("__str__", "agenda", "reason")
    list_filter = ("agenda", "is_added")
    list_select_related = ("agenda",)
    date_hierarchy = "day"
    ordering = ("-day",)


class DayChangeRow(NoPrivateNumbersMixin, forms.ModelForm[AgendaDayChange]):
    """One single day among those of an agenda; the reason is public."""


class DayChangeInline(admin.TabularInline[AgendaDayChange, Agenda]):
    model = AgendaDayChange
    form = DayChangeRow
    formset = DayChangeFormSet
    formfield_overrides = PLAIN_INPUTS
    extra = 1
    ordering = ("-day",)


@admin.register(Agenda)
class AgendaAdmin(KeepsAppointments[Agenda]):
    form = AgendaForm
    list_display = ("label", "service", "slot_minutes", "capacity")
    list_select_related = ("service",)
    prepopulated_fields = {"slug": ("label",)}
    inlines = [DayChangeInline]
    fieldsets = (
        (None, {"fields": ("label", "slug", "service")}),
        ("Créneaux", {"fields": ("slot_minutes", "gap_minutes", "half_days")}),
        ("Places", {"fields": ("capacity", "counter_seats")}),
        (
            "Délais",
            {
                "fields": (
                    "lead_time_days",
                    "lead_time_days_foreign",
                    "horizon_days",
                    "change_until_hours",
                )
            },
        ),
        (
            "Retenir, rendre, attendre",
            {
                "fields": (
                    "hold_minutes",
                    "return_minutes_min",
                    "return_minutes_max",
                    "offer_hours",
                )
            },
        ),
    )

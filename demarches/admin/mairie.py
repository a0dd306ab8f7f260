"""Contact and hours, as agents edit them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone

from demarches.admin.stranding import CLOSE_A_DAY, REFUSED, KeepsAppointments
from demarches.agenda.day_field import DayField, DayInput
from demarches.agenda.seats import stranded_by_hours
from demarches.models import Closure, Entrance, Mairie, OpeningHours, Service
from demarches.rules import opening_hours
from demarches.steps.forms import NoPrivateNumbersMixin

#: The browser's own fields: one line each, and no script.
PLAIN_INPUTS: dict[type[models.Field[Any, Any]], dict[str, Any]] = {
    models.DateField: {"form_class": DayField, "widget": DayInput},
    models.TimeField: {"widget": forms.TimeInput(format="%H:%M", attrs={"type": "time"})},
}
WEEKS = [(str(week), "1re" if week == 1 else f"{week}e") for week in opening_hours.ALL_WEEKS]


class OpeningHoursForm(forms.ModelForm[OpeningHours]):
    weeks = forms.MultipleChoiceField(
        label="semaines du mois",
        choices=WEEKS,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "radiolist inline"}),
        help_text="Aucune case cochée : toutes les semaines.",
        error_messages={"invalid_choice": "Les semaines du mois vont de 1 à 5."},
    )

    class Meta:
        model = OpeningHours
        fields = ("weekday", "opens", "closes", "weeks", "valid_from", "valid_until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.is_compared_by_formset = True
        if self.instance.weeks:
            self.initial["weeks"] = self.instance.weeks.split(",")

    def clean_weeks(self) -> str:
        return ",".join(sorted(self.cleaned_data["weeks"]))


class OpeningHoursFormSet(BaseInlineFormSet[OpeningHours, Service, forms.ModelForm[OpeningHours]]):
    """Compare the rows typed together, and not each one with what is about to change."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [
            form.instance
            for form in self.forms
            if form.has_changed() or form.instance.pk
            if not (self.can_delete and form.cleaned_data.get("DELETE"))
        ]
        if clash := opening_hours.conflict([row.as_rule() for row in kept]):
            one, other = (next(row for row in kept if row.as_rule() == rule) for rule in clash)
            raise ValidationError(
                f"Deux lignes se chevauchent : {one} et {other}. Corrigez l’une des deux, ou"
                " donnez-leur des semaines ou des dates différentes."
            )
        if self.instance.pk is None:
            return
        closures = Closure.objects.filter(mairie=self.instance.mairie_id)
        refuse_stranding(
            stranded_by_hours(
                self.instance,
                [row.as_rule() for row in kept],
                [c.as_rule() for c in closures if c.service_id in (None, self.instance.pk)],
                at=timezone.now(),
            )
        )


def refuse_stranding(lines: list[str], *, way_out: str = "") -> None:
    """Hours never change under an appointment: say which, and what to do with each."""
    if lines:
        raise ValidationError([REFUSED, *lines, *filter(None, [way_out])])


def _refuse_closures(mairie: Mairie, closures: list[Closure]) -> None:
    for service in mairie.services.prefetch_related("hours"):
        refuse_stranding(
            stranded_by_hours(
                service,
                [row.as_rule() for row in service.hours.all()],
                [c.as_rule() for c in closures if c.service_id in (None, service.pk)],
                at=timezone.now(),
            ),
            way_out=CLOSE_A_DAY,
        )


class OpeningHoursInline(admin.TabularInline[OpeningHours, Service]):
    model = OpeningHours
    form = OpeningHoursForm
    formset = OpeningHoursFormSet
    formfield_overrides = PLAIN_INPUTS
    extra = 1


@admin.register(Service)
class ServiceAdmin(KeepsAppointments[Service]):
    list_display = ("label", "mairie", "state_now")
    prepopulated_fields = {"slug": ("label",)}
    readonly_fields = ("state_now", "expression")
    fields = ("mairie", "label", "slug", "position", "state_now", "expression")
    inlines = [OpeningHoursInline]

    def get_fields(self, request: HttpRequest, obj: Service | None = None) -> Any:
        """Whoever only reads would be shown a link to a page that refuses them."""
        if self.has_change_permission(request, obj):
            return self.fields
        return [name for name in self.fields if name != "mairie"]

    @admin.display(description="en ce moment")
    def state_now(self, service: Service) -> str:
        at = timezone.now()
        hours = self._expression(service)
        return opening_hours.sentence(
            opening_hours.state_at(hours, at, timezone=timezone.get_default_timezone())
        )

    @admin.display(description="horaires publiés (format OpenStreetMap)")
    def expression(self, service: Service) -> str:
        return self._expression(service) or "aucun horaire"

    def _expression(self, service: Service) -> str:
        if service.pk is None:
            return ""
        return service.mairie.schedule(timezone.now()).expression(service.slug)


class EntranceInline(admin.TabularInline[Entrance, Mairie]):
    model = Entrance
    extra = 0


class ClosureFormSet(BaseInlineFormSet[Closure, Mairie, forms.ModelForm[Closure]]):
    """The closures of a mairie, which spare the appointments already taken."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or self.instance.pk is None:
            return
        kept = [
            form.instance
            for form in self.forms
            if (form.has_changed() or form.instance.pk) and not form.cleaned_data.get("DELETE")
        ]
        _refuse_closures(self.instance, kept)


class ClosureForm(NoPrivateNumbersMixin, forms.ModelForm[Closure]):
    class Meta:
        model = Closure
        fields = (
            "mairie",
            "service",
            "first_day",
            "from_time",
            "last_day",
            "until_time",
            "reason",
        )

    def clean(self) -> dict[str, Any] | None:
        """Refuse to close over appointments; what is wrong by itself has its own message."""
        data = super().clean()
        given = data or self.cleaned_data
        if self.errors:
            return data
        candidate = Closure(**{name: given.get(name) for name in self.Meta.fields})
        try:
            candidate.as_rule()
        except ValueError:
            return data
        others = Closure.objects.filter(mairie=candidate.mairie).exclude(pk=self.instance.pk)
        _refuse_closures(candidate.mairie, [*others, candidate])
        return data


class ClosureRow(NoPrivateNumbersMixin, forms.ModelForm[Closure]):
    """One closure among those of a mairie; the reason is public."""


class ClosureInline(admin.TabularInline[Closure, Mairie]):
    model = Closure
    form = ClosureRow
    formset = ClosureFormSet
    formfield_overrides = PLAIN_INPUTS
    extra = 1
    ordering = ("-first_day",)

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """The services are read once for all the rows, not once a row."""
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and db_field.name == "service":
            field.choices = list(field.iterator(field))
        return field


@admin.register(Mairie)
class MairieAdmin(KeepsAppointments[Mairie]):
    list_display = ("name", "phone", "insee_code")
    inlines = [EntranceInline, ClosureInline]
    fieldsets = (
        (None, {"fields": ("name", "commune", "insee_code", "local_holidays")}),
        ("Adresse postale", {"fields": ("postal_line", "postal_code", "postal_city")}),
        (
            "Contact (ce qui est vide n’est pas affiché)",
            {"fields": ("phone", "email", "website", "data_protection_contact")},
        ),
    )


@admin.register(Closure)
class ClosureAdmin(KeepsAppointments[Closure]):
    form = ClosureForm
    list_display = ("__str__", "mairie", "service")
    formfield_overrides = PLAIN_INPUTS
    list_filter = ("mairie", "service")
    date_hierarchy = "first_day"
    ordering = ("-first_day",)

"""What every page of the desk has in common."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import ManyToManyField, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from django.utils.timesince import timesince

from demarches.desk.frame import in_frame
from demarches.desk.piles import LISTED, PileRule
from demarches.models import DossierBase
from demarches.rules.numbers import read_number

#: What the admin's own filters and its date bar add to the name of a column.
ENDINGS = (
    "",
    "__exact",
    "__isnull",
    "__gte",
    "__lt",
    "__year",
    "__month",
    "__day",
)


class NumberedChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Several rows by their numbers; SQLite takes none that is longer than a row's can be."""

    def clean(self, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else ():
            if read_number(str(one)) is None:
                raise ValidationError(
                    self.error_messages["invalid_pk_value"], "invalid_pk_value", {"pk": one}
                )
        return super().clean(value)


class FirstPages(Paginator[Any]):
    """The first rows of a list, `LISTED` at most: counting no more, a list of years costs the same.

    Nobody turns a twenty-fifth page: the rows after are found by a search or a filter.
    """

    def know(self, count: int, *, has_more: bool) -> None:
        """Take this count of the rows, made by whoever found them, instead of making one.

        `has_more`: others would have been found, which are not among the rows.
        """
        self._counted, self._is_cut = count, has_more

    _is_cut = False

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        found: int = rows[: LISTED + 1].count()
        return found

    @property
    def count(self) -> int:
        return min(self._counted, LISTED)

    @property
    def has_more(self) -> bool:
        """The count stands for « plus de »."""
        return self._is_cut or self._counted > LISTED


class DeskAdmin[M: Model](admin.ModelAdmin[M]):
    """A list filters by the filters it shows, and by nothing else.

    Django lets an address filter by any column of the model, also those that are never shown: one
    could be guessed letter by letter.
    """

    paginator = FirstPages
    show_full_result_count = False  # a second count of everything, for the words « N au total »

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> M | None:
        """The row of this key; None when there is none, as for a NUL, which no text of ours holds.

        PostgreSQL refuses to compare with it, where the key is a text. An empty name of a column
        (`_to_field=` in the address) is none: Django looks for a column without a name.
        """
        if "\0" in object_id:
            return None
        return super().get_object(request, object_id, from_field or None)

    def formfield_for_manytomany(
        self, db_field: "ManyToManyField[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelMultipleChoiceField[Any] | None":
        kwargs.setdefault("form_class", NumberedChoices)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Whether this key of the address is one that the page itself offers."""
        offered = set()
        for one in self.get_list_filter(request) if request else self.list_filter:
            name = one[0] if isinstance(one, (tuple, list)) else one
            if isinstance(name, str):
                offered |= {name + ending for ending in ENDINGS}
                if (related := self.opts.get_field(name).related_model) is not None:
                    offered.add(f"{name}__{related._meta.pk.name}__exact")
            else:
                offered.add(getattr(name, "parameter_name", ""))
        if self.date_hierarchy:
            offered |= {self.date_hierarchy + ending for ending in ENDINGS}
        return lookup in offered


class DeskListAdmin[M: Model](DeskAdmin[M]):
    """A list that is worked through every day: in the town's frame, under a title of its own."""

    change_list_template = "admin/desk_list.html"
    empty_value_display = "–"
    #: The line of the menu that is marked, as a `DeskLink` calls it.
    tab = ""
    list_title = ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {**in_frame(self.tab), "title": self.list_title, **(extra_context or {})}
        response = super().changelist_view(request, more)
        if isinstance(response, TemplateResponse) and response.context_data:
            response.context_data["active"] = in_force(response.context_data["cl"])
        return response


def in_force(changes: ChangeList) -> list[str]:
    """The filters of this list in words, as « état : Vérification en cours »."""
    found = []
    for spec in changes.filter_specs:
        _, *choices = spec.choices(changes)  # the first is « all »
        found += [f"{spec.title} : {one['display']}" for one in choices if one["selected"]]
    return found


def listed[M: Model](desk: DeskAdmin[M], request: HttpRequest) -> list[M]:
    """The rows of a list as this address filters it, `LISTED` at most; 404 for a wrong filter."""
    try:
        rows: QuerySet[M] = desk.get_changelist_instance(request).queryset
    except IncorrectLookupParameters as error:
        raise Http404 from error
    return list(rows[:LISTED])


class PileFilter(admin.SimpleListFilter):
    """The piles of the home page, in the list where they are worked through."""

    title = "à faire"
    parameter_name = "file"

    def rules(self, request: HttpRequest) -> Mapping[str, PileRule[Any]]:
        """The piles of this agent, by their slug."""
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.piles = self.rules(request)
        return [(slug, rule.title) for slug, rule in self.piles.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rule = self.piles.get(self.value() or "")
        return queryset.filter(pk__in=rule.read().values("pk")) if rule else queryset


class DossierDesk[D: DossierBase](DeskListAdmin[D]):
    """The desk of dossiers that people open themselves: none is added or deleted here.

    Whoever is named in the list was read by this agent: `note` writes it down.
    """

    actions = None

    def note(self, request: HttpRequest, what: str, *dossiers: D) -> None:
        """Write down what this page shows of people, before it is shown."""
        raise NotImplementedError

    def get_ordering(self, request: HttpRequest) -> tuple[()]:
        return ()  # the queryset's own order: who has waited longest

    @admin.display(description="attend depuis")
    def waiting(self, dossier: D) -> str:
        return timesince(dossier.waiting_since) if dossier.waiting_since else "–"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: D | None = None) -> bool:
        return False

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        raise Http404

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            shown = response.context_data["cl"]
            shown.result_list = list(shown.result_list)
            self.note(request, "liste", *shown.result_list)
        return response

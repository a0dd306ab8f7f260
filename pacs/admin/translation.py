"""The words about each piece in other languages: read, corrected and checked here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localdate

from demarches.admin.base import DeskAdmin
from demarches.rules.read import Shown, imprint, is_as_read
from pacs.models import PieceTranslation, PieceWording
from pacs.models.translation import TEXTS


class PieceTranslationForm(forms.ModelForm[PieceTranslation]):
    """The texts, and whether somebody has read all of them beside the French ones."""

    is_checked = forms.BooleanField(
        label="J’ai relu chaque texte à côté du français : cette traduction est vérifiée",
        required=False,
        help_text="Sans cette coche, le public lit que la traduction n’est pas encore vérifiée.",
    )

    #: The French text that was read beside.
    lu = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = PieceTranslation
        fields = TEXTS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["is_checked"].initial = self.instance.checked_on is not None
        self.fields["lu"].initial = imprint(french_of(self.instance.wording))

    def clean(self) -> dict[str, Any]:
        """A translation is of the French text that was read, not of one that came since."""
        data = super().clean() or {}
        wordings = PieceWording.objects.select_for_update(of=("self",))
        french = french_of(wordings.get(pk=self.instance.wording_id))
        if not is_as_read(data.get("lu", ""), french):
            self.data = {**self.data, "lu": imprint(french)}
            raise forms.ValidationError(
                "Le texte français a changé depuis que vous avez ouvert cette page : rien n’est"
                " enregistré. Lisez le nouveau, ci-dessus, puis enregistrez."
            )
        return data


def french_of(wording: PieceWording) -> Shown:
    """The French texts that the page shows beside their translation."""
    return {name: getattr(wording, name) for name in TEXTS}


@admin.register(PieceTranslation)
class PieceTranslationAdmin(DeskAdmin[PieceTranslation]):
    form = PieceTranslationForm
    list_display = ("label", "language", "wording", "to_translate", "checked_on", "checked_by")
    list_filter = ("language",)
    list_select_related = ("wording", "checked_by")
    search_fields = ("wording__rule_id", "label")
    readonly_fields = ("language", "french", "to_translate", "checked_on", "checked_by")
    fieldsets = (
        (None, {"fields": ("language", "to_translate", "french", "lu")}),
        ("La traduction", {"fields": TEXTS}),
        ("La relecture", {"fields": ("is_checked", "checked_on", "checked_by")}),
    )

    @admin.display(description="à traduire de nouveau")
    def to_translate(self, row: PieceTranslation) -> str:
        """The texts shown in French for now, because the French ones have changed."""
        names = [
            str(PieceTranslation._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in row.stale_texts(row.wording)
        ]
        return ", ".join(names) or "rien"

    @admin.display(description="le texte français")
    def french(self, row: PieceTranslation) -> SafeString:
        texts = format_html_join(
            "",
            "<dt>{}</dt><dd>{}</dd>",
            (
                (
                    PieceTranslation._meta.get_field(name).verbose_name,  # type: ignore[union-attr]
                    getattr(row.wording, name),
                )
                for name in TEXTS
                if getattr(row.wording, name)
            ),
        )
        return format_html("<dl>{}</dl>", texts)

    def save_model(
        self,
        request: HttpRequest,
        obj: PieceTranslation,
        form: PieceTranslationForm,
        change: bool,
    ) -> None:
        """What is written anew, or read over, translates the French text of now."""
        obj.take_french_of(
            obj.wording, TEXTS if form.cleaned_data["is_checked"] else form.changed_data
        )
        if not form.cleaned_data["is_checked"]:
            obj.checked_by, obj.checked_on = None, None
        elif {"is_checked", *TEXTS} & {*form.changed_data}:
            obj.checked_by, obj.checked_on = request.user, localdate()  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    # One row a piece and a language: rows come from the fixtures, and none is taken away.
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(
        self, request: HttpRequest, obj: PieceTranslation | None = None
    ) -> bool:
        return False

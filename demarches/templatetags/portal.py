"""Template words of the portal: French dates and sizes, status badges, parts of form fields.

Loaded in every template (`builtins`), so nothing here needs a `{% load %}`.
"""

import re
from datetime import date, datetime, time
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from django import forms, template
from django.conf import settings
from django.forms.boundfield import BoundField, BoundWidget
from django.template import defaulttags
from django.template.base import Parser, Token
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from phonenumber_field.phonenumber import PhoneNumber

from demarches.files.integrity import integrity_of
from demarches.files.logo import town_logo
from demarches.models import Appointment, Mairie
from demarches.procedures import Procedure
from demarches.procedures import procedures as registered_procedures
from demarches.rules import dates_fr, dates_spoken, mail_text
from demarches.rules.communes import of_place as place_after_noun
from demarches.rules.enums import PieceStatus, Status
from demarches.rules.numbers import plural as plural_mark
from demarches.web.languages import FRENCH, in_address
from demarches.web.paths import PathNode

register = template.Library()

NBSP = dates_fr.NBSP
#: Signs of a drawing that an address may hold within an attribute.
ICON_SIGNS = "=/:.-'"

#: How loud a status speaks; the words carry the meaning, the tone only helps the eye.
TONES: dict[str, str] = {
    Status.DRAFT: "todo",
    Status.SUBMITTED: "waiting",
    Status.UNDER_REVIEW: "waiting",
    Status.PIECES_REQUESTED: "action",
    Status.COMPLETE: "done",
    Status.SCHEDULED: "done",
    Status.REGISTERED: "done",
    Status.INADMISSIBLE: "problem",
    Status.WITHDRAWN: "ended",
    Status.CLOSED: "ended",
    PieceStatus.MISSING: "todo",
    PieceStatus.PROVIDED: "waiting",
    PieceStatus.TO_BRING: "waiting",
    PieceStatus.BLOCKED: "action",
    PieceStatus.ACCEPTED: "done",
    PieceStatus.REFUSED: "problem",
    PieceStatus.EXPIRED: "problem",
}
LABELS: dict[str, str] = {member.value: member.label for member in (*Status, *PieceStatus)}


@register.tag
def url(parser: Parser, token: Token) -> PathNode:
    """Django's own, whose addresses the process writes once."""
    node = defaulttags.url(parser, token)
    return PathNode(node.view_name, node.args, node.kwargs, node.asvar)


@register.simple_tag(takes_context=True)
def page_before(context: template.Context) -> str:
    """The page of this site that led here, for a page that says no; empty when none is known.

    Never the address that was read, which would say no again; a form goes back to its own page.
    """
    request = context.get("request")
    if request is None:
        return ""
    came_from = urlsplit(request.headers.get("Referer", ""))
    if not came_from.netloc or came_from.netloc != request.headers.get("Host"):
        return ""
    if came_from.path == request.path and request.method in {"GET", "HEAD"}:
        return ""
    page = came_from._replace(scheme="", netloc="", fragment="").geturl()
    return page if url_has_allowed_host_and_scheme(page, allowed_hosts=None) else ""


@register.simple_tag
def procedures() -> list[Procedure]:
    """`{% procedures as every %}`: the procedures of this installation."""
    return registered_procedures()


@register.inclusion_tag("components/_status_badge.html")
def status_badge(status: str, label: str = "") -> dict[str, str]:
    """The badge of a status of a dossier or of a piece, in the procedure's own words if any."""
    return {"label": label or LABELS[status], "tone": TONES[status]}


@register.filter
def of_place(name: str) -> str:
    """« d’Uzès », « du Mans »: the name of a place after a noun."""
    return place_after_noun(name)


@register.filter
def quoted(text: str) -> str:
    """For mails: what an agent or a resident wrote, as a quotation."""
    return mail_text.quoted(text)


@register.simple_tag
def integrity(name: str) -> str:
    """The attribute that binds a static file to what it is now; nothing for a missing file."""
    digest = integrity_of(name)
    return format_html(' integrity="{}"', digest) if digest else ""


@register.simple_tag
@cache
def icon_address() -> SafeString:
    """The icon of the tab, within its own address: one request less for the first page."""
    drawing = (settings.BASE_DIR / "static" / "img" / "favicon.svg").read_text("utf-8").strip()
    return mark_safe(f"data:image/svg+xml,{quote(drawing, safe=ICON_SIGNS)}")  # noqa: S308 -- quoted


@register.simple_tag
def logo_mark() -> str:
    """The town's logo in a header, drawn by the style sheet; nothing without one."""
    logo = town_logo()
    if logo is None:
        return ""
    return format_html('<span class="town__logo" role="img" aria-label="{}"></span>', logo.text)


@register.filter
def date_fr(value: date | datetime | None) -> str:
    """« 1er mai 2027 », in the mairie's time zone; empty when there is no date."""
    return dates_fr.day_fr(_local_day(value)) if value else ""


@register.filter
def weekday_date_fr(value: date | datetime | None) -> str:
    """« samedi 1er mai 2027 »."""
    if not value:
        return ""
    day = _local_day(value)
    return f"{dates_fr.weekday_fr(day)} {dates_fr.day_fr(day)}"


@register.filter
def day_spoken(value: date | None) -> str:
    """The day in the language of the page: « 1er mai 2027 », « 1 May 2027 »."""
    return dates_spoken.day_in(get_language() or FRENCH, value) if value else ""


@register.filter
def weekday_day_spoken(value: date | None) -> str:
    """« samedi 1er mai 2027 », « Saturday 1 May 2027 »."""
    return dates_spoken.weekday_day_in(get_language() or FRENCH, value) if value else ""


@register.simple_tag
def spoken_url(name: str, *args: Any) -> str:
    """The address of a page that has more than French, in the language of this one."""
    return in_address(reverse(name, args=args), get_language() or FRENCH)


@register.filter
def hour_fr(value: time | datetime | None) -> str:
    """« 16 h 45 », in the mairie's time zone."""
    if value is None:
        return ""
    return dates_fr.hour_fr(timezone.localtime(value) if isinstance(value, datetime) else value)


@register.filter
def where(appointment: Appointment, mairie: Mairie | None) -> str:
    """Where people come: the place agreed with them, else the mairie and its entrance."""
    return appointment.where(mairie)


@register.filter
def moment_fr(value: datetime | None) -> str:
    """« 1er mai 2027 à 16 h 45 »."""
    return f"{date_fr(value)} à{NBSP}{hour_fr(value)}" if value else ""


@register.filter
def iso_date(value: date | datetime | None) -> str:
    """The machine's form of a date, for `<time datetime>`."""
    return _local_day(value).isoformat() if value else ""


def _local_day(value: date | datetime) -> date:
    return timezone.localtime(value).date() if isinstance(value, datetime) else value


@register.filter
def plural(count: int, mark: str = "s") -> str:
    """The mark of the plural; never Django’s own filter, for which zero is plural."""
    return plural_mark(count, mark)


@register.filter
def file_size(size: int) -> str:
    """« 340 Ko », « 1,2 Mo »: what a phone shows, in powers of ten."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))}{NBSP}Ko"
    return f"{size / 1_000_000:.1f}".replace(".", ",") + f"{NBSP}Mo"


@register.filter(is_safe=True)
def nb(text: str) -> str:
    """Bind French punctuation to its word: « Prêt ? » never breaks before the sign."""
    bound = re.sub(r" (?=[:;!?»%€])", NBSP, str(text))
    return re.sub(r"(?<=«) ", NBSP, bound)


@register.filter
def dialled(phone: PhoneNumber) -> SafeString:
    """A number that dials; a filter, so that a full stop may follow it at once."""
    return format_html('<a class="phone" href="{}">{}</a>', phone.as_rfc3966, phone.as_national)


# Forms: what the crispy pack `templates/uzes/` needs to know about a field.


@register.filter
def asked_by_heading(form: forms.BaseForm) -> str:
    """The name of the one field that the page's heading asks for, or an empty string.

    « Où sera votre adresse commune ? » with a single field: the heading is its label. A heading
    that is no question, or several fields, keep their own labels.
    """
    visible = form.visible_fields()
    heading = getattr(form, "page_heading", "")
    if len(visible) == 1 and heading.rstrip().endswith("?") and not is_tick(visible[0]):
        return visible[0].name
    return ""


@register.filter
def is_tick(field: BoundField) -> bool:
    """One box to tick: its label stands after it."""
    return isinstance(field.field.widget, forms.CheckboxInput)


@register.filter
def is_choice(field: BoundField) -> bool:
    """Radios or boxes: one control for each choice."""
    return isinstance(field.field.widget, forms.RadioSelect)


@register.filter
def choice_groups(field: BoundField) -> list[tuple[str, list[BoundWidget]]]:
    """The choices under their headings; one group without a heading when they have none."""
    controls = iter(field.subwidgets)
    groups: list[tuple[str, list[BoundWidget]]] = []
    for value, label in field.field.choices:  # type: ignore[attr-defined]
        if isinstance(label, (list, tuple)):
            groups.append((str(value), [next(controls) for _ in label]))
        elif groups and not groups[-1][0]:
            groups[-1][1].append(next(controls))
        else:
            groups.append(("", [next(controls)]))
    return groups


@register.filter
def is_group(field: BoundField) -> bool:
    """Several controls under one question: the question is a legend, not a label."""
    return is_choice(field) or isinstance(field.field.widget, forms.MultiWidget)


@register.filter
def is_optional(field: BoundField) -> bool:
    """May be left empty: the page says so in words, since nothing marks what is required.

    `PageFormMixin` tells how a form silences this. « Finir plus tard » (`partial`) asks for
    nothing, which makes nothing optional.
    """
    form = field.form
    return (
        not field.field.required
        and not is_tick(field)
        and not getattr(form, "partial", False)
        and getattr(form, "mark_optional", True)
        and field.name not in getattr(form, "required_in_clean", ())
    )


@register.filter
def first_control_id(field: BoundField) -> str:
    """Where a link of the error summary leads: the first control of the field."""
    if is_group(field):
        return f"{field.auto_id}_0"
    return str(field.id_for_label)


@register.filter
def question(field: BoundField, message: str) -> str:
    """A message of the error summary, after the question it is about."""
    by_heading = asked_by_heading(field.form)
    label = str(getattr(field.form, "page_heading", "") if by_heading else field.label).strip()
    names_it = label.endswith("?") and label in message
    if names_it or message.casefold().startswith(label.casefold()):
        return message
    if label.endswith(("?", ":", ".")):
        return f"{label} {message}"
    colon = " :" if get_language() == FRENCH else ":"
    return f"{label}{colon} {message}"


@register.simple_tag
def control(field: BoundField, described_by: str = "") -> SafeString:
    """The control itself, described by the page's hint, its own hint and its error."""
    ids = " ".join(filter(None, (described_by, field.aria_describedby)))
    return field.as_widget(attrs={"aria-describedby": ids} if ids else None)


@register.filter
def parts(field: BoundField) -> list[dict[str, Any]]:
    """The controls of a composed field, each with the label of its own field."""
    widget = field.subwidgets[0]
    labels = [part.label for part in getattr(field.field, "fields", ())]
    rendered = []
    for label, data in zip(labels, widget.data["subwidgets"], strict=True):
        html = BoundWidget(widget.parent_widget, data, field.form.renderer).tag()
        rendered.append({"id": data["attrs"]["id"], "label": label, "html": mark_safe(html)})  # noqa: S308 -- rendered by Django's own widget template
    return rendered

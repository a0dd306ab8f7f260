"""A couple at the counter: four pages made of the couple's own forms, then the acknowledgement.

Only what concerns these two is asked: the steps and their conditions are those of
`pacs.pages.steps`. Each form carries what it showed, and is kept by itself as soon as it is
right.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models.options import Options
from django.forms.boundfield import BoundField
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from demarches.desk.frame import frame
from demarches.files.uploads import Checks, UploadRefused
from demarches.models import Mairie
from demarches.rules.enums import PieceStatus
from demarches.rules.read import FIELD, Shown, changed_names, imprint, is_among, is_as_read
from demarches.steps.forms import StepForm, new_form_key
from demarches.templatetags.portal import first_control_id
from demarches.web.as_read import ChangedSince
from pacs.actions import desk
from pacs.actions.counter import deposit_at_counter, present_piece
from pacs.actions.dossiers import attestation_of, open_dossier
from pacs.actions.guards import StaleDossier
from pacs.actions.pieces import DECLARED, add_file, answer_piece, bring_pieces
from pacs.actions.refusals import ActionRefused
from pacs.admin.people import agent_of, note, version_of
from pacs.forms.civil import CivilForm
from pacs.forms.counter import PRESENTED, ContactForm, CounterPieceForm
from pacs.forms.simulator import asked_at_once, read_journey
from pacs.forms.texts import AGREED
from pacs.models import Dossier, PacsSettings, Partenaire, PieceWording
from pacs.models.completeness import asks_origin, missing_own
from pacs.models.consent import has_attested
from pacs.models.gate import inputs_of_couple
from pacs.pages.steps import COMMON_STEPS, OWN_STEPS
from pacs.pages.tracking import PieceRow, answer_words, piece_rows
from pacs.reads.access import may_read_as_staff, may_serve_counter, may_type_answers
from pacs.reads.checklist import build_checklist
from pacs.reads.desk import desk_obstacles
from pacs.reads.shown import piece_shown, place_shown
from pacs.rules.eligibility import OutcomeType, outcomes
from pacs.rules.situation import derive_inputs

type View = Callable[..., HttpResponse]
type Subject = Dossier | Partenaire

COUPLE, PEOPLE, PIECES, DEPOSIT = "couple", "personnes", "pieces", "deposer"
#: The pages in their order.
PAGES = {COUPLE: "Le couple", PEOPLE: "Chacun des deux", PIECES: "Pièces", DEPOSIT: "Déposer"}
#: The steps of a couple that the counter asks; a wished day is chosen with the appointment.
COUPLE_STEPS = ("adresse", "projet")
#: What few people have to say: folded until it is said.
SELDOM = frozenset(
    {
        "single_name",
        "usage_name",
        "birth_partial",
        "parent1_unknown",
        "parent2_unknown",
        "street_more",
        "needs",
        "second",
        "third",
    }
)
#: Said to somebody alone in front of a screen.
NO_HINT = frozenset({"sex", "origin", "phone", AGREED, "needs", "where", "kinship", "convention"})
#: What comes first on a form, in the order in which one asks.
ORDER = {
    "adresse": ("where",),
    "acte": (
        *("birth_name", "first_names", "sex", "origin", "birth_date"),
        *("birth_city", "birth_commune", "birth_department"),
    ),
}
PLACE = ("birth_city", "birth_commune", "birth_department")


@dataclass
class Part:
    """One form of a page: whose it is, what it showed, and how its fields are laid out."""

    slug: str
    whose: str
    title: str
    form: StepForm[Any]
    applies: Callable[[Any], bool]
    lu: str
    #: Fields that another form of the page asks already.
    elsewhere: frozenset[str] = field(default=frozenset())

    @property
    def prefix(self) -> str:
        return str(self.form.prefix)

    @property
    def lu_name(self) -> str:
        return f"{FIELD}-{self.prefix}"

    def visible(self) -> list[BoundField]:
        return [one for one in self._ordered() if not self._is_folded(one)]

    def folded(self) -> list[BoundField]:
        return [one for one in self._ordered() if self._is_folded(one)]

    @property
    def is_open(self) -> bool:
        """Something of what is folded was said, or is wrong."""
        return any(one.errors or (one.value() and one.name != "country") for one in self.folded())

    @property
    def fold_title(self) -> str:
        own = any(one.name == "street" for one in self.folded())
        return "Habite à une autre adresse, autres précisions" if own else "Autres précisions"

    def _is_folded(self, one: BoundField) -> bool:
        is_home = getattr(self.form, "shared_home", None) and one.name in HOME
        return one.name in SELDOM or bool(is_home)

    def _ordered(self) -> Iterator[BoundField]:
        names = [*ORDER.get(self.slug, ()), *self.form.fields]
        for name in dict.fromkeys(names):
            if name in self.form.fields and name not in self.elsewhere:
                yield self.form[name]


HOME = frozenset({"street", "street_more", "postcode", "city", "country"})


def read_of(form: StepForm[Any], whose: str, place: Shown) -> str:
    """What a form shows: its columns, its fields, and who holds the second's place."""
    names = {*form.columns(), *getattr(form, "derived", ())}
    columns = {f"{whose}.{name}": getattr(form.instance, name) for name in sorted(names)}
    fields = {f"{form.prefix}.{name}": value for name, value in form.shown().items()}
    return imprint({**columns, **fields, **place})


def parts_of(
    dossier: Dossier, page: str, posted: QueryDict | None = None, *, partial: bool = False
) -> list[Part]:
    """The forms of a page, bound where they were sent; `dossier` is as it stands."""
    place = place_shown(dossier)
    if page == COUPLE:
        steps = [s for s in COMMON_STEPS.for_subject(dossier) if s.slug in COUPLE_STEPS]
        return [
            _part(place, dossier, "couple", one.slug, one.title, one.form_class, posted, partial)
            for one in steps
        ]
    found = []
    for person in dossier.people:
        whose = f"p{person.position}"
        mine = [
            _part(place, person, whose, s.slug, s.title, s.form_class, posted, partial, s.applies)
            for s in OWN_STEPS.for_subject(person)
        ]
        if not person.is_on_lent_device:  # else their own page asks it
            part = _part(place, person, whose, "contact", "Contact", ContactForm, posted, partial)
            mine.append(part)
        _ask_place_once(mine)
        found += mine
    return found


def _part(
    place: Shown,
    subject: Subject,
    whose: str,
    slug: str,
    title: str,
    form_class: type[StepForm[Any]],
    posted: QueryDict | None,
    partial: bool,
    applies: Callable[[Any], bool] = lambda subject: True,
) -> Part:
    prefix = f"{whose}-{slug}"
    is_sent = posted is not None and f"{FIELD}-{prefix}" in posted
    data = _with_place(posted, whose, slug) if is_sent and posted is not None else None
    initial = {}
    if form_class is CivilForm and isinstance(subject, Partenaire) and asks_origin(subject):
        # « Another » alone is not kept: the rest of this page says which.
        initial["origin"] = CivilForm.ELSE
    fresh = form_class(instance=subject, prefix=prefix, initial=initial)
    lu = str(posted[f"{FIELD}-{prefix}"]) if is_sent and posted else read_of(fresh, whose, place)
    form = fresh
    if data is not None:
        form = form_class(data, instance=subject, prefix=prefix, initial=initial, partial=partial)
    for name in NO_HINT & set(form.fields):
        form.fields[name].help_text = ""
    if "first_names" in form.fields:
        form.fields["first_names"].label = "Tous les prénoms, dans l’ordre"
    if AGREED in form.fields:
        form.fields[AGREED].label = "SMS acceptés au sujet du rendez-vous, sur ce mobile"
    if slug == "situation" and "street" in form.fields:
        form.fields["street"].help_text = ""
    return Part(slug, whose, title, form, applies, lu)


def _with_place(posted: QueryDict, whose: str, slug: str) -> QueryDict:
    """The commune of birth is typed once: the page of the country reads it too."""
    if slug != "origine":
        return posted
    data = posted.copy()
    for name in PLACE:
        typed = f"{whose}-acte-{name}"
        if typed in posted:
            data[f"{whose}-origine-{name}"] = str(posted[typed])
    return data


def _ask_place_once(parts: Sequence[Part]) -> None:
    civil = next((one for one in parts if one.slug == "acte"), None)
    for one in parts:
        if civil is not None and one.slug == "origine":
            one.elsewhere = frozenset(set(PLACE) & set(civil.form.fields) & set(one.form.fields))


def _forbidden(dossier: Dossier) -> list[OutcomeType]:
    """What the law says against this couple's answers, on the day the ages are counted at.

    What stops then also stops today: the day itself, which costs queries, is asked for the few.
    """
    now = timezone.now()
    if not any(one.stops for one in outcomes(inputs_of_couple(dossier), on=localdate(now))):
        return []
    return [one.type for one in dossier.outcomes(at=now) if one.stops]


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the error summary, and where it leads."""

    question: str
    message: str
    target: str


def problems_of(items: Sequence[tuple[str, forms.BaseForm]]) -> list[Problem]:
    """Every error of these forms, whose first, in the order of the page."""
    found = []
    for who, form in items:
        found += [Problem(who, str(one), "guide") for one in form.non_field_errors()]
        for bound in form.visible_fields():
            label = f"{who} : {bound.label}" if who else str(bound.label)
            found += [Problem(label, str(one), first_control_id(bound)) for one in bound.errors]
    return found


@dataclass
class PieceCard:
    """One piece at the counter, its form and what it showed."""

    row: PieceRow
    form: CounterPieceForm | None
    lu: str
    is_clash: bool = False
    #: Nobody else had changed it when the form came: a file that the form brought is no news.
    was_read: bool = False

    @property
    def lu_name(self) -> str:
        return f"{self.row.piece.key}-{FIELD}"


class GuidedDesk:
    """The pages of the counter, mixed into the admin of dossiers."""

    admin_site: admin.AdminSite
    opts: Options[Dossier]

    def guided_urls(self, wrap: Callable[[View], View]) -> list[URLPattern]:
        return [
            path("guichet/", wrap(self.counter_view), name="pacs_dossier_counter"),
            path(
                "guichet/pieces/",
                wrap(require_safe(self.pieces_list_view)),
                name="pacs_dossier_pieces_list",
            ),
            path("<num:pk>/guichet/<slug:slug>/", wrap(self.guided_view), name=GUIDED),
        ]

    def _guided_context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {
            **frame(self.admin_site, request),
            "title": title,
            "opts": self.opts,
            "tab": "dossiers",
        }

    def counter_view(self, request: HttpRequest) -> HttpResponse:
        """Open a dossier for people at the counter."""
        agent = agent_of(request)
        if not (may_read_as_staff(agent) and agent.has_perm("pacs.add_dossier")):
            raise PermissionDenied
        if request.method == "POST":
            form_key = request.POST.get("form_key", "")
            dossier = open_dossier(at=timezone.now(), agent=agent, form_key=form_key)
            return redirect(GUIDED_ADDRESS, dossier.pk, COUPLE)
        context = self._guided_context(request, "Ouvrir un dossier au guichet")
        context["form_key"] = new_form_key()
        return TemplateResponse(request, "admin/pacs/counter.html", context)

    def pieces_list_view(self, request: HttpRequest) -> HttpResponse:
        """The simulator's questions on one page, then the list to print; nothing is kept."""
        if not may_read_as_staff(agent_of(request)):
            raise PermissionDenied
        now, mairie = timezone.now(), Mairie.objects.current()
        settings = PacsSettings.current()
        reading: dict[str, Any] = {
            "today": localdate(now),
            "dematerialisation": settings.dematerialisation,
            "commune": mairie.commune if mairie else "",
        }
        journey = read_journey(request.GET, **reading)
        asked = [] if journey.stopped else asked_at_once(request.GET, **reading)
        context = self._guided_context(request, "Pièces à fournir pour un Pacs")
        context |= {"journey": journey, "asked": asked, "checklist": None}
        context["problems"] = problems_of([("", form) for form in asked])
        if journey.is_complete:
            context["checklist"] = build_checklist(
                derive_inputs(journey.answers, settings.dematerialisation),
                wished=journey.wished,
                at=now,
                settings=settings,
                wordings=PieceWording.objects.by_rule(),
            )
            context["pdf_url"] = f"{reverse('pacs:simulator-pdf')}?{journey.query}"
        status = 422 if context["problems"] else 200
        return TemplateResponse(request, "admin/pacs/pieces_list.html", context, status=status)

    # One dossier, page by page

    def guided_view(self, request: HttpRequest, pk: int, slug: str) -> HttpResponse:
        """One page of the guided form; what was deposited is only shown."""
        if slug not in PAGES:
            raise Http404
        agent = agent_of(request)
        if not may_serve_counter(agent):
            raise PermissionDenied
        dossier: Dossier = self._dossier(pk)  # type: ignore[attr-defined]
        if not dossier.at_counter:
            return redirect("admin:pacs_dossier_answers", pk)
        if not dossier.is_draft:
            return self._deposited(request, dossier, slug)
        if not may_type_answers(agent, dossier):
            raise PermissionDenied
        if slug == DEPOSIT:
            return self._deposit_page(request, dossier)
        if slug == PIECES:
            return self._pieces_page(request, dossier)
        return self._answers_step(request, dossier, slug)

    def _render(
        self,
        request: HttpRequest,
        dossier: Dossier,
        slug: str,
        *,
        status: int = 200,
        problems: Sequence[Problem] = (),
        **more: Any,
    ) -> HttpResponse:
        note(request, f"guichet, {PAGES[slug].lower()}", dossier)
        people = dossier.people
        is_named = any(one.birth_name or one.first_names for one in people)
        names = " et ".join(one.display_name for one in people) if is_named else ""
        context = {
            **self._guided_context(request, f"{PAGES[slug]}, {dossier.reference}"),
            "dossier": dossier,
            "names": names,
            "page": slug,
            "pages": [(one, title, one == slug) for one, title in PAGES.items()],
            "problems": problems,
            "stops": _forbidden(dossier),
            **more,
        }
        template = {PIECES: "guided_pieces", DEPOSIT: "guided_deposit"}.get(slug, "guided_answers")
        return TemplateResponse(request, f"admin/pacs/{template}.html", context, status=status)

    def _answers_step(self, request: HttpRequest, dossier: Dossier, slug: str) -> HttpResponse:
        if request.method != "POST":
            return self._answers(request, dossier, slug, parts_of(dossier, slug))
        later = "later" in request.POST
        parts = parts_of(dossier, slug, request.POST, partial=later)
        wrong, typed, read = self._read_parts(parts)
        try:
            desk.save_answers_for(
                dossier, typed, read=read, by=agent_of(request), at=timezone.now()
            )
        except ChangedSince as changed:
            fresh = self._dossier(dossier.pk)  # type: ignore[attr-defined]
            parts = _with_both(fresh, slug, request.POST, changed.names)
            return self._answers(request, fresh, slug, parts, status=409, has_clash=True)
        except ActionRefused as refused:
            return self._answers(
                request, dossier, slug, parts, status=409, refused=refused.messages
            )
        fresh = self._dossier(dossier.pk)  # type: ignore[attr-defined]
        if wrong:
            kept = request.POST.copy()
            for one in parts:
                if one.prefix not in wrong:
                    # It is saved: the page shows it as it stands.
                    kept.pop(one.lu_name, None)
            parts = parts_of(fresh, slug, kept, partial=later)
            return self._answers(request, fresh, slug, parts, status=422)
        here = reverse(GUIDED_ADDRESS, args=[dossier.pk, slug])
        if later:
            messages.success(request, "C’est enregistré. Ce dossier se reprend quand on veut.")
            return redirect(here)
        opened = [one for one in parts_of(fresh, slug) if one.lu_name not in request.POST]
        if opened:
            people = {f"p{one.position}": one.display_name for one in fresh.people}
            names = dict.fromkeys(people.get(one.whose, "le couple") for one in opened)
            messages.info(
                request, f"Ces réponses en demandent d’autres, pour {' et '.join(names)}."
            )
            return redirect(f"{here}#{opened[0].prefix}")
        return redirect(GUIDED_ADDRESS, dossier.pk, PEOPLE if slug == COUPLE else PIECES)

    def _read_parts(
        self, parts: Sequence[Part]
    ) -> tuple[set[str], dict[str, dict[str, object]], str]:
        """Prefixes of what is wrong; columns of what is right; what the right forms showed."""
        wrong, typed, read = set[str](), dict[str, dict[str, object]](), list[str]()
        for one in parts:
            if not one.form.is_bound or not one.applies(one.form.instance):
                continue
            if not one.form.is_valid():
                wrong.add(one.prefix)
                continue
            values = typed.setdefault(one.whose, {})
            values |= {name: getattr(one.form.instance, name) for name in one.form.apply()}
            read.append(one.lu)
        return wrong, typed, " ".join(read)

    def _answers(
        self,
        request: HttpRequest,
        dossier: Dossier,
        slug: str,
        parts: Sequence[Part],
        *,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        groups: list[tuple[str, str, list[Part]]] = []
        titles = {"couple": "Les deux ensemble"}
        titles |= {
            f"p{one.position}": f"{'Premier' if one.is_first else 'Second'} partenaire"
            for one in dossier.people
        }
        for whose, title in titles.items():
            if mine := [one for one in parts if one.whose == whose]:
                groups.append((whose, title, mine))
        named = [
            (titles[one.whose] if one.whose != "couple" else "", one.form)
            for one in parts
            if one.form.is_bound
        ]
        return self._render(
            request,
            dossier,
            slug,
            status=status,
            problems=problems_of(named),
            groups=groups,
            **more,
        )

    # Pieces

    def _rows(self, dossier: Dossier) -> list[tuple[str, Partenaire, list[PieceRow]]]:
        """The pieces of both by whose they are, each once."""
        now, (first, second) = timezone.now(), dossier.people
        for one in dossier.people:
            one.dossier = dossier
        mine, theirs = piece_rows(first, at=now), piece_rows(second, at=now)
        both = [row for row in mine if row.for_couple]
        groups = [
            (first.display_name, first, [row for row in mine if not row.for_couple]),
            (second.display_name, second, [row for row in theirs if not row.for_couple]),
            ("Les deux ensemble", first, both),
        ]
        return [group for group in groups if group[2]]

    def _pieces_page(self, request: HttpRequest, dossier: Dossier) -> HttpResponse:
        if request.method != "POST":
            return self._pieces(request, dossier, {})
        answered = dict[str, PieceCard]()
        refused = list[str]()
        with Checks() as checks:
            for _, holder, rows in self._rows(dossier):
                for row in rows:
                    card = self._answer(request, holder, row, checks)
                    if card is not None:
                        answered[row.piece.key] = card
        wrong = {key: card for key, card in answered.items() if card.form and card.form.errors}
        if "apporter" in request.POST:
            shown = set(request.POST.getlist("piece")) - set(answered)
            rest = [
                row.piece
                for _, _, rows in self._rows(dossier)
                for row in rows
                if row.piece.key in shown
            ]
            try:
                bring_pieces(rest, by=agent_of(request), at=timezone.now())
            except ActionRefused as error:
                refused = error.messages
        fresh = self._dossier(dossier.pk)  # type: ignore[attr-defined]
        if wrong or refused:
            is_clash = any(card.is_clash for card in wrong.values()) or bool(refused)
            status = 409 if is_clash else 422
            return self._pieces(request, fresh, wrong, status=status, refused=refused)
        return redirect(GUIDED_ADDRESS, dossier.pk, DEPOSIT)

    def _pieces(
        self, request: HttpRequest, dossier: Dossier, wrong: Mapping[str, PieceCard], **more: Any
    ) -> HttpResponse:
        groups = []
        for title, _, rows in self._rows(dossier):
            groups.append((title, [_again(row, wrong.get(row.piece.key)) for row in rows]))
        named = [(card.row.title, card.form) for card in wrong.values() if card.form]
        is_left = any(missing_own(one) for one in dossier.people)
        return self._render(
            request,
            dossier,
            PIECES,
            problems=problems_of(named),
            groups=groups,
            is_left=is_left,
            **more,
        )

    def _answer(
        self, request: HttpRequest, holder: Partenaire, row: PieceRow, checks: Checks
    ) -> PieceCard | None:
        """Keep what was said of one piece; None when nothing was."""
        read = request.POST.get(f"{row.piece.key}-{FIELD}")
        if read is None or row.by_mairie or not row.is_editable:
            return None
        form = _piece_form(row, request)
        card = PieceCard(row, form, read, was_read=is_as_read(read, piece_shown(row.piece)))
        if form.is_valid() and form.says_what_was_read(read):
            return None
        if not form.is_valid():
            # Files that were fine are kept, whatever else has to be said again.
            self._keep_files(request, holder, card, checks, is_asked_again=True)
            return card
        data, by, at = form.cleaned_data, agent_of(request), timezone.now()
        dates = {
            "issued_on": data.get("issued_on"),
            "expires_on": data.get("expires_on"),
            "is_french_adult_card": data.get("is_french_adult_card", False),
        }
        try:
            if data["choice"] == PRESENTED:
                present_piece(row.piece, **dates, by=by, at=at, read=read)
            else:
                declared = PieceStatus(data["choice"]) if data["choice"] in DECLARED else None
                answer_piece(
                    row.piece,
                    declared=declared,
                    note=data["note"],
                    **dates,
                    by=by,
                    at=at,
                    read=read,
                )
        except ActionRefused as refused:
            card.is_clash = True
            form.add_error(None, refused)
        except ChangedSince as changed:
            _tell_piece(card, changed.names)
        else:
            self._keep_files(request, holder, card, checks)
        return card

    def _keep_files(
        self,
        request: HttpRequest,
        holder: Partenaire,
        card: PieceCard,
        checks: Checks,
        *,
        is_asked_again: bool = False,
    ) -> None:
        """Store the files chosen; each refused one, and what shows on a kept one, is told."""
        form = card.form
        if form is None:
            return
        for file in form.cleaned_data.get("documents", []):
            try:
                stored, clean = add_file(
                    card.row.piece,
                    file,
                    file.name,
                    partenaire=holder,
                    by=agent_of(request),
                    at=timezone.now(),
                    is_asked_again=is_asked_again,
                    checks=checks,
                )
            except UploadRefused as refused:
                form.add_error("documents", str(refused))
            except ActionRefused as refused:
                card.is_clash = True
                form.add_error(None, refused)
                break
            else:
                for warning in clean.warning_messages():
                    messages.warning(request, f"« {stored.display_name} » : {warning}")

    # Deposit

    def _deposit_page(self, request: HttpRequest, dossier: Dossier) -> HttpResponse:
        if request.method != "POST":
            return self._deposit(request, dossier)
        signed = [
            one.position for one in dossier.people if f"signed_{one.position}" in request.POST
        ]
        try:
            deposit_at_counter(
                dossier,
                signed_by=signed,
                by=agent_of(request),
                at=timezone.now(),
                version=version_of(request),
            )
        except StaleDossier as stale:
            fresh = self._dossier(dossier.pk)  # type: ignore[attr-defined]
            if not fresh.is_draft:
                return self._deposited(request, fresh, DEPOSIT)
            return self._deposit(request, fresh, status=409, refused=stale.messages, signed=signed)
        except forms.ValidationError as refused:
            fresh = self._dossier(dossier.pk)  # type: ignore[attr-defined]
            return self._deposit(
                request, fresh, status=422, refused=refused.messages, signed=signed
            )
        return redirect(GUIDED_ADDRESS, dossier.pk, DEPOSIT)

    def _deposit(
        self, request: HttpRequest, dossier: Dossier, *, signed: Sequence[int] = (), **more: Any
    ) -> HttpResponse:
        found = desk_obstacles(dossier, at=timezone.now())
        people = []
        for one in dossier.people:
            one.dossier = dossier
            text = attestation_of(one).split("\n")
            people.append((one, text, has_attested(one, dossier), one.position in signed))
        return self._render(request, dossier, DEPOSIT, people=people, obstacles=found, **more)

    def _deposited(self, request: HttpRequest, dossier: Dossier, slug: str) -> HttpResponse:
        """The end of the way: the acknowledgement, and what comes next."""
        if slug != DEPOSIT:
            return redirect(GUIDED_ADDRESS, dossier.pk, DEPOSIT)
        return self._render(request, dossier, DEPOSIT, is_done=True)


GUIDED = "pacs_dossier_guided"
GUIDED_ADDRESS = f"admin:{GUIDED}"


def _with_both(
    dossier: Dossier, page: str, posted: QueryDict, clashing: Sequence[str]
) -> list[Part]:
    """The page after a clash: what this agent typed, and beside it what another one saved.

    Fields that this agent had left alone show what stands there now. `dossier` is read again.
    """
    merged = posted.copy()
    for now in parts_of(dossier, page):
        if now.lu_name not in posted:
            continue
        read, shown = str(posted[now.lu_name]), now.form.shown()
        moved = changed_names(
            read, {f"{now.prefix}.{name}": value for name, value in shown.items()}
        )
        for name in now.form.fields:
            key, sent = f"{now.prefix}.{name}", now.form.add_prefix(name)
            is_tick = isinstance(now.form.fields[name].widget, forms.CheckboxInput)
            typed: object = sent in posted if is_tick else posted.get(sent, "")
            if key in moved and is_among(read, key, typed):
                _put(merged, now.form[name], is_tick=is_tick)
        merged[now.lu_name] = now.lu
    parts = parts_of(dossier, page, merged)
    rows: dict[str, Subject] = {"couple": dossier, **{f"p{o.position}": o for o in dossier.people}}
    stored = {key: type(row)._default_manager.get(pk=row.pk) for key, row in rows.items()}
    for clash in clashing:
        whose, _, column = clash.partition(".")
        there = answer_words(stored[whose], column).value or "rien"
        words = (
            f"Un autre agent a enregistré entre-temps : « {there} ». Ce que vous avez tapé est dans"
            " la case : gardez-le, ou recopiez l’autre."
        )
        for one in parts:
            if one.whose == whose and column in one.form.columns() and one.form.is_bound:
                one.form.is_valid()
                name = FIELD_OF.get(column, column)
                one.form.add_error(name if name in one.form.fields else None, words)
                break
    return parts


#: Columns that a field of another name fills in.
FIELD_OF = {
    **dict.fromkeys(("birth_day", "birth_month", "birth_year"), "birth_date"),
    **dict.fromkeys(("residence", "impediment", "already_home"), "where"),
    **dict.fromkeys(("birth_country", "nationalities"), "origin"),
}


def _put(data: QueryDict, bound: BoundField, *, is_tick: bool) -> None:
    """Write into the form what stands in the row, as a browser would send it."""
    value = bound.value()
    if is_tick:
        data.pop(bound.html_name, None)
        if value:
            data[bound.html_name] = "on"
    else:
        data[bound.html_name] = "" if value is None else str(value)


def _piece_form(row: PieceRow, request: HttpRequest | None = None) -> CounterPieceForm:
    piece = row.piece
    is_presented = piece.status == PieceStatus.PROVIDED.value and not row.files
    initial = {
        "choice": piece.status if piece.status in DECLARED or is_presented else "",
        "issued_on": piece.issued_on,
        "expires_on": piece.expires_on,
        "is_french_adult_card": piece.is_french_adult_card,
        "note": piece.citizen_note,
    }
    return CounterPieceForm(
        request.POST if request else None,
        request.FILES if request else None,
        prefix=piece.key,
        initial=initial,
        is_dated=row.wording.max_age is not None,
        is_identity=row.is_identity,
        may_upload=row.wording.may_upload,
        is_signed_there=row.is_declaration,
    )


def _card(row: PieceRow) -> PieceCard:
    form = _piece_form(row) if row.is_editable else None
    return PieceCard(row, form, imprint(piece_shown(row.piece)))


def _again(row: PieceRow, answered: PieceCard | None) -> PieceCard:
    """A piece as it is; after its form, what was typed stays where something is to be corrected."""
    if answered is None:
        return _card(row)
    answered.row = row
    if answered.was_read:
        answered.lu = imprint(piece_shown(row.piece))
    return answered


def _tell_piece(card: PieceCard, names: Sequence[str]) -> None:
    """Put beside each answer the one that a colleague gave meanwhile; sent again, it is kept."""
    if card.form is None:
        return
    row = card.row.piece
    row.refresh_from_db()
    there: dict[str, object] = {
        "choice": row.current_status.label,
        "issued_on": row.issued_on,
        "expires_on": row.expires_on,
        "is_french_adult_card": "oui" if row.is_french_adult_card else "non",
        "note": row.citizen_note,
    }
    for name in names:
        value = there.get(name)
        words = f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value or "rien")
        card.form.add_error(
            name if name in card.form.fields else None,
            f"Un autre agent a enregistré entre-temps : « {words} ». Gardez ce que vous avez tapé,"
            " ou recopiez l’autre.",
        )
    card.is_clash, card.lu = True, imprint(piece_shown(row))

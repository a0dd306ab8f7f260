"""What the pages of a dossier show: tasks, answers, pieces, timeline, plan.

Read models built for one reader: nothing of the other partenaire's private part goes in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Field
from django.urls import reverse
from django.utils.timezone import localdate

from demarches.dossiers.timeline import Moment
from demarches.mail.sms_gateway import is_on
from demarches.rules.dates_fr import day_fr
from demarches.rules.enums import PieceStatus, Status
from demarches.steps.lists import Step, StepList
from demarches.web.paths import path_to
from demarches.web.request_memory import remembered
from pacs.models import Door, Dossier, InformationRequest, Partenaire, Piece, PieceWording
from pacs.models.completeness import asks_origin, missing_common, missing_own
from pacs.models.gate import state_of
from pacs.models.piece import DECLARATION_RULE, IDENTITY_RULE
from pacs.pages.steps import (
    COMMON_STEPS,
    HOME_COLUMNS,
    ORIGIN_COLUMNS,
    OWN_STEPS,
    SHARED,
    WISHED_STEP,
    asked_step,
)
from pacs.reads.access import (
    may_edit_common,
    may_edit_own,
    name_for,
    pieces_read_by,
    readable_requests,
    reads,
    requests_awaited,
)
from pacs.rules.days import DayAnswer, Days
from pacs.rules.gate import Act, Kind, obstacles, texts
from pacs.rules.pieces import ASKS_NOTHING, AT_HOME, VERIFIED_BY_MAIRIE
from pacs.rules.planner import Window, when_to_ask, whose_turn


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of « Vérifiez vos réponses »."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the task list."""

    title: str
    address: str
    is_complete: bool
    #: False: nothing to do here for this reader, or not yet.
    is_open: bool = True
    hint: str = ""

    @property
    def url(self) -> str:
        return self.address if self.is_open else ""

    @property
    def label(self) -> str:
        if self.is_complete:
            return "Terminé"
        return "À faire" if self.is_open else "Pas encore possible"

    @property
    def tone(self) -> str:
        if self.is_complete:
            return "done"
        return "todo" if self.is_open else "waiting"


@dataclass(frozen=True, slots=True)
class TaskGroup:
    title: str
    tasks: Sequence[Task]
    note: str = ""

    @property
    def done(self) -> int:
        """How many of its tasks are complete."""
        return sum(task.is_complete for task in self.tasks)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.tasks)

    @property
    def concerns_reader(self) -> bool:
        """Something in it is theirs to do, today or done."""
        return any(task.is_open for task in self.tasks)


def _value(row: Dossier | Partenaire, name: str) -> str:
    """An answer as a person reads it; empty when it is not given."""
    column = row._meta.get_field(name)
    raw: Any = getattr(row, name)
    if raw in ("", None, []):
        return ""
    if isinstance(column, Field) and column.choices:
        return str(getattr(row, f"get_{name}_display")())
    if isinstance(raw, bool):
        return "Oui" if raw else "Non"
    if isinstance(raw, datetime):
        raw = localdate(raw)
    if isinstance(raw, date):
        return raw.strftime("%d/%m/%Y")
    if name == "birth_country" or name.endswith("country"):
        return str(raw.name)
    return str(raw)


def answer_words(row: Dossier | Partenaire, name: str) -> Answer:
    """One column as a person reads it, named as the dossier names it."""
    label = str(row._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    if isinstance(row, Partenaire) and name == "nationalities":
        return Answer("Nationalités", row.nationality_words)
    return Answer(f"{label[:1].upper()}{label[1:]}", _value(row, name))


def _answers(row: Dossier | Partenaire, step: Step[Any]) -> list[Answer]:
    """What this page says so far; a fact stands once, on the page that asks it in full."""
    form = step.form_class
    names = list(form.columns())
    if isinstance(row, Partenaire) and step.slug == "acte" and asks_origin(row):
        names = [name for name in names if name not in ORIGIN_COLUMNS]
    answers = []
    for name in names:
        if isinstance(row, Partenaire) and name in HOME_COLUMNS:
            if name == HOME_COLUMNS[0]:
                answers.extend(_home(row))
            continue
        if name == "contact_email" and not row.is_on_lent_device:  # type: ignore[union-attr]
            continue  # the address of their account
        if name == "texts_agreed_at" and not is_on():
            continue  # the mairie sends no SMS
        field = form.base_fields.get(name)
        answer = answer_words(row, name)
        if answer.value and not (answer.value == "Non" and isinstance(getattr(row, name), bool)):
            answers.append(Answer(str(field.label), answer.value) if field else answer)
    return answers


def _home(person: Partenaire) -> list[Answer]:
    """Where they live today, on one line; nothing while it is not known."""
    home = person.home
    common = " (adresse commune)" if home.is_common else ""
    return [Answer("Adresse aujourd’hui", f"{home.address}{common}")] if home.address.lines else []


def answers_of(row: Dossier | Partenaire) -> list[Answer]:
    """Every answer given so far on this row, page after page."""
    steps: StepList[Any] = COMMON_STEPS if isinstance(row, Dossier) else OWN_STEPS
    return [answer for step in steps.for_subject(row) for answer in _answers(row, step)]


def _tasks(
    subject: Dossier | Partenaire, steps: StepList[Any], reference: str, *, open_: bool
) -> list[Task]:
    name = "pacs:common-step" if isinstance(subject, Dossier) else "pacs:own-step"
    return [
        Task(
            title=step.title,
            address=path_to(name, reference, step.slug),
            is_complete=step.is_complete(subject),
            is_open=open_,
        )
        for step in steps.for_subject(subject)
    ]


def task_groups(partenaire: Partenaire, *, at: datetime) -> list[TaskGroup]:
    """The whole task list, as this partenaire may see it."""
    dossier = partenaire.dossier
    reference = dossier.reference
    said = [_said_task(partenaire)] if partenaire.said_by_other else []
    groups = [
        TaskGroup(
            "Vos réponses communes",
            _tasks(dossier, COMMON_STEPS, reference, open_=may_edit_common(partenaire)),
            note="" if partenaire.is_first else "Votre partenaire les remplit ; vous les relisez.",
        ),
        TaskGroup(
            "Votre partie",
            said + _tasks(partenaire, OWN_STEPS, reference, open_=may_edit_own(partenaire)),
            note="Personne d’autre que vous et la mairie ne voit ces réponses, sauf votre identité"
            " : elle figure sur la déclaration que vous signez tous les deux.",
        ),
    ]
    together = []
    if partenaire.helper is not None:
        pass  # the other, the agreement and the attestation are for the person alone
    elif partenaire.is_first:
        together.append(_partner_task(partenaire))
    else:
        together.append(
            Task(
                "Confirmer les réponses communes",
                path_to("pacs:partner-confirm", reference),
                partenaire.common_confirmed_at is not None,
                hint="Vous avez proposé un changement." if partenaire.common_comment else "",
            )
        )
    ready = not missing_own(partenaire) and not missing_common(dossier)
    if partenaire.helper is None:
        together.append(
            Task(
                "Attester sur l’honneur",
                path_to("pacs:partner-attest", reference),
                partenaire.attested_at is not None,
                is_open=ready,
                hint=""
                if ready or partenaire.attested_at
                else "Après votre partie et les réponses communes.",
            )
        )
    rows = piece_rows(partenaire, at=at)
    undecided = sum(row.needs_answer for row in rows)
    together.append(
        Task(
            "Vos pièces",
            path_to("pacs:dossier-pieces", reference),
            undecided == 0,
            hint=f"{undecided} à envoyer ou à apporter" if undecided else "",
        )
    )
    groups.append(TaskGroup("À deux", together))
    return groups


def _said_task(partenaire: Partenaire) -> Task:
    """What the other said of this person in the simulator, to confirm before anything else."""
    other = partenaire.dossier.people[2 - partenaire.position]
    title = f"Ce que {name_for(partenaire, other)} a déjà dit de vous"
    address = path_to("pacs:said", partenaire.dossier.reference)
    return Task(title, address, is_complete=False)


def next_task(partenaire: Partenaire, *, at: datetime, after: str = "") -> Task:
    """The next thing to do for this person, in a draft: a question, pieces, the other, the review.

    `after`: the address of the page just answered; questions that follow it come first, and it
    is not asked again at once, even when something of it is left open. The pieces are read last,
    when no question is left.
    """
    dossier = partenaire.dossier
    tasks = [
        *(_questions(dossier, COMMON_STEPS) if may_edit_common(partenaire) else []),
        *(_questions(partenaire, OWN_STEPS) if may_edit_own(partenaire) else []),
    ]
    if partenaire.said_by_other and may_edit_own(partenaire):
        return _said_task(partenaire)
    here = next((rank for rank, task in enumerate(tasks) if task.address == after), -1)
    questions = [task for task in tasks[here + 1 :] + tasks[: max(here, 0)] if not task.is_complete]
    if questions:
        return questions[0]
    if any(row.needs_answer for row in piece_rows(partenaire, at=at)):
        address = path_to("pacs:dossier-pieces", dossier.reference)
        return Task("Vos pièces", address, is_complete=False)
    _, second = dossier.people
    address = path_to("pacs:dossier-review", dossier.reference)
    if partenaire.helper is not None:
        return Task("Relire", address, is_complete=False)
    if partenaire.is_first and partenaire.attested_at is not None and not second.door:
        return _partner_task(partenaire)
    return Task("Relire et attester", address, is_complete=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has something left to do, as one of the two reads it: never what."""

    is_mine: bool
    is_theirs: bool
    #: The other, by the name this reader knows.
    other: str
    words: str

    @property
    def waits_for(self) -> str:
        """Whom it waits for, when it waits for the other alone."""
        return self.other if self.is_theirs and not self.is_mine else ""


def turn_of(partenaire: Partenaire, *, at: datetime, is_asked: bool = False) -> Turn:
    """Whose turn it is. `is_asked`: this reader has to attest or confirm something sent."""
    dossier, status = partenaire.dossier, partenaire.dossier.current_status
    other = name_for(partenaire, dossier.people[2 - partenaire.position])
    if partenaire.helper is not None:
        # What keeps the other is not for somebody who helps one of the two.
        return Turn(is_mine=True, is_theirs=False, other=other, words="")
    is_mine, is_theirs = is_asked, False
    if status in {Status.DRAFT, Status.PIECES_REQUESTED}:
        act = Act.SEND if dossier.is_draft else Act.SEND_AGAIN
        # The shared answers are filled in by the first.
        holders = {one.holder or 1 for one in dossier.obstacles(act, at=at)}
        is_theirs = 3 - partenaire.position in holders
        is_mine = is_mine or partenaire.position in holders
        if dossier.is_draft and not is_mine:
            review = path_to("pacs:dossier-review", dossier.reference)
            is_mine = next_task(partenaire, at=at).address != review
    booked = dossier.appointment
    words = whose_turn(
        status,
        is_mine=is_mine,
        is_theirs=is_theirs,
        other=other,
        is_over=booked is not None and booked.is_over(at),
    )
    return Turn(is_mine, is_theirs, other, words)


def _questions(subject: Dossier | Partenaire, steps: StepList[Any]) -> list[Task]:
    dossier = subject if isinstance(subject, Dossier) else subject.dossier
    return _tasks(subject, steps, dossier.reference, open_=True)


def _partner_task(first: Partenaire) -> Task:
    """How the second takes part, without a word about what they answered."""
    _, second = first.dossier.people
    hint = {
        "": "Invitez votre partenaire dès maintenant, si vous voulez.",
        Door.PAPER.value: "Sur papier : imprimez sa partie, la mairie la saisira.",
        Door.SAME_DEVICE.value: "Sur cet appareil, quand vous le lui passez.",
        Door.OWN.value: f"Invitation envoyée à {second.invited_email}.",
    }[second.door]
    name = name_for(first, second)
    if second.attested_at is not None:
        hint = f"{name} a terminé sa partie."
    elif second.user_id is not None:
        hint = f"{name} remplit sa partie."
    if second.common_comment and reads(first, second, "common_comment"):
        hint = f"{name} propose un changement : « {second.common_comment} »"
    done = second.attested_at is not None or second.door == Door.PAPER
    return Task(
        "La participation de votre partenaire",
        path_to("pacs:partner-door", first.dossier.reference),
        done and not second.common_comment,
        is_open=second.user_id is None and first.dossier.is_editable,
        hint=hint,
    )


@dataclass(frozen=True, slots=True)
class PieceRow:
    """One piece as its holder sees it, at a date."""

    piece: Piece
    wording: PieceWording
    #: The document a translation or an apostille is about.
    about: PieceWording | None
    status: PieceStatus
    last_day: date | None
    #: When to ask for it; None: it does not age, or no day is known yet.
    window: Window | None
    #: The page of the pieces.
    page: str
    #: The dossier is in the people's hands.
    is_open: bool
    #: The day its age is counted at, and today.
    on: date
    today: date
    for_couple: bool = False
    files: Sequence[Any] = field(default=())

    @property
    def needs_answer(self) -> bool:
        return self.status in {PieceStatus.MISSING, PieceStatus.REFUSED, PieceStatus.EXPIRED}

    @property
    def by_mairie(self) -> bool:
        return self.piece.rule_id in VERIFIED_BY_MAIRIE

    @property
    def title(self) -> str:
        """The label of the piece; a translation names what it translates."""
        label = self.wording.label
        if self.about is not None:
            label = f"{label} ({self.about.short_label.lower()})"
        return f"Peut-être : {label}" if self.piece.is_uncertain else label

    @property
    def name(self) -> str:
        """The same, short, where the page has said of what it speaks."""
        if self.about is None:
            return self.wording.short_label
        return f"{self.wording.short_label} ({self.about.short_label.lower()})"

    @property
    def is_locked(self) -> bool:
        """The people can no longer change it."""
        return self.by_mairie or self.status is PieceStatus.ACCEPTED

    @property
    def is_editable(self) -> bool:
        return self.is_open and not self.is_locked

    @property
    def action_url(self) -> str:
        return self.url if self.is_editable else ""

    @property
    def action(self) -> str:
        if self.status is PieceStatus.MISSING:
            return "Envoyer ou répondre"
        return "Remplacer cette pièce" if self.needs_answer else "Voir ou modifier"

    @property
    def is_identity(self) -> bool:
        return self.piece.rule_id == IDENTITY_RULE

    @property
    def is_declaration(self) -> bool:
        """The one paper that the portal fills in: it is signed on the day."""
        return self.piece.rule_id == DECLARATION_RULE

    @property
    def anchor(self) -> str:
        """Where it stands on the page of the pieces."""
        return f"piece-{self.piece.key}"

    @property
    def url(self) -> str:
        return f"{self.page}#{self.anchor}"

    @property
    def problem(self) -> str:
        """Why the document that is dated will not serve, and what to do; empty when it will."""
        if self.last_day is None or self.last_day >= self.on or self.message:
            return ""
        issued = self.piece.issued_on
        if issued is None or self.is_identity:
            over = self.last_day < self.today
            when = (
                f"n’est plus valable depuis le {day_fr(self.last_day)}"
                if over
                else (f"ne sera plus valable le {day_fr(self.on)}")
            )
            return f"Ce document {when}. Envoyez-en un autre, ou le passeport."
        return (
            f"Délivré le {day_fr(issued)}, ce document aura plus de"
            f" {self.wording.max_age_months}\u00a0mois le {day_fr(self.on)}. Redemandez-le."
        )

    @property
    def message(self) -> str:
        """What the mairie said of it, while it waits for another."""
        return self.piece.refusal_text if self.status is PieceStatus.REFUSED else ""

    @property
    def is_to_ask(self) -> bool:
        """Some office still has to be asked for it, as far as is known."""
        if self.piece.rule_id in ASKS_NOTHING | AT_HOME:
            return False
        is_left = self.needs_answer or self.status is PieceStatus.BLOCKED
        return is_left or self.piece.is_promised

    @property
    def when(self) -> str:
        """When to ask for it, as people read it."""
        if self.window is not None:
            return self.window.words
        return "quand vous voulez" if self.wording.max_age is None else "une fois le jour choisi"

    @property
    def last_day_text(self) -> str:
        if self.last_day is None:
            return ""
        return f"Valable jusqu’au {day_fr(self.last_day)} pour votre Pacs."


def piece_rows(partenaire: Partenaire, *, at: datetime, days: Days | None = None) -> list[PieceRow]:
    """The pieces this person may read, in the order of the list; `days`: those of the dossier."""
    return remembered(
        ("piece rows", partenaire.pk, at), lambda: _make_rows(partenaire, at=at, days=days)
    )


def _make_rows(partenaire: Partenaire, *, at: datetime, days: Days | None) -> list[PieceRow]:
    dossier = partenaire.dossier
    on, today, aimed = dossier.registration_date(at=at), localdate(at), dossier.aimed_day(at=at)
    if days is None and aimed is not None:
        days = dossier.days(at=at)
    answers_missing = bool(missing_own(partenaire))
    page = path_to("pacs:dossier-pieces", dossier.reference)
    wordings = PieceWording.objects.by_rule()
    rows = []
    for piece in pieces_read_by(partenaire, dossier):
        if piece.rule_id not in wordings or (piece.is_uncertain and answers_missing):
            continue  # « perhaps » means nothing yet while the questions are open
        wording = wordings[piece.rule_id]
        last = piece.last_day(wording.max_age)
        rows.append(
            PieceRow(
                piece=piece,
                wording=wording,
                about=wordings.get(piece.about),
                status=(status := piece.status_on(on, wording.max_age)),
                last_day=last,
                window=when_to_ask(piece.rule_id, wording.max_age, on=aimed, days=days)
                if days
                else None,
                page=page,
                is_open=dossier.is_editable or dossier.is_renewable(status),
                on=on,
                today=today,
                for_couple=piece.partenaire_id is None,
                files=list(piece.files.all()),
            )
        )
    return rows


@dataclass(frozen=True)
class DossierPlan:
    """The dates of a dossier, the papers its reader has to ask for, and whose turn it is.

    Nothing of it tells of a piece of the other.
    """

    days: Days
    wish: DayAnswer | None
    #: The day of the appointment, once there is one.
    booked: date | None = None
    #: Where the wished day is changed; empty for a reader who may not.
    change_url: str = ""
    papers: Sequence[PieceRow] = ()
    turn: str = ""

    @property
    def papers_by_when(self) -> list[tuple[str, list[PieceRow]]]:
        """When to ask, what is dated first, and for which papers."""
        found: dict[str, list[PieceRow]] = {}
        for row in sorted(self.papers, key=lambda row: row.window is None):
            found.setdefault(row.when, []).append(row)
        return list(found.items())

    @property
    def is_lost(self) -> bool:
        """The wished day cannot be held any more, or never could."""
        return self.wish is not None and self.wish.day < self.days.first

    @property
    def file_by(self) -> date | None:
        """Until when to send; None without a day to aim at, or once it is sent."""
        if self.wish is None or self.is_lost:
            return None
        return self.days.file_by(self.wish.day)

    @property
    def is_empty(self) -> bool:
        """A piece in hand is too old for every day left."""
        return self.days.papers_last is not None and self.days.papers_last < self.days.first


def plan_of(
    partenaire: Partenaire,
    *,
    at: datetime,
    days: Days | None = None,
    rows: Iterable[PieceRow] = (),
    turn: str = "",
) -> DossierPlan | None:
    """The plan of the dossier, of these of its rows; None once it has ended."""
    dossier = partenaire.dossier
    if dossier.is_ended:
        return None
    if days is None:
        days = dossier.days(at=at)
    is_booked = dossier.appointment is not None
    wished = None if is_booked else dossier.wished_date
    change = path_to("pacs:common-step", dossier.reference, WISHED_STEP)
    return DossierPlan(
        days=days,
        wish=None if wished is None else days.about(wished),
        booked=dossier.aimed_day(at=at) if is_booked else None,
        change_url=change if may_edit_common(partenaire) and not is_booked else "",
        papers=tuple(row for row in rows if row.is_to_ask),
        turn=turn,
    )


def who_is_mailed(reader: Partenaire, what: str) -> str:
    """Who gets `what` (« une confirmation ») by mail: those whose address is known."""
    first, second = reader.dossier.people
    if first.mail_address and second.mail_address:
        return f"Vous recevez chacun {what}."
    if reader.mail_address:
        return f"Vous recevez {what}. Prévenez votre partenaire : nous n’avons pas son adresse."
    if first.mail_address or second.mail_address:
        return f"Votre partenaire reçoit {what}. Vous n’avez pas donné d’adresse : notez-le bien."
    return "Aucun mail ne part, faute d’adresse : notez-le bien."


@dataclass(frozen=True, slots=True)
class Request:
    """What the mairie asks this reader, and where to answer when it is about one question."""

    text: str
    at: datetime
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Requests:
    """The mairie's requests as one of the two reads them: their own, never the other's."""

    mine: Sequence[Request]
    #: The other was asked too, or alone, and has not answered.
    awaits_other: bool

    @property
    def only_other(self) -> bool:
        """Nothing is asked of this reader, or nothing any more."""
        return self.awaits_other and not self.mine


def requests_of(partenaire: Partenaire) -> Requests:
    """What is asked of this person; a dossier asked before requests had readers shows none."""
    mine = [_request(row, partenaire) for row in readable_requests(partenaire)]
    awaited = requests_awaited(partenaire.dossier).exclude(partenaire=partenaire)
    return Requests(mine, awaits_other=awaited.exists())


def _request(row: InformationRequest, reader: Partenaire) -> Request:
    """The request with the page of the answer it points at, while that question is asked."""
    dossier = reader.dossier
    step = asked_step(row, dossier, reader)
    if step is None:
        return Request(row.text, row.at)
    name = "pacs:own-step"
    if row.question.startswith(SHARED):
        # The second reads the shared answers, and proposes a change to whoever fills them in.
        name = "pacs:common-step" if reader.is_first else "pacs:partner-confirm"
    args = [dossier.reference, step.slug] if name != "pacs:partner-confirm" else [dossier.reference]
    return Request(row.text, row.at, step.title, reverse(name, args=args))


@dataclass(frozen=True, slots=True)
class Alerts:
    """What keeps a sent dossier from going on, in the words of one reader."""

    forbidden: Sequence[str] = ()
    #: This reader has to attest, or to confirm the shared answers.
    attest: bool = False
    was_attested: bool = False
    confirm: bool = False
    others: Sequence[str] = ()


def alerts_of(partenaire: Partenaire, *, at: datetime) -> Alerts:
    """The obstacles that the people read as such; their pieces have a list of their own."""
    dossier = partenaire.dossier
    if dossier.is_ended or dossier.is_draft:
        return Alerts()
    me = partenaire.position
    # Without the register: what it says is for the mairie to look at first.
    state = state_of(dossier, on=dossier.registration_date(at=at))
    found = [one for one in obstacles(Act.BOOK, state) if one.kind is not Kind.PIECE]
    mine = {one.kind for one in found if one.holder == me}
    # What an agent looks at has its own block on the page; one's own duties have a button.
    apart = {(kind, me) for kind in (Kind.ATTESTATION, Kind.CONFIRMATION)}
    others = [
        one
        for one in found
        if one.kind not in {Kind.LAW, Kind.TO_DECIDE} and (one.kind, one.holder) not in apart
    ]
    ended = dossier.events.filter(kind="attestation_ended", partenaire=partenaire)
    return Alerts(
        forbidden=texts((one for one in found if one.kind is Kind.LAW), me),
        attest=Kind.ATTESTATION in mine,
        was_attested=Kind.ATTESTATION in mine and ended.exists(),
        confirm=Kind.CONFIRMATION in mine,
        others=texts(others, me),
    )


#: What each stage says, in the order they are reached.
STAGES: tuple[tuple[Status, str, str], ...] = (
    (
        Status.UNDER_REVIEW,
        "La mairie vérifie",
        "C’est à la mairie. Vous n’avez rien à faire : elle vous écrit s’il manque quelque chose.",
    ),
    (Status.COMPLETE, "Dossier complet", "Vous prenez rendez-vous avec l’officier d’état civil."),
    (
        Status.SCHEDULED,
        "Rendez-vous à la mairie",
        "Vous venez tous les deux, avec les documents originaux.",
    ),
    (
        Status.REGISTERED,
        "Pacs enregistré",
        "L’officier d’état civil vous remet le récépissé et votre convention.",
    ),
)


#: In the place of « vous n’avez rien à faire », while the top of the page asks for something.
ASKED_ABOVE = "C’est à la mairie, et à vous : voyez ce qui est demandé en haut de cette page."
#: The same, while a piece has lost its file, or never had one.
ASKED_BELOW = "C’est à la mairie, et à vous : une pièce est à fournir, plus bas sur cette page."


#: In the place of « vous venez tous les deux », once the hour has passed and nothing is noted.
IS_OVER = "Ce jour est passé. Si rien n’a été signé, prenez un autre rendez-vous avec la mairie."


#: While an agent may still take back what was decided.
UNDECIDED = "C’est à la mairie. Vous n’avez rien à faire : elle vous écrit."


def _kept(dossier: Dossier) -> str:
    """Until when, if nothing moves any more."""
    until = dossier.kept_until
    return f" Sans suite, ce dossier sera effacé le {day_fr(localdate(until))}." if until else ""


def timeline(
    dossier: Dossier, *, now: datetime, is_asked: bool = False, is_lacking: bool = False
) -> list[Moment]:
    """Done, now and next, with who must act and by when.

    `is_asked`: the reader has something to do besides, told above; `is_lacking`: a piece to
    provide, in the list below.
    """
    todo = ASKED_ABOVE if is_asked else ASKED_BELOW if is_lacking else ""
    status = dossier.current_status
    settings = dossier.procedure_settings
    moments = [Moment("Dossier envoyé", "done", dossier.submitted_at)]
    if dossier.is_ended and status is not Status.REGISTERED:
        sent = moments if dossier.submitted_at else []
        if dossier.is_undecided(now):
            return [*sent, Moment(dossier.told_label(now), "now", text=UNDECIDED)]
        return [*sent, Moment(status.label, "now", dossier.ended_at)]
    if status is Status.PIECES_REQUESTED:
        kept = localdate(dossier.last_activity_at) + timedelta(settings.inactive_retention_days)
        text = (
            "C’est à vous : répondez à la mairie, puis renvoyez le dossier. Sans réponse avant le"
            f" {day_fr(kept)}, il sera effacé."
        )
        moments.append(Moment("À vous de compléter", "now", text=text))
    order = [stage for stage, _, _ in STAGES]
    reached = order.index(status) if status in order else 0
    for position, (stage, title, text) in enumerate(STAGES):
        state = "done" if position < reached else "now" if position == reached else "next"
        if status is Status.PIECES_REQUESTED:
            state = "next"
        if stage is Status.UNDER_REVIEW and state == "now" and dossier.review_since:
            answer = settings.answer_by(dossier.review_since)
            text = f"{todo or text} Réponse au plus tard le {day_fr(answer)}."
        at = dossier.completed_at if stage is Status.COMPLETE and state != "next" else None
        if stage is Status.SCHEDULED and dossier.appointment is not None:
            at = dossier.appointment.starts_at
            if state == "now" and dossier.appointment.is_over(now):
                text = f"{IS_OVER}{_kept(dossier)}"
        moments.append(Moment(title, state, at, "" if state == "done" else text))
    return moments

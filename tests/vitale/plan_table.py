"""The review of the guide: every plan, and every line of it, as `docs/vitale-plans.md` holds them.

`python -m pytest tests/vitale/test_plan_table.py` says whether it is still so;
`WRITE_PLAN_TABLE=1` before it writes the file anew, to be read again line by line.
"""

from collections.abc import Iterable, Iterator

from tests.vitale.answers import READINGS, answers_of
from vitale.models import Delay, PlanLine, Situation, Source
from vitale.reads.plans import sheet_of
from vitale.rules.situations import FUND_QUESTION, GROUPS

HEAD = """# The plans of the Carte Vitale, line by line

Every plan that the questions lead to, then every line that a plan may tell, where it was read, and
how far that reading goes: « en entier » (the document was read whole) or « extrait » (part of a
page, or usage: the plan says whom to ask, and the desk lists the line until somebody confirms it).
Each line was read against the facts on 27 November 2026. This file is written from `fixtures/` by
`tests/vitale/plan_table.py`, and a test refuses any difference.
"""


def table() -> str:
    return "\n".join([HEAD, *_plans(), *_lines(), *_delays(), *_sources(), ""])


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ") or "–"


def _row(*cells: str) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _words(values: Iterable[str]) -> str:
    return ", ".join(values)


def _plans() -> Iterator[str]:
    titles = dict(Situation.objects.values_list("slug", "title"))
    yield f"## Plans ({len(READINGS)})\n"
    yield "Those of the named caisses differ by their address only, and share one row.\n"
    funds = {choice.value for choice in FUND_QUESTION.choices}
    for group, members in GROUPS.items():
        yield f"### {group.label}\n"
        for situation in members:
            yield f"#### {titles[situation]} (`{situation}`)\n"
            yield _row("Réponses", "Étapes et lignes, dans l’ordre")
            yield "| --- | --- |"
            told: dict[str, str] = {}
            for reading in READINGS:
                if answers_of(reading).situation != situation:
                    continue
                values = [choice.value for _, choice in reading.given[1:]]
                shown = _words("une autre" if value in funds else value for value in values)
                plan = sheet_of(answers_of(reading)).plan
                lines = " ; ".join(
                    (f"**{_words(track.regimes)}** " if plan.is_split else "")
                    + _words(line.key.partition(".")[2] for line in track.lines)
                    + (f" (délai : {track.delay.wording})" if track.delay else "")
                    for track in plan.tracks
                )
                told.setdefault(shown, lines)
            yield from (_row(answers, lines) for answers, lines in told.items())
            yield ""


def _lines() -> Iterator[str]:
    rows = PlanLine.objects.select_related("source", "link", "contact", "situation")
    yield f"## Lines ({rows.count()})\n"
    for situation in [None, *Situation.objects.all()]:
        yield f"### {situation.title if situation else 'Tous les plans'}\n"
        yield _row("Ligne", "Sorte", "Dite si", "Texte", "Lien ou contact", "Lue dans", "Lecture")
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        for line in rows.filter(situation=situation):
            text = " – ".join(filter(None, [line.heading, line.text, line.trap, line.why]))
            where = line.link.url if line.link else ""
            who = line.contact.name if line.contact else ""
            yield _row(
                line.key,
                line.kind,
                _words([*line.regimes, *line.channels, *line.cases]),
                text,
                " ".join(filter(None, [where, who])),
                line.source_id,
                "en entier" if line.source.read_whole else "extrait",
            )
        yield ""


def _delays() -> Iterator[str]:
    yield "## Delays\n"
    yield _row("Situation", "Caisse", "Dit si", "Délai", "Lu dans")
    yield "| --- | --- | --- | --- | --- |"
    for delay in Delay.objects.all():
        told = _words([*delay.channels, *delay.cases])
        yield _row(delay.situation_id, delay.regime, told, delay.wording, delay.source_id)
    yield ""


def _sources() -> Iterator[str]:
    yield "## Sources\n"
    yield _row("Clé", "Titre", "Datée du", "Lecture")
    yield "| --- | --- | --- | --- |"
    for source in Source.objects.order_by("key"):
        day = f"{source.published_on:%Y-%m-%d}" if source.published_on else ""
        read = "en entier" if source.read_whole else "extrait"
        yield _row(source.key, source.title, day, read)

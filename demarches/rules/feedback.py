"""Two questions at the end of a procedure: was it clear, what was hard."""

from collections.abc import Iterable
from datetime import date

CLEAR, HARD = "clear", "hard"
CLEAR_ANSWERS = {
    "yes": "Oui",
    "partly": "En partie",
    "no": "Non",
}
HARD_ANSWERS = {
    "questions": "Comprendre les questions",
    "papers": "Savoir quels papiers, et où les demander",
    "files": "Envoyer les fichiers",
    "together": "Le faire à deux",
    "time": "Le temps que cela prend",
    "nothing": "Rien",
}
QUESTIONS: dict[str, tuple[str, dict[str, str]]] = {
    CLEAR: ("Était-ce clair ?", CLEAR_ANSWERS),
    HARD: ("Qu’est-ce qui a été difficile ?", HARD_ANSWERS),
}


def month_counted(day: date) -> date:
    """The first day of the month: no answer is kept with its moment."""
    return day.replace(day=1)


def words(question: str, answer: str) -> tuple[str, str]:
    """The question and the answer as people read them; an answer of before stays as it is."""
    label, answers = QUESTIONS.get(question, (question, {}))
    return label, answers.get(answer, answer)


def counted(clear: str, hard: Iterable[str]) -> list[tuple[str, str]]:
    """(question, answer) for each answer given; « nothing » beside another does not count."""
    hardships = list(dict.fromkeys(hard))
    if len(hardships) > 1:
        hardships = [one for one in hardships if one != "nothing"]
    return [*([(CLEAR, clear)] if clear else []), *((HARD, one) for one in hardships)]

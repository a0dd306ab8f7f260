"""What people answer at the end of a procedure: numbers, without anybody behind them."""

from datetime import date

from django.db import IntegrityError, models, transaction
from django.db.models import F

from demarches.rules.feedback import month_counted, words


class FeedbackQuerySet(models.QuerySet["FeedbackCount"]):
    def count_answers(self, procedure: str, answers: list[tuple[str, str]], *, day: date) -> None:
        """Add one to each of these (question, answer), for the month of this day."""
        for question, answer in answers:
            key = {
                "procedure": procedure,
                "month": month_counted(day),
                "question": question,
                "answer": answer,
            }
            if self.filter(**key).update(count=F("count") + 1):
                continue
            try:
                with transaction.atomic():
                    self.create(**key, count=1)
            except IntegrityError:  # somebody else was the first of the month meanwhile
                self.filter(**key).update(count=F("count") + 1)


class FeedbackCount(models.Model):
    """How often an answer was given in a month."""

    procedure = models.CharField("démarche", max_length=20)
    month = models.DateField("mois")
    question = models.CharField("question", max_length=20)
    answer = models.CharField("réponse", max_length=20)
    count = models.PositiveIntegerField("nombre", default=0)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name = "réponse aux deux questions"
        verbose_name_plural = "avis des usagers"
        ordering = ("-month", "procedure", "question", "-count", "answer")
        constraints = [
            models.UniqueConstraint(
                fields=("procedure", "month", "question", "answer"),
                name="demarches_feedback_one_count",
            ),
            models.CheckConstraint(
                condition=models.Q(month__form="first_of_month"),
                name="demarches_feedback_whole_month",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(words(self.question, self.answer))

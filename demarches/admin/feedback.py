"""What people answer at the end of a procedure, month by month."""

from django.contrib import admin
from django.http import HttpRequest

from demarches.admin.base import DeskAdmin
from demarches.models import FeedbackCount
from demarches.rules.dates_fr import MONTHS
from demarches.rules.feedback import words


@admin.register(FeedbackCount)
class FeedbackCountAdmin(DeskAdmin[FeedbackCount]):
    """Read only: the numbers come from the pages."""

    list_display = ("month_words", "procedure", "question_words", "answer_words", "count")
    list_display_links = None
    list_filter = ("procedure",)

    @admin.display(description="mois", ordering="month")
    def month_words(self, row: FeedbackCount) -> str:
        return f"{MONTHS[row.month.month - 1]} {row.month.year}"

    @admin.display(description="question", ordering="question")
    def question_words(self, row: FeedbackCount) -> str:
        return words(row.question, row.answer)[0]

    @admin.display(description="réponse", ordering="answer")
    def answer_words(self, row: FeedbackCount) -> str:
        return words(row.question, row.answer)[1]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: FeedbackCount | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: FeedbackCount | None = None) -> bool:
        return False

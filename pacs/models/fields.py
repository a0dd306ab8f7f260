"""Columns of the law on PACS."""

from typing import Any, override

from django.core.exceptions import ValidationError
from django.db.models import CheckConstraint, F, Q
from django.db.models.lookups import Exact

from demarches.models.fields import GuardedTextField, LatinCharField
from demarches.typed.guard import TextRefused
from pacs.rules.names import strange_sign
from pacs.rules.requests import forbidden_requests


class NameField(LatinCharField):
    """A name of état civil, by whatever form it comes."""

    not_latin = (
        "Nos documents n’impriment pas un des signes de « %s » : une lettre d’un autre alphabet ou"
        " d’une écriture phonétique (« ɔ », « ɛ »), un dessin ou un signe invisible. Écrivez ce nom"
        " en lettres latines, comme sur la traduction de l’acte ou sur le titre de séjour."
    )

    @override
    def run_validators(self, value: Any) -> None:
        super().run_validators(value)
        if isinstance(value, str) and (sign := strange_sign(value)):
            raise ValidationError(
                f"Le signe « {sign} » ne peut pas figurer dans un nom."
                " Recopiez le nom comme sur l’acte de naissance.",
                code="not_a_name",
            )


def birth_exists(name: str) -> CheckConstraint:
    """The database refuses a day of birth that no calendar has, and a day without its month.

    The rule that people read is `pacs.rules.births.birth_problems`. A year that is not known may
    have a 29 February.
    """
    by_four, by_hundred, by_four_hundred = (
        Exact(F("birth_year") % years, 0) for years in (4, 100, 400)
    )
    is_leap = Q(by_four) & (~Q(by_hundred) | Q(by_four_hundred))
    return CheckConstraint(
        condition=Q(birth_day__isnull=True)
        | (
            Q(birth_month__isnull=False)
            & (
                Q(birth_day__lte=28)
                | (Q(birth_day__lte=30) & ~Q(birth_month=2))
                | Q(birth_day=31, birth_month__in=(1, 3, 5, 7, 8, 10, 12))
                | (Q(birth_day=29, birth_month=2) & (Q(birth_year__isnull=True) | is_leap))
            )
        ),
        name=name,
        violation_error_message="Cette date n’existe pas : vérifiez le jour et le mois.",
    )


class RequestTextField(GuardedTextField):
    """A text that agents send from: what the law does not let them ask for is not kept in it.

    The same is asked of what they send (`pacs.actions.guards.check_request`); a text that is
    refused there must not be proposed.
    """

    @override
    def guard(self, value: Any) -> None:
        super().guard(value)
        if isinstance(value, str) and (found := forbidden_requests(value)):
            one = found[0]
            raise TextRefused(
                f"Ce texte demande {one.what}. On ne peut pas : {one.basis}.", code="forbidden"
            )

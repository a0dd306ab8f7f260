"""The one rule of the example, pure: the clock is an argument."""

from datetime import date

from demarches.rules.deadlines import add_months

AGE = 16
#: The pieces asked for, in words.
PIECES = {"identite": "Pièce d’identité", "domicile": "Justificatif de domicile"}


def refuse_age(birth: date, *, on: date) -> str:
    """Why somebody born that day may not ask on this one; empty when they may."""
    first = add_months(birth, 12 * AGE)
    if first <= on:
        return ""
    return f"Cette démarche s’ouvre à {AGE} ans : revenez à partir du {first:%d/%m/%Y}."

"""What an agent typed to find somebody: a reference, a mail, a day of birth, a phone, or names."""

from dataclasses import dataclass
from datetime import date

from phonenumbers import PhoneNumberFormat, format_number

from demarches.rules.addresses import canonical_address
from demarches.rules.phones import PhoneRefused, read_phone
from demarches.rules.reference import meant_reference, parse_reference
from demarches.rules.texts import name_words
from demarches.rules.typed_days import UnreadableDay, read_typed_day

#: What one looks for is short; more would only make the database refuse the pattern.
LONGEST = 100
#: Words after these would not make a search of people any narrower.
MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Looked:
    """What was looked for: one of these, or none of them for a sign that is in nobody's name.

    `said`: what to tell of it, when a mistyped reference was corrected.
    """

    reference: str = ""
    said: str = ""
    address: str = ""
    day: date | None = None
    phone: str = ""
    #: Every one of them is to be found; accents, case, « œ », apostrophes and hyphens are folded.
    words: tuple[str, ...] = ()


def read_search(typed: str) -> Looked:
    """The same on every database, for every procedure."""
    text = typed[:LONGEST].strip()
    if reference := parse_reference(text):
        return Looked(reference=reference)
    if reference := meant_reference(text):
        said = (
            f"« {text} » : le dernier caractère ne correspond pas. Voici {reference}, si c’est"
            " ce que vous cherchez."
        )
        return Looked(reference=reference, said=said)
    if "@" in text:
        return Looked(address=canonical_address(text) or "")
    try:
        return Looked(day=read_typed_day(text))
    except UnreadableDay:
        pass
    try:
        return Looked(phone=format_number(read_phone(text), PhoneNumberFormat.E164))
    except PhoneRefused:
        return Looked(words=tuple(name_words(text)[:MOST_WORDS]))

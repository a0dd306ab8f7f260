"""Where a person lives today: the couple's address, or one of their own.

Asked by every page, form, check and paper that needs it, so that no copy can go stale. « Nous y
habitons déjà » is the first partenaire's word for themselves; for the second it holds until they
write another address, in private.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Address:
    """An address as its columns hold it; any part may be empty. `country`: outside France."""

    street: str = ""
    street_more: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""

    @property
    def is_begun(self) -> bool:
        """Something of it is written, whatever the country."""
        return any((self.street, self.street_more, self.postcode, self.city))

    @property
    def is_complete(self) -> bool:
        return all((self.street, self.postcode, self.city))

    @property
    def lines(self) -> list[str]:
        """As an envelope would have it, the empty lines left out."""
        town = f"{self.postcode} {self.city}".strip()
        lines = (self.street, self.street_more, town, self.country if self.is_begun else "")
        return [line for line in lines if line]

    def __str__(self) -> str:
        return ", ".join(self.lines)


@dataclass(frozen=True, slots=True)
class Home:
    """Where a person lives today, as far as it is known; `is_common`: at the couple's address."""

    address: Address
    is_common: bool = False


def home_of(*, own: Address, shared: Address | None, is_first: bool) -> Home:
    """The home of one of the two; `shared`: where both are said to live already, if anywhere."""
    if shared is not None and (is_first or not own.is_begun):
        return Home(shared, is_common=True)
    return Home(own)

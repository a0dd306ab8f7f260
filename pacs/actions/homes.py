"""Nobody's address vanishes because the couple no longer lives at the common one."""

from collections.abc import Iterator
from contextlib import contextmanager

from pacs.models import Dossier


@contextmanager
def keeping_homes(dossier: Dossier) -> Iterator[None]:
    """Around a change of the shared answers, under the lock: each keeps the home they had.

    Once the dossier is sent, whoever was said to live at the common address, and is no longer,
    keeps it as their own until they write another; in a draft the question is asked anew.
    """
    before = {} if dossier.is_draft else {one.pk: one.home for one in dossier.people}
    yield
    for person in Dossier.objects.get(pk=dossier.pk).people if before else ():
        home = before[person.pk]
        if home.is_common and not person.home.address.is_complete:
            person.street, person.street_more = home.address.street, home.address.street_more
            person.postcode, person.city = home.address.postcode, home.address.city
            person.save(update_fields=["street", "street_more", "postcode", "city"])

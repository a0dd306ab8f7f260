"""Deleting what may be kept no longer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Model, QuerySet

#: An account is made when a code is asked for; without a sign-in, it is not kept.
UNUSED_ACCOUNT: Final = timedelta(hours=24)
#: Mails that belong to no dossier (codes, an address that changed): time to ask about one.
LOOSE_MAILS: Final = timedelta(days=30)
#: After that a calendar holds no name, nor what leads to one (domain reference 8.4).
CALENDAR: Final = timedelta(days=365)


def delete_each[M: Model](due: QuerySet[M], delete: Callable[[M], object]) -> int:
    """Delete each row that is due, asked again under its lock; returns how many went.

    Whoever came back in between saves theirs: `due` is asked anew for each row, in its own
    transaction, in which `delete` takes away what hangs on it.
    """
    gone = 0
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            row = due.select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
            if row is not None:
                delete(row)
                gone += 1
    return gone

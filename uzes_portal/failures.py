"""What is answered when nothing else could be: the database, or the machine, did not answer.

A view's exception comes by `RefusalPagesMiddleware`. Those of the middlewares, which read the
session and the account before any view, come by Django's `handler500`: both ask here.
"""

import logging
import sys

from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from demarches.files.places import Full
from demarches.files.storage import StorageUnreachable
from demarches.web.time_limit import TookTooLong

logger = logging.getLogger(__name__)
RETRY_SECONDS = 30
#: A database or a bucket that is away, a connection that was closed, a lock or a place waited for
#: too long.
NO_ANSWER = (OperationalError, InterfaceError, TookTooLong, Full, StorageUnreachable)


def unavailable(exception: BaseException | None) -> HttpResponse | None:
    """The page of a portal that could not answer in time (503); None for any other failure."""
    if not isinstance(exception, NO_ANSWER):
        return None
    logger.error("no_answer_in_time", exc_info=exception)
    if isinstance(exception, TookTooLong):
        # It may have been stopped in the middle of a statement.
        for connection in connections.all(initialized_only=True):
            connection.close()
    # Without the request: the page must stand while the database does not.
    page = render_to_string("503.html")
    return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_SECONDS)})


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an exception that nothing met (`handler500`), which is the current one."""
    answer = unavailable(sys.exception())
    return answer or HttpResponse(render_to_string("500.html"), status=500)

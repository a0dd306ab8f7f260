"""What became of an SMS, as its gateway tells it: a machine asks, and gets a status.

Off (404) until the mairie has a gateway and `SMS_RECEIPT_TOKEN`. The contract stands in
docs/operations.md.
"""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from demarches.mail.emails import Told, note_receipt
from demarches.mail.sms_gateway import is_on
from demarches.rules.receipts import read_receipt
from demarches.serving.ratelimit import rate_limited

MAX_BYTES = 4_096
STATUS_OF = {
    Told.NOTED: HTTPStatus.NO_CONTENT,
    Told.KNOWN: HTTPStatus.CONFLICT,
    Told.EARLY: HTTPStatus.TOO_EARLY,
    Told.UNKNOWN: HTTPStatus.NOT_FOUND,
}


@login_not_required
@csrf_exempt  # a gateway has no cookie; it shows a token of its own
@rate_limited("sms_receipt", reads=False)
@require_POST
def sms_receipt(request: HttpRequest) -> HttpResponse:
    """Write the receipt down; 204. 4xx says why not, and no receipt is believed twice."""
    if not (is_on() and settings.SMS_RECEIPT_TOKEN):
        raise Http404
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind != "Bearer" or not constant_time_compare(token, settings.SMS_RECEIPT_TOKEN):
        refused = HttpResponse(status=HTTPStatus.UNAUTHORIZED)
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    if request.content_type != "application/json":
        return HttpResponse(status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    body = request.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    receipt = read_receipt(body)
    if receipt is None:
        return HttpResponse(status=HTTPStatus.BAD_REQUEST)
    return HttpResponse(status=STATUS_OF[note_receipt(receipt)])

"""SMS by the outbox, over real connections: none lost, none twice, whatever the gateway does."""

import json
import shlex
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import Client, override_settings
from django.urls import reverse
from post_office.models import STATUS, Email

from demarches.mail import emails, sms_gateway
from demarches.mail.emails import Delivery, deliver_due, mail_fate, queue_mail, reader_of
from demarches.mail.texts import CANCELLED, KINDS, REMINDER, queue_text, text_about
from demarches.models import Agenda, Appointment, Mairie
from demarches.rules.enums import AppointmentStatus
from demarches.rules.sms import LONGEST, in_gsm, septets
from demarches.typed.phone_field import as_number
from tests.support.gateway import (
    CLOSE,
    HANG,
    HUGE,
    OK,
    TAKE_AND_CLOSE,
    TRICKLE,
    Gateway,
    open_gateway,
)
from tests.support.mailbox import Mailbox
from tests.support.portal import ROOT

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
NUMBER = as_number("06 12 34 56 78")


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def gateway(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(sms_gateway, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(sms_gateway, "MOST_SECONDS", 1)
    with open_gateway(settings) as gateway:
        yield gateway


@pytest.fixture
def appointment(reference_data: None) -> Appointment:
    start = NOW + timedelta(days=7)
    return Appointment.objects.create(
        agenda=Agenda.objects.get(slug="pacs"),
        starts_at=start,
        ends_at=start + timedelta(minutes=30),
        seat=1,
        capacity=1,
        status=AppointmentStatus.BOOKED.value,
        holder="PACS-2026-0001",
        created_at=NOW,
    )


def queue(appointment: Appointment, key: str = "1", **options: Any) -> Email:
    return queue_text(REMINDER, appointment, to=NUMBER, key=key, at=NOW, **options)


def fresh(row: Email) -> Email:
    return Email.objects.get(pk=row.pk)


def test_a_text_is_handed_over_once(gateway: Gateway, appointment: Appointment) -> None:
    row = queue(appointment)

    assert (deliver_due(), deliver_due()) == (Delivery(sent=1), Delivery())

    [asked], [headers] = gateway.asked, gateway.headers
    assert asked == {
        "to": "+33612345678",
        "from": "MAIRIE",
        "text": "Mairie d'Uzès : rendez-vous le 30/11 à 10 h."
        " Pour déplacer ou annuler : 04 66 03 48 48",
        "id": row.message_id[1:41],
    }
    assert headers["authorization"] == "Bearer jeton"
    assert headers["content-type"] == "application/json"
    assert (
        mail_fate(fresh(row)) == "Remis à l’opérateur de SMS le 23\u00a0novembre 2026 à 10\u00a0h"
    )
    assert reader_of(row) == "+33612345678"


@pytest.mark.parametrize(
    "answer", ["500", "503", "429", "401", "402", "302", "100", CLOSE, HANG, TRICKLE, "rubbish"]
)
def test_what_was_not_taken_is_tried_again_under_the_same_name(
    gateway: Gateway, appointment: Appointment, clock: time_machine.Traveller, answer: str
) -> None:
    row = queue(appointment)
    gateway.answers = [answer]

    first = deliver_due()
    now_again = deliver_due()
    told = mail_fate(fresh(row))
    clock.shift(timedelta(minutes=2))
    second = deliver_due()

    assert (first, now_again, second) == (Delivery(retried=1), Delivery(), Delivery(sent=1))
    assert told.startswith("Envoi retardé, nouvel essai le 23\u00a0novembre 2026")
    assert list(gateway.taken) == [row.message_id[1:41]]
    assert gateway.asked[0] == gateway.asked[1]


@pytest.mark.parametrize("answer", ["400", "410", "422"])
def test_what_is_refused_for_good_is_told(
    gateway: Gateway, appointment: Appointment, answer: str
) -> None:
    row = queue(appointment)
    gateway.answers = [answer]

    assert (deliver_due(), deliver_due()) == (Delivery(failed=1), Delivery())

    said = "Non envoyé\u00a0: l’opérateur de SMS a refusé ce numéro ou ce texte"
    assert mail_fate(fresh(row)) == said
    # The log holds a kind of error, and no number.
    assert [log.message for log in row.logs.all()] == [f"HTTP {answer}"]


def test_an_answer_without_end_is_not_read(gateway: Gateway, appointment: Appointment) -> None:
    queue(appointment)
    gateway.answers = [HUGE]

    assert deliver_due() == Delivery(sent=1)
    assert len(gateway.taken) == 1


def test_what_was_taken_and_not_confirmed_is_not_sent_twice(
    gateway: Gateway, appointment: Appointment, clock: time_machine.Traveller
) -> None:
    """Twenty texts, and every kind of accident: each of them is taken, under one name."""
    rows = [queue(appointment, str(rank)) for rank in range(20)]
    gateway.answers = [TAKE_AND_CLOSE, OK, "500", OK, CLOSE, TAKE_AND_CLOSE, "429", OK, HUGE, "503"]

    for _ in range(30):
        deliver_due()
        clock.shift(timedelta(minutes=10))

    assert set(gateway.taken) == {row.message_id[1:41] for row in rows}
    assert {fresh(row).status for row in rows} == {STATUS.sent}
    assert len(gateway.asked) == 26


def test_a_sender_that_died_leaves_its_text_to_the_others(
    gateway: Gateway,
    appointment: Appointment,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = queue(appointment)
    with monkeypatch.context() as patch:
        # The gateway has it; the machine stops before the row says so.
        patch.setattr(emails, "_write", lambda *args, **fields: (_ for _ in ()).throw(KeyError))
        with pytest.raises(KeyError):
            deliver_due()

    assert deliver_due() == Delivery()
    clock.shift(timedelta(minutes=6))
    assert deliver_due() == Delivery(sent=1)
    assert (len(gateway.asked), list(gateway.taken)) == (2, [row.message_id[1:41]])


def test_a_silent_gateway_does_not_hold_the_mails(
    gateway: Gateway, appointment: Appointment, mailbox: Mailbox
) -> None:
    """Texts come last, and one that is not taken is the last of the round."""
    queue(appointment, "1")
    queue(appointment, "2")
    code = {"code": "1234 5678", "minutes": 10}
    queue_mail(to="a@exemple.fr", template="account/email/code", context=code, key="c")
    gateway.answers = [HANG]

    assert deliver_due() == Delivery(sent=1, retried=1)
    assert (len(mailbox.received), len(gateway.asked)) == (1, 1)
    assert deliver_due() == Delivery(sent=1)


def test_it_gives_up_after_the_last_try_and_when_it_is_too_late(
    gateway: Gateway, appointment: Appointment, clock: time_machine.Traveller
) -> None:
    row = queue(appointment)
    gateway.answers = ["500"] * 20
    for _ in range(20):
        deliver_due()
        clock.shift(timedelta(hours=25))
        if fresh(row).status == STATUS.failed:
            break

    assert mail_fate(fresh(row)) == "Non envoyé\u00a0: le délai était passé"
    assert len(gateway.asked) < 8


def test_without_a_gateway_what_waits_is_told(
    gateway: Gateway, appointment: Appointment, settings: Any
) -> None:
    row = queue(appointment)
    settings.SMS_GATEWAY_URL = ""

    assert deliver_due() == Delivery(failed=1)
    assert mail_fate(fresh(row)) == "Non envoyé\u00a0: la mairie n’envoie plus de SMS"
    assert gateway.asked == []


def test_plain_http_goes_to_this_machine_alone(appointment: Appointment, settings: Any) -> None:
    settings.SMS_GATEWAY_URL, settings.SMS_SENDER = "http://sms.invalid/", "MAIRIE"
    row = queue(appointment)

    assert deliver_due() == Delivery(retried=1)
    assert "retardé" in mail_fate(fresh(row))


def test_a_certificate_that_nobody_vouches_for_is_not_believed(
    gateway: Gateway, appointment: Appointment, settings: Any, tmp_path: Path
) -> None:
    """Neither the number nor the token is told to whoever stands in between."""
    gateway.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    gateway.context.load_cert_chain(own_certificate(tmp_path))
    settings.SMS_GATEWAY_URL = gateway.url.replace("http:", "https:")
    queue(appointment)

    assert deliver_due() == Delivery(retried=1)
    assert (gateway.asked, gateway.headers) == ([], [])


def test_over_tls_a_silence_ends_too(
    gateway: Gateway,
    appointment: Appointment,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
) -> None:
    path = own_certificate(tmp_path)
    gateway.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    gateway.context.load_cert_chain(path)
    trusting = ssl.create_default_context(cafile=str(path))
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    settings.SMS_GATEWAY_URL = gateway.url.replace("http:", "https:")
    queue(appointment)
    gateway.answers = [TRICKLE, HANG, OK]

    done = []
    for _ in range(3):
        done.append(deliver_due())
        clock.shift(timedelta(minutes=6))

    assert done == [Delivery(retried=1), Delivery(retried=1), Delivery(sent=1)]
    assert len(gateway.taken) == 1


def own_certificate(folder: Path) -> Path:
    """A key and the certificate it signs itself, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=3650))
        .not_valid_after(NOW + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "gateway.pem"
    plain = serialization.NoEncryption()
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(encoding, form, plain) + built.public_bytes(encoding))
    return path


def test_nothing_leaves_at_night(
    gateway: Gateway, appointment: Appointment, clock: time_machine.Traveller
) -> None:
    evening = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)  # 20:30 here
    clock.move_to(evening)
    row = queue_text(REMINDER, appointment, to=NUMBER, key="1", at=evening)
    assert (deliver_due(), mail_fate(row)) == (Delivery(), "En attente d’envoi")

    clock.move_to(datetime(2026, 11, 24, 7, 0, tzinfo=UTC))
    gateway.answers = ["500"] * 8
    for _ in range(7):
        deliver_due()
        again = fresh(row).scheduled_time
        assert 7 <= again.hour < 19
        clock.move_to(again)
    assert fresh(row).status == STATUS.requeued


LONG = "Mairie de Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson, service de l’état civil, [annexe]"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["Mairie d’Uzès", LONG, "Ÿ[€]" * 30, "日本"])
def test_each_text_is_one_sms_and_says_nothing_of_anybody(
    appointment: Appointment, kind: str, name: str
) -> None:
    mairie = Mairie.objects.get()
    mairie.name = name
    Mairie.objects.filter(pk=mairie.pk).update(name=name)

    text = text_about(kind, appointment)

    assert text == in_gsm(text)
    assert septets(text) <= LONGEST
    assert text.endswith(": 04 66 03 48 48")
    assert "30/11 à 10 h" in text
    for word in ("pacs", "vitale", "couple", "partenaire", "dossier", "état civil,"):
        assert word not in text.lower() or word in name.lower()


def test_the_three_texts(appointment: Appointment) -> None:
    phone = Mairie.objects.get().phone
    Mairie.objects.update(phone="")

    assert str(phone) == "04 66 03 48 48"
    assert [text_about(kind, appointment) for kind in KINDS] == [
        "Mairie d'Uzès : rendez-vous le 30/11 à 10 h.",
        "Mairie d'Uzès : votre rendez-vous est déplacé au 30/11 à 10 h.",
        "Mairie d'Uzès : le rendez-vous du 30/11 à 10 h est annulé.",
    ]
    assert CANCELLED in KINDS


# What became of it, as the gateway tells


def tell(
    client: Client, sent: object, *, token: str = "reçus-secrets", kind: str = "application/json"
) -> int:
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    headers = {"Authorization": f"Bearer {token}"}
    response = client.post(reverse("demarches:sms-receipt"), body, kind, headers=headers)
    assert response.cookies == {}
    return int(response.status_code)


@pytest.fixture
def told(settings: Any, gateway: Gateway, appointment: Appointment) -> Email:
    """A text that left, on a portal that listens to receipts."""
    settings.SMS_RECEIPT_TOKEN = "reçus-secrets"
    row = queue(appointment)
    deliver_due()
    return row


def receipt(row: Email, status: str = "delivered", **more: object) -> dict[str, object]:
    return {"id": row.message_id[1:41], "status": status, **more}


def test_the_phone_has_it(
    client: Client, told: Email, clock: time_machine.Traveller, gateway: Gateway
) -> None:
    clock.shift(timedelta(minutes=3))
    # As the gateway knows it: by what it was given.
    [key] = gateway.taken

    assert tell(client, {"id": key, "status": "delivered"}) == 204

    row = fresh(told)
    assert row.status == STATUS.sent
    assert mail_fate(row) == "Reçu par le téléphone le 23\u00a0novembre 2026 à 10\u00a0h\u00a003"


def test_the_phone_will_never_have_it(client: Client, told: Email) -> None:
    assert tell(client, receipt(told, "failed", code="EC_27")) == 204

    row = fresh(told)
    assert row.status == STATUS.failed
    assert mail_fate(row) == (
        "Non reçu le 23\u00a0novembre 2026 à 10\u00a0h\u00a0:"
        " le téléphone ne l’a pas eu, dit l’opérateur (code EC_27)"
    )


@pytest.mark.parametrize("first", ["delivered", "failed"])
@pytest.mark.parametrize("second", ["delivered", "failed"])
def test_the_first_receipt_is_the_one_that_counts(
    client: Client, told: Email, first: str, second: str
) -> None:
    tell(client, receipt(told, first))
    before = mail_fate(fresh(told))

    assert tell(client, receipt(told, second)) == 409

    assert (mail_fate(fresh(told)), told.logs.count()) == (before, 1)


def test_nobody_else_is_believed(client: Client, told: Email, settings: Any) -> None:
    said = receipt(told)

    assert tell(client, said, token="autre") == 401
    assert tell(client, said, token="") == 401
    assert client.post(reverse("demarches:sms-receipt"), said).status_code == 401
    assert client.get(reverse("demarches:sms-receipt")).status_code == 405
    for off in ({"SMS_RECEIPT_TOKEN": ""}, {"SMS_GATEWAY_URL": ""}):
        with override_settings(**off):
            assert tell(client, said, token=settings.SMS_RECEIPT_TOKEN) == 404
    assert "Remis" in mail_fate(fresh(told))


def test_what_is_no_receipt_is_refused(client: Client, told: Email) -> None:
    key = told.message_id[1:41]
    wrong = [
        *(b" ", b"{", b"\xff", b"[" * 4000, b"[]", b"3", b'"delivered"'),
        *({}, {"id": key}, {"id": key, "status": "sent"}, {"id": key, "status": ["failed"]}),
        *({"id": 3, "status": "failed"}, {"id": f"{key}@x", "status": "failed"}),
        *({"id": key, "status": "failed", "code": one} for one in (3, "<b>", "x" * 41, "a\nb")),
    ]

    assert [tell(client, one) for one in wrong] == [400] * len(wrong)
    assert tell(client, b" " * 5000) == 413
    assert tell(client, receipt(told), kind="text/plain") == 415
    assert tell(client, {"id": "0" * 40, "status": "failed"}) == 404
    assert told.logs.count() == 0


def test_a_mail_has_no_receipt_and_a_text_only_once_it_left(
    client: Client, told: Email, appointment: Appointment
) -> None:
    code = {"code": "1234 5678", "minutes": 10}
    mail = queue_mail(to="a@exemple.fr", template="account/email/code", context=code, key="c")
    waiting = queue(appointment, "2")

    assert tell(client, receipt(mail)) == 404
    assert tell(client, receipt(waiting)) == 425
    assert fresh(mail).status == fresh(waiting).status == STATUS.queued


def test_the_example_of_the_documents_is_taken(client: Client, told: Email, settings: Any) -> None:
    """The line that an operator copies: the same address, headers and words, another text."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    shell = page.split("```sh\ncurl ")[1].split("```")[0].replace("\\\n", " ")
    words = shlex.split(shell.replace("$SMS_RECEIPT_TOKEN", settings.SMS_RECEIPT_TOKEN))
    headers = dict(words[at + 1].split(": ", 1) for at, one in enumerate(words) if one == "-H")
    sent = json.loads(words[words.index("-d") + 1]) | {"id": told.message_id[1:41]}
    address = next(one for one in words if one.startswith("https://"))

    answer = client.post(
        urlsplit(address).path,
        json.dumps(sent),
        headers.pop("Content-Type"),
        headers=headers,
    )

    assert answer.status_code == 204
    assert mail_fate(fresh(told)).startswith("Reçu par le téléphone")


def test_receipts_are_limited(client: Client, told: Email, settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "sms_receipt": (2, 600)}

    assert [tell(client, {}, token=str(one)) for one in range(3)] == [401, 401, 429]

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from post_office.models import STATUS, Email

from demarches.mail.emails import queue_mail
from demarches.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin@mairie.example", "x" * 20))
    return client


@pytest.fixture
def mails() -> dict[str, Email]:
    rows = {
        word: queue_mail(
            to=f"{word}@exemple.fr",
            template="account/email/no_code",
            context={"staff_url": "/"},
            key=word,
        )
        for word in ("waiting", "failed", "sent")
    }
    for word, status in (("failed", STATUS.failed), ("sent", STATUS.sent)):
        Email.objects.filter(pk=rows[word].pk).update(status=status)
    return rows


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["sent", "failed", "waiting"]),
        ("?sort=waiting", ["waiting"]),
        ("?sort=failed", ["failed"]),
        ("?sort=sent", ["sent"]),
        ("?sort=whatever", ["sent", "failed", "waiting"]),
    ],
)
def test_agents_find_the_mails_that_did_not_leave(
    desk: Client, mails: dict[str, Email], query: str, expected: list[str]
) -> None:
    page = desk.get(reverse("admin:post_office_email_changelist") + query)

    assert [mail.to for mail in page.context["cl"].result_list] == [
        [f"{word}@exemple.fr"] for word in expected
    ]


def test_agents_read_a_mail_and_cannot_change_it(desk: Client, mails: dict[str, Email]) -> None:
    mail = mails["failed"]
    url = reverse("admin:post_office_email_change", args=[mail.pk])

    page = desk.get(url)
    changed = desk.post(url, {"subject": "Autre sujet"})
    deleted = desk.post(reverse("admin:post_office_email_delete", args=[mail.pk]), {"post": "yes"})
    added = desk.get(reverse("admin:post_office_email_add"))

    mail.refresh_from_db()
    assert "Aucun code n’est envoyé pour votre compte." in page.content.decode()
    assert "Non envoyé" in page.content.decode()
    assert (changed.status_code, deleted.status_code, added.status_code) == (403, 403, 403)
    assert mail.subject == "Votre demande de connexion"


def test_pages_of_the_libraries_that_we_do_not_use_are_not_there() -> None:
    registered = {model._meta.label for model in admin.site._registry}

    assert (
        registered
        & {
            "account.EmailAddress",
            "post_office.Attachment",
            "post_office.EmailTemplate",
            "post_office.Log",
        }
        == set()
    )


def test_nobody_at_the_desk_reads_a_code(desk: Client) -> None:
    mail = queue_mail(
        to="camille@exemple.fr",
        template="account/email/code",
        context={"code": "1234 5678", "minutes": 10},
        key="code",
        secret=True,
    )

    page = desk.get(reverse("admin:post_office_email_change", args=[mail.pk])).content.decode()

    assert "Texte secret" in page
    assert "1234 5678" not in page
    assert mail.message not in page

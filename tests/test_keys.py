"""What keys and passwords must be, and that a key can be changed without locking anybody out."""

from collections.abc import Callable

import pytest
from django.conf import settings as portal_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from demarches.models import User
from tests.support.followups import make_suivi
from uzes_portal import settings as production
from vitale import tokens


def reminder_token(user: User) -> str:
    suivi = make_suivi(owner=user)
    suivi.reminder_email = "alice@example.org"
    suivi.save(update_fields=["reminder_email"])
    return tokens.reminder_token(suivi)


def test_a_session_and_a_link_outlive_a_change_of_key(
    alice: User,
    reference_data: None,
    client_of: Callable[[User | None], Client],
    settings: Settings,
) -> None:
    client, token = client_of(alice), reminder_token(alice)
    former = settings.SECRET_KEY

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 10, [former]

    assert client.get(reverse("demarches:account")).status_code == 200
    assert client.session[SESSION_KEY] == str(alice.pk)
    assert Client().get(reverse("vitale:suivi-reminder-choice", args=[token])).status_code == 200


def test_a_link_signed_with_another_key_opens_nothing(
    alice: User,
    reference_data: None,
    client_of: Callable[[User | None], Client],
    settings: Settings,
) -> None:
    """A stolen key is left out of SECRET_KEY_FALLBACKS: what it signed is worth nothing."""
    client, token = client_of(alice), reminder_token(alice)

    settings.SECRET_KEY = "another" * 10

    assert client.get(reverse("demarches:account")).status_code == 302
    assert Client().get(reverse("vitale:suivi-reminder-choice", args=[token])).status_code == 404


def test_passwords_are_kept_by_argon2() -> None:
    assert production.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


@pytest.mark.parametrize("password", ["court", "onze-signes"])
def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize("password", ["password12345", "1q2w3e4r5t6y"])
def test_a_common_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize(
    "password", ["x" * 30 + "é ✓" * 30, "que des minuscules ici", "7391 5284 6417"]
)
def test_a_long_password_of_any_signs_is_taken(password: str, db: None) -> None:
    validate_password(password)
    agent = User.objects.create_user("agent@example.org", is_staff=True)
    agent.set_password(password)

    assert agent.check_password(password)
    assert not agent.check_password(password[:-1])
    assert not agent.check_password(password.swapcase() + " ")


def test_the_password_of_agents_is_masked_and_may_be_pasted(db: None) -> None:
    page = Client().get(f"/{portal_settings.ADMIN_PATH}/login/").content.decode()

    assert 'type="password"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page

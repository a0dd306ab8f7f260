"""What keys and passwords must be, and that a key can be changed without locking anybody out."""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as portal_settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from demarches.accounts.breached_passwords import is_listed
from demarches.models import User
from tests.support.followups import make_suivi
from tests.support.portal import ROOT
from uzes_portal import settings as production
from vitale.reads import tokens


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


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["court", "onze-signes"])
def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["password12345", "1q2w3e4r5t6y"])
def test_a_common_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.usefixtures("reference_data")
@pytest.mark.parametrize(
    "password", ["Mairie-Uzès-2026!", "uzes30700uzes", "PACS carte vitale", "administrateur1"]
)
def test_a_password_of_the_words_of_the_place_is_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="mots de la mairie"):
        validate_password(password)


def stolen_list(folder: Path, passwords: Iterable[str], *, end: str = "\n") -> str:
    """A file as « Pwned Passwords » makes it, with many others in between."""
    many = [*passwords, *map(str, range(500))]
    lines = sorted(hashlib.sha1(one.encode()).hexdigest().upper() for one in many)
    counted = [f"{line}:{rank % 13 * 7919}" for rank, line in enumerate(lines)]
    (folder / "stolen.txt").write_text(end.join(counted) + end, encoding="ascii", newline="")
    return str(folder / "stolen.txt")


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_stolen_password_is_refused(end: str, tmp_path: Path, settings: Any) -> None:
    stolen = ["un cheval sur le toit", "des lunettes oubliées", "x" * 60]
    settings.BREACHED_PASSWORDS_FILE = stolen_list(tmp_path, stolen, end=end)

    for password in stolen:
        with pytest.raises(ValidationError, match="volés"):
            validate_password(password)
        validate_password(f"{password}, autrement")
    # Every line is found, the first and the last too, and nothing else is.
    path = Path(settings.BREACHED_PASSWORDS_FILE)
    assert all(is_listed(path, str(rank)) for rank in range(500))
    assert not any(is_listed(path, str(rank)) for rank in range(500, 1500))


@pytest.mark.django_db
def test_a_list_that_cannot_be_read_agrees_to_nothing(tmp_path: Path, settings: Any) -> None:
    settings.BREACHED_PASSWORDS_FILE = str(tmp_path / "none.txt")
    with pytest.raises(ValidationError, match="prévenez un administrateur"):
        validate_password("un cheval sur le toit")

    (tmp_path / "empty.txt").touch()
    settings.BREACHED_PASSWORDS_FILE = str(tmp_path / "empty.txt")
    validate_password("un cheval sur le toit")


#: What the code draws at random, and the bits of it. Whoever types a code from a paper or a mail
#: types few signs: such a code is short on purpose, lives shortly or is counted (ASVS 6.5.4).
DRAWN = {
    "demarches/agenda/seats.py": ("secrets.randbelow", "a moment, no secret"),
    "demarches/accounts/adapter.py": ("secrets.choice", "typed: 26 bits, ten minutes, five tries"),
    "demarches/steps/forms.py": ("secrets.choice", 150),
    "demarches/steps/kept_answers.py": (
        "secrets.choice",
        "in one's own session, with a sealed half",
    ),
    "demarches/management/commands/demo_data.py": ("secrets.token_urlsafe", 128),
    "demarches/oidc/client.py": ("secrets.token_urlsafe", 256),
    "demarches/oidc/parting.py": ("secrets.token_urlsafe", 256),
    "demarches/files/sealing.py": ("os.urandom", "a nonce of AES-GCM, no secret"),
    "demarches/accounts/staff_guessing.py": ("secrets.token_urlsafe", 128),
    "demarches/files/storage.py": ("os.urandom", "secrets.token_hex", 160),
    "pacs/demo/dossiers.py": ("random.Random", "a believable town, no secret"),
    "uzes_portal/agenda_feed.py": ("secrets.token_urlsafe", 256),
    "uzes_portal/backup.py": ("os.urandom", "a salt and the name of a scratch, no secret"),
    "uzes_portal/management/commands/start.py": ("secrets.token_urlsafe", 128),
    "uzes_portal/settings.py": ("os.urandom", 256),
    "vitale/rules/codes.py": ("secrets.choice", "typed: 79 bits, counted by place"),
}
DRAWS = re.compile(r"\b(?:secrets\.(?!compare)\w+|os\.urandom|random\.\w+|get_random_string)(?=\()")


def test_what_is_drawn_has_128_bits_or_is_typed_by_hand() -> None:
    found: dict[str, set[str]] = {}
    for app in ("demarches", "pacs", "vitale", "uzes_portal"):
        for path in sorted((ROOT / app).rglob("*.py")):
            if calls := set(DRAWS.findall(path.read_text(encoding="utf-8"))):
                found[path.relative_to(ROOT).as_posix()] = calls

    assert found == {path: set(line[:-1]) for path, line in DRAWN.items()}
    assert [
        path for path, (*_, bits) in DRAWN.items() if isinstance(bits, int) and bits < 128
    ] == []


#: What tells one derived key from another. What was sealed or signed under an old name opens no
#: more: the telephones of agents, the links of mails, the devices that are known.
NAMES_OF_KEYS = {
    "demarches.agent_device",
    "demarches.devices",
    "demarches.kept_answers",
    "demarches.ratelimit",
    "demarches.replay",
    "demarches.second_factor",
    "demarches.sign-in",
    "demarches.sign_in",
    "pacs.appointment_change",
    "pacs.guest_pass",
    "vitale.pass",
    "vitale.recovery",
    "vitale.reminders",
}
NAMED = re.compile(r"""(?:\b\w*(?:SALT|PURPOSE)(?::\s?\w+)? = |salted_hmac\()"([^"]+)\"""")


def test_a_derived_key_keeps_its_name_wherever_its_module_goes() -> None:
    found = {
        name
        for app in ("demarches", "pacs", "vitale", "uzes_portal")
        for path in (ROOT / app).rglob("*.py")
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
    }

    assert found == NAMES_OF_KEYS


@pytest.mark.parametrize(
    "password",
    [
        "la mairie dort sous le figuier",
        "x" * 30 + "é ✓" * 30,
        "que des minuscules ici",
        "7391 5284 6417",
    ],
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

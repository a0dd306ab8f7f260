"""Fill the database of an audited portal; the last line gives a resident's session cookie.

The agent gets a password and nothing else: their browser signs in as an agent's does.
"""

import json

import django

from tests.audit.signed_in import AGENT, PASSWORD


def main() -> None:
    django.setup()
    from django.conf import settings  # noqa: PLC0415 -- once Django is set up
    from django.contrib.auth.models import Group  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from demarches.models import User  # noqa: PLC0415
    from tests.support.dossiers import make_dossier, send  # noqa: PLC0415

    for words in (["migrate"], ["build_assets"], ["collectstatic", "--noinput"]):
        call_command(*words, verbosity=0)
    call_command("load_fixtures", verbosity=0)
    alice, bob, charlie, dora = (
        User.objects.create_user(f"{name}@demarches.example")
        for name in ("alice", "bob", "charlie", "dora")
    )
    make_dossier(alice, bob)
    send(make_dossier(charlie, dora))
    agent = User.objects.create_user(AGENT, PASSWORD, full_name="Nour Vidal", is_staff=True)
    agent.groups.add(Group.objects.get(name="officier"))
    browser = Client()
    browser.force_login(alice, backend="demarches.accounts.adapter.CodeBackend")
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.session.session_key}"
    print(json.dumps({"citizen": cookie}))


if __name__ == "__main__":
    main()

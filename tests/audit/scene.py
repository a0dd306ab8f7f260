"""Fill the database of an audited portal; the last line gives a session cookie for each person."""

import json

import django


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
    agent = User.objects.create_user(
        "agent@demarches.example", full_name="Nour Vidal", is_staff=True
    )
    agent.groups.add(Group.objects.get(name="officier"))
    cookies = {}
    for name, user, backend in (
        ("citizen", alice, "demarches.adapter.CodeBackend"),
        ("agent", agent, "django.contrib.auth.backends.ModelBackend"),
    ):
        client = Client()
        client.force_login(user, backend=backend)
        cookies[name] = f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"
    print(json.dumps(cookies))


if __name__ == "__main__":
    main()

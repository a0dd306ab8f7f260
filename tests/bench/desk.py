"""How long the desk's pages take with few dossiers and with many, and the most rows each reads.

Run as a process of its own, with the DATABASE_URL of an empty PostgreSQL database:
python -m tests.bench.desk 100000
"""

import os
import statistics
import sys
import time
from functools import partial

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.bench.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from demarches.models import User  # noqa: E402
from pacs.models import Dossier  # noqa: E402
from tests.bench.copies import copy_dossiers  # noqa: E402
from tests.support.plans import scans_of  # noqa: E402
from tests.support.reference import REFERENCE_FIXTURES  # noqa: E402

FEW, TURNS = 300, 9


def pages() -> dict[str, str]:
    rows = reverse("admin:pacs_dossier_changelist")
    latest = Dossier.objects.open().order_by("-pk").values_list("pk", flat=True)[0]
    return {
        "home": reverse("admin:index"),
        "list": rows,
        "list, second page": f"{rows}?p=2",
        "pile « à vérifier »": f"{rows}?file=a-verifier",
        "pile « expire »": f"{rows}?file=expire",
        "pile « impossible »": f"{rows}?file=impossible",
        "list of a state": f"{rows}?status=registered",
        "search, frequent name": f"{rows}?q=martin",
        "search, two names": f"{rows}?q=martin+lea",
        "search, no match": f"{rows}?q=zzzyx",
        "search, two letters": f"{rows}?q=le",
        "search, name in a state": f"{rows}?q=martin&status=registered",
        "search, no such letters": f"{rows}?q=xq",
        "search, birth": f"{rows}?q=12/03/1980",
        "next of a pile": reverse("admin:pacs_dossier_next", args=["a-verifier"]),
        "one dossier": reverse("admin:pacs_dossier_change", args=[latest]),
        "the day": reverse("admin:pacs_dossier_day"),
        "births to verify": reverse("admin:pacs_dossier_births"),
    }


def measure(client: Client) -> dict[str, tuple[float, str]]:
    """By page: its median in milliseconds, and its widest scan."""
    found = {}
    for name, path in pages().items():
        scans = scans_of(partial(client.get, path))
        times = []
        for _ in range(TURNS):
            start = time.perf_counter()
            status = client.get(path).status_code
            times.append((time.perf_counter() - start) * 1000)
            # « Suivant » leads to a dossier.
            if status != (302 if "suivant" in path else 200):
                raise RuntimeError(f"{path}: {status}")
        widest = f"{scans[0].rows} of {scans[0].table}" if scans else ""
        found[name] = (statistics.median(times), widest)
    return found


def main(total: int) -> None:
    settings.ALLOWED_HOSTS, settings.STAFF_SECOND_FACTOR = ["testserver"], False
    settings.REQUEST_SECONDS = 0  # what is too slow is to be told
    if not Dossier.objects.exists():
        call_command("loaddata", *REFERENCE_FIXTURES, verbosity=0)
        call_command("demo_data", "--force", "--dossiers", str(FEW), verbosity=0)
    client = Client()
    agent = User.objects.get(email="demo.officier@example.org")
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    few, count = measure(client), Dossier.objects.count()
    start = time.perf_counter()
    many_count = copy_dossiers(total)
    # As years leave tables: a vacuum has passed, and indexes answer alone.
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
    print(f"\n{many_count:,} dossiers, copied in {time.perf_counter() - start:.0f} s")
    many = measure(client)
    print(f"{'desk, ms a page':<24}{count:>9}{many_count:>9}{'ratio':>7}  aim <= 1.2; widest scan")
    for name, (cost, _) in few.items():
        slow, widest = many[name]
        print(f"{name:<24}{cost:>9.0f}{slow:>9.0f}{slow / cost:>7.1f}  {widest}", flush=True)


if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    call_command("build_assets", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    main(int(sys.argv[1]))

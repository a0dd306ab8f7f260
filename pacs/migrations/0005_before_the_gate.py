"""What was attested, confirmed and registered before facts were kept stays so.

« legacy » stands for the digest of facts that nobody wrote down: such an attestation is in
force until one of its facts changes.
"""

from django.db import migrations

LEGACY = "legacy"


def keep(apps, schema_editor):
    partenaires = apps.get_model("pacs", "Partenaire").objects
    partenaires.filter(attested_at__isnull=False).update(attested_digest=LEGACY)
    partenaires.filter(common_confirmed_at__isnull=False).update(common_confirmed_digest=LEGACY)
    for line in apps.get_model("pacs", "Registration").objects.exclude(dossier=None):
        type(line.dossier).objects.filter(pk=line.dossier_id).update(
            registered_on=line.registered_on,
            registered_appointment_on=line.registered_on,
            registered_attestations=2,
        )
    begun = partenaires.exclude(private_code="") | partenaires.filter(attested_at__isnull=False)
    for one in begun.select_related("dossier"):
        one.part_begun_at = one.attested_at or one.dossier.created_at
        one.save(update_fields=["part_begun_at"])


class Migration(migrations.Migration):
    dependencies = [("pacs", "0004_the_gate")]

    operations = [migrations.RunPython(keep, migrations.RunPython.noop)]

from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery

COLUMNS = ("name", "quality", "act")


def keep_who_signed(apps, schema_editor):
    """As the officers are called today: what they were called before was never kept."""
    for name in ("Registration", "LaterAct"):
        signed = apps.get_model("pacs", name).objects.filter(officer__isnull=False)
        officer = apps.get_model("demarches", "Officer").objects.filter(pk=OuterRef("officer"))
        signed.update(
            **{f"officer_{one}": Subquery(officer.values(one)[:1]) for one in COLUMNS}
        )


def column(model, name, words):
    return migrations.AddField(
        model,
        f"officer_{name}",
        models.CharField(f"officier, {words}", max_length=120, blank=True, default=""),
        preserve_default=False,
    )


class Migration(migrations.Migration):
    """Who signed is kept on the line, and on the act: an officer may be renamed afterwards."""

    dependencies = [("demarches", "0022_desk_agenda"), ("pacs", "0030_whose_death")]

    operations = [
        *(
            column(model, name, words)
            for model in ("registration", "lateract")
            for name, words in zip(COLUMNS, ("nom", "qualité", "arrêté de délégation"))
        ),
        migrations.RunPython(keep_who_signed, migrations.RunPython.noop),
        migrations.AddConstraint(
            "registration",
            models.CheckConstraint(
                condition=(Q(officer__isnull=True) & ~Q(origin="portail")) | ~Q(officer_name=""),
                name="pacs_registration_signer_named",
                violation_error_message="Une ligne enregistrée garde le nom de qui l’a signée.",
            ),
        ),
        migrations.AddConstraint(
            "lateract",
            models.CheckConstraint(
                condition=(Q(officer__isnull=True) & ~Q(status="registered"))
                | ~Q(officer_name=""),
                name="pacs_lateract_signer_named",
                violation_error_message="Un acte enregistré garde le nom de qui l’a signé.",
            ),
        ),
    ]

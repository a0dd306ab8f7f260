import demarches.models.fields
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


def last_is_first(apps, schema_editor):
    """Every closing so far is one day."""
    apps.get_model("demarches", "Closing").objects.update(last_day=F("day"))


class Migration(migrations.Migration):

    dependencies = [("demarches", "0021_another_town")]

    operations = [
        migrations.AddField(
            "appointment", "is_exceptional", models.BooleanField("hors horaires", default=False)
        ),
        migrations.AddField(
            "appointment",
            "place",
            demarches.models.fields.GuardedCharField(
                "lieu, hors de la mairie", max_length=200, blank=True, default=""
            ),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "appointment",
            models.CheckConstraint(
                condition=Q(place="") | Q(is_exceptional=True),
                name="demarches_appointment_place_is_exceptional",
            ),
        ),
        migrations.CreateModel(
            "AgendaFeed",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
                ("digest", models.CharField("empreinte du secret", max_length=64, editable=False)),
                ("made_at", models.DateTimeField("créée le")),
                ("read_at", models.DateTimeField("lue le", null=True, blank=True)),
                (
                    "user",
                    models.OneToOneField(
                        settings.AUTH_USER_MODEL, models.CASCADE, related_name="agenda_feed"
                    ),
                ),
            ],
            {
                "verbose_name": "abonnement à l’agenda",
                "verbose_name_plural": "abonnements à l’agenda",
            },
        ),
        migrations.AlterField(
            "closing", "day", models.DateField("premier jour", db_index=True)
        ),
        migrations.AddField("closing", "last_day", models.DateField("dernier jour", null=True)),
        migrations.RunPython(last_is_first, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            "closing", "last_day", models.DateField("dernier jour", db_index=True)
        ),
        migrations.RemoveConstraint("closing", "demarches_closing_hours"),
        migrations.AddConstraint(
            "closing",
            models.CheckConstraint(
                condition=Q(from_time__isnull=True)
                | Q(until_time__isnull=True)
                | Q(last_day__gt=F("day"))
                | Q(until_time__gt=F("from_time")),
                name="demarches_closing_hours",
                violation_error_message="L’heure de fin doit suivre l’heure de début.",
            ),
        ),
        migrations.AddConstraint(
            "closing",
            models.CheckConstraint(
                condition=Q(last_day__gte=F("day")),
                name="demarches_closing_days",
                violation_error_message="Le dernier jour suit le premier.",
            ),
        ),
    ]

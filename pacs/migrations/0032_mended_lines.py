import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

OF_A_PERSON = ["birth_date", "birth_name", "birth_place", "first_names", "sex"]


class Migration(migrations.Migration):
    """A line is mended with a reason, in rows of a journal; one from paper says who is a homonym."""

    dependencies = [
        ("pacs", "0031_who_signed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "registration",
            "homonym_reason",
            models.CharField(
                "pourquoi c’est un homonyme", max_length=200, blank=True, default=""
            ),
            preserve_default=False,
        ),
        migrations.AlterModelOptions(
            "registration",
            {
                "ordering": ["-registered_on", "-pk"],
                "verbose_name": "enregistrement de Pacs",
                "verbose_name_plural": "enregistrements de Pacs",
            },
        ),
        migrations.CreateModel(
            name="Rectification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True, verbose_name="le")),
                ("field", models.CharField(choices=[("birth_name", "nom de naissance"), ("first_names", "prénoms"), ("sex", "sexe"), ("birth_date", "date de naissance"), ("birth_place", "lieu de naissance"), ("place", "lieu d’enregistrement"), ("officer", "officier")], max_length=20, verbose_name="ce qui était faux")),
                ("old_value", models.TextField(blank=True, verbose_name="ce que la ligne disait")),
                ("new_value", models.TextField(blank=True, verbose_name="ce qu’elle dit")),
                ("reason", models.TextField(max_length=1000, verbose_name="motif")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="rectifié par")),
                ("person", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="pacs.registeredperson", verbose_name="personne")),
                ("registration", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="rectifications", to="pacs.registration", verbose_name="ligne du registre")),
            ],
            options={
                "verbose_name": "rectification",
                "verbose_name_plural": "rectifications",
                "ordering": ["at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=~Q(reason=""),
                        name="pacs_rectification_has_reason",
                        violation_error_message="Une rectification dit pourquoi.",
                    ),
                    models.CheckConstraint(
                        condition=~Q(old_value=F("new_value")), name="pacs_rectification_changes"
                    ),
                    models.CheckConstraint(
                        condition=Q(person__isnull=False, field__in=OF_A_PERSON)
                        | (Q(person__isnull=True) & ~Q(field__in=OF_A_PERSON)),
                        name="pacs_rectification_of_whom",
                    ),
                ],
            },
        ),
    ]

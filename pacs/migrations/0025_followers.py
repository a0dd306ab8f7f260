import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("pacs", "0023_refused_acts"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Follower",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(verbose_name="suit depuis le")),
                (
                    "agent",
                    models.ForeignKey(
                        limit_choices_to={"is_staff": True},
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="agent",
                    ),
                ),
                (
                    "dossier",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="followers", to="pacs.dossier"
                    ),
                ),
            ],
            options={
                "verbose_name": "agent qui suit aussi",
                "verbose_name_plural": "agents qui suivent aussi",
                "ordering": ["agent__full_name", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dossier", "agent"),
                        name="pacs_follower_once",
                        violation_error_message="Cet agent suit déjà ce dossier.",
                    )
                ],
            },
        )
    ]

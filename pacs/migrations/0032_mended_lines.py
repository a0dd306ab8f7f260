from django.db import migrations, models


class Migration(migrations.Migration):
    """A line entered from paper says why another one is of a homonym."""

    dependencies = [("pacs", "0031_who_signed")]

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
    ]

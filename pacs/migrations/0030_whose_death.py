from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """Whose death ended a PACS: the letter goes to the other one."""

    dependencies = [("pacs", "0029_files_held")]

    operations = [
        migrations.AddField(
            model_name="lateract",
            name="deceased",
            field=models.PositiveSmallIntegerField(
                blank=True,
                choices=[(1, "1"), (2, "2")],
                null=True,
                verbose_name="personne décédée",
            ),
        ),
        migrations.AddConstraint(
            model_name="lateract",
            constraint=models.CheckConstraint(
                condition=Q(deceased__isnull=True)
                | Q(kind="dissolution_deces", deceased__in=[1, 2]),
                name="pacs_lateract_deceased_of_two",
            ),
        ),
    ]

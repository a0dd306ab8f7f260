import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):

    dependencies = [("pacs", "0022_desk_indexes")]

    operations = [
        migrations.AddField(
            "lateract", "refused_at", models.DateTimeField("irrecevable depuis le", null=True, blank=True)
        ),
        migrations.AddField(
            "lateract",
            "refused_by",
            models.ForeignKey(
                settings.AUTH_USER_MODEL,
                django.db.models.deletion.PROTECT,
                verbose_name="décidée par",
                null=True,
                blank=True,
                related_name="+",
            ),
        ),
        migrations.AddConstraint(
            "lateract",
            models.CheckConstraint(
                condition=Q(refused_at__isnull=True, refused_by__isnull=True)
                | Q(
                    status="inadmissible", refused_at__isnull=False, refused_by__isnull=False
                ),
                name="pacs_lateract_refused_by_somebody",
            ),
        ),
    ]

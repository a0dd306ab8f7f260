from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def seal_before_emptying(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What was asked before a part was emptied was asked of whoever had that place then."""
    requests = apps.get_model("pacs", "InformationRequest").objects
    emptied = apps.get_model("pacs", "DossierEvent").objects.filter(kind="part_emptied")
    for event in emptied.exclude(partenaire=None).iterator():
        before = requests.filter(partenaire_id=event.partenaire_id, at__lte=event.at)
        before.filter(sealed_at=None).update(sealed_at=event.at)


class Migration(migrations.Migration):

    dependencies = [
        ('pacs', '0012_own_address_not_copied'),
    ]

    operations = [
        migrations.AddField(
            model_name='informationrequest',
            name='sealed_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunPython(seal_before_emptying, migrations.RunPython.noop),
    ]

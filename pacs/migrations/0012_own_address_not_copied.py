from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def forget_copies(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Empty the own addresses that « nous y habitons déjà » had copied: they now follow from it."""
    copies = apps.get_model("pacs", "Partenaire").objects.filter(
        dossier__already_home=True,
        street=F("dossier__street"),
        street_more=F("dossier__street_more"),
        postcode=F("dossier__postcode"),
        city=F("dossier__city"),
    )
    copies.update(street="", street_more="", postcode="", city="")


class Migration(migrations.Migration):

    dependencies = [
        ('pacs', '0011_couple_already_home'),
    ]

    operations = [migrations.RunPython(forget_copies, migrations.RunPython.noop)]

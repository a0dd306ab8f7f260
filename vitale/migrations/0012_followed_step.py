import json

from django.conf import settings
from django.db import migrations, models


def name_steps(apps, schema_editor):
    """Tell a portal that is running which lines each step rereads; agents change it afterwards."""
    lines = apps.get_model("vitale", "PlanLine").objects
    content = (settings.BASE_DIR / "fixtures" / "vitale_situations.json").read_text()
    for fields in (entry["fields"] for entry in json.loads(content)):
        if step := fields.get("followed_step"):
            lines.filter(key=fields["key"]).update(followed_step=step)


class Migration(migrations.Migration):

    dependencies = [
        ('vitale', '0011_two_dates'),
    ]

    operations = [
        migrations.AddField(
            model_name='planline',
            name='followed_step',
            field=models.CharField(blank=True, default='', help_text='Cette ligne est relue sur la page de cette étape.', max_length=20, verbose_name='étape de l’aide-mémoire'),
            preserve_default=False,
        ),
        migrations.RunPython(name_steps, migrations.RunPython.noop),
    ]

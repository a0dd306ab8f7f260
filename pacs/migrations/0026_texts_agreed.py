from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("pacs", "0025_followers")]

    operations = [
        migrations.AddField(
            model_name="partenaire",
            name="texts_agreed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="SMS acceptés le"),
        ),
    ]

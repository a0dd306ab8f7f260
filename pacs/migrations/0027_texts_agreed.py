from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("pacs", "0026_paper_index")]

    operations = [
        migrations.AddField(
            model_name="partenaire",
            name="texts_agreed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="SMS acceptés le"),
        ),
    ]

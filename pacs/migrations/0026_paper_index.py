from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pacs', '0025_followers'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='partenaire',
            index=models.Index(condition=models.Q(('door', 'paper')), fields=['dossier'], name='pacs_partenaire_on_paper'),
        ),
    ]

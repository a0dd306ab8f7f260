from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('pacs', '0028_neutral_words'),
    ]

    operations = [
        migrations.AddField(
            model_name='piecefile',
            name='held_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='attend l’antivirus depuis'),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vitale', '0012_followed_step'),
    ]

    operations = [
        migrations.AddField(
            model_name='suivi',
            name='opens_by_mail',
            field=models.BooleanField(default=False, editable=False),
        ),
    ]

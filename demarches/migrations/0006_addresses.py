"""Addresses in one form: accounts and the mairie."""

import demarches.models.address
from django.db import migrations, models

from demarches.migrations._addresses import canonicalise, unreadable



def forward(apps, schema_editor):
    canonicalise(apps.get_model("demarches", "User"), "email", instead=unreadable)
    canonicalise(apps.get_model("demarches", "Mairie"), "email")


class Migration(migrations.Migration):
    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('demarches', '0005_seat_kept_for_undo'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='user',
            name='demarches_user_email_once',
        ),
        migrations.AlterField(
            model_name='mairie',
            name='email',
            field=demarches.models.address.AddressField(blank=True, max_length=254, verbose_name='adresse e-mail'),
        ),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=demarches.models.address.AddressField(max_length=254, unique=True, verbose_name='adresse e-mail'),
        ),
        migrations.RunPython(forward, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name='mairie',
            constraint=models.CheckConstraint(condition=models.Q(('email', ''), ('email__regex', "\\A[!#-'*+./0-9=?^-~-]+@[a-z0-9.-]+\\Z"), _connector='OR'), name='demarches_mairie_email_canonical', violation_error_message='Une adresse e-mail est gardée en minuscules, sans accent.'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('email__regex', "\\A[!#-'*+./0-9=?^-~-]+@[a-z0-9.-]+\\Z")), name='demarches_user_email_canonical', violation_error_message='Une adresse e-mail est gardée en minuscules, sans accent.'),
        ),
    ]

"""Addresses in one form: those of the follow-ups."""

import demarches.models.address
from django.conf import settings
from django.db import migrations, models

from demarches.migrations._addresses import canonicalise, unreadable



def forward(apps, schema_editor):
    # A request has one way of reaching whoever asked: its row keeps an address.
    canonicalise(apps.get_model("vitale", "Demande"), "email", instead=unreadable)
    suivi = apps.get_model("vitale", "Suivi")
    canonicalise(suivi, "reminder_email", instead=unreadable)
    no_reminder = {"reminder_email": "", "reminder_confirmed_at": None, "reminder_on": None}
    suivi.objects.filter(reminder_email__endswith="@adresse.invalid").update(**no_reminder)


class Migration(migrations.Migration):
    dependencies = [
        ('demarches', '0006_addresses'),
        ('vitale', '0006_demande_ending'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='demande',
            name='email',
            field=demarches.models.address.AddressField(blank=True, max_length=254, verbose_name='adresse e-mail'),
        ),
        migrations.AlterField(
            model_name='suivi',
            name='reminder_email',
            field=demarches.models.address.AddressField(blank=True, max_length=254),
        ),
        migrations.RunPython(forward, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name='demande',
            constraint=models.CheckConstraint(condition=models.Q(('email', ''), ('email__regex', "\\A[!#-'*+./0-9=?^-~-]+@[a-z0-9.-]+\\Z"), _connector='OR'), name='vitale_demande_email_canonical', violation_error_message='Une adresse e-mail est gardée en minuscules, sans accent.'),
        ),
        migrations.AddConstraint(
            model_name='suivi',
            constraint=models.CheckConstraint(condition=models.Q(('reminder_email', ''), ('reminder_email__regex', "\\A[!#-'*+./0-9=?^-~-]+@[a-z0-9.-]+\\Z"), _connector='OR'), name='vitale_suivi_email_canonical', violation_error_message='Une adresse e-mail est gardée en minuscules, sans accent.'),
        ),
    ]

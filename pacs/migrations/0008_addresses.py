"""Addresses in one form: those of the partenaires."""

import demarches.models.address
from django.conf import settings
from django.db import migrations, models

from demarches.migrations._addresses import canonicalise



def forward(apps, schema_editor):
    partenaire = apps.get_model("pacs", "Partenaire")
    canonicalise(partenaire, "invited_email")
    canonicalise(partenaire, "contact_email")


class Migration(migrations.Migration):
    dependencies = [
        ('demarches', '0006_addresses'),
        ('pacs', '0007_names_and_days'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='partenaire',
            name='contact_email',
            field=demarches.models.address.AddressField(blank=True, max_length=254, verbose_name='adresse e-mail'),
        ),
        migrations.AlterField(
            model_name='partenaire',
            name='invited_email',
            field=demarches.models.address.AddressField(blank=True, max_length=254, verbose_name='adresse invitée'),
        ),
        migrations.RunPython(forward, migrations.RunPython.noop, elidable=True),
        migrations.AddConstraint(
            model_name='partenaire',
            constraint=models.CheckConstraint(condition=models.Q(('invited_email', ''), ('invited_email__regex', "\\A[!#-'*+./0-9=?^-~-]+@[a-z0-9.-]+\\Z"), _connector='OR'), name='pacs_partenaire_invited_email_canonical', violation_error_message='Une adresse e-mail est gardée en minuscules, sans accent.'),
        ),
        migrations.AddConstraint(
            model_name='partenaire',
            constraint=models.CheckConstraint(condition=models.Q(('contact_email', ''), ('contact_email__regex', "\\A[!#-'*+./0-9=?^-~-]+@[a-z0-9.-]+\\Z"), _connector='OR'), name='pacs_partenaire_contact_email_canonical', violation_error_message='Une adresse e-mail est gardée en minuscules, sans accent.'),
        ),
    ]

"""Indexes of the desk's piles, and of its search by a part of a name.

The letters of names are indexed by PostgreSQL alone, where it has `pg_trgm` and lets the owner of
the database create it; a search without it reads every name.
"""

from django.conf import settings
from django.db import DatabaseError, migrations, models, transaction

SEARCHES = {
    "pacs_partenaire_letters": "pacs_partenaire USING gin (search_text gin_trgm_ops)",
    "pacs_dossier_letters": "pacs_dossier USING gin (upper(reference::text) gin_trgm_ops)",
}


def index_letters(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError:
            return
        for name, what in SEARCHES.items():
            cursor.execute(f"CREATE INDEX {name} ON {what}")


def drop_letters(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        with schema_editor.connection.cursor() as cursor:
            for name in SEARCHES:
                cursor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):

    dependencies = [
        ('demarches', '0022_desk_agenda'),
        ('pacs', '0021_form_key_at_counter'),
        ('post_office', '0014_alter_email_recipient_delivery_status_and_more'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='dossier',
            index=models.Index(condition=models.Q(('kinship__in', ['alliance_directe', 'fratrie', 'ligne_directe', 'oncle_tante']), ('convention', 'notariee'), ('residence__in', ['etranger', 'autre_commune']), ('impediment', 'residence_non_fixable'), _connector='OR'), fields=['submitted_at'], name='pacs_dossier_forbidden'),
        ),
        migrations.AddIndex(
            model_name='partenaire',
            index=models.Index(condition=models.Q(('attested_at__isnull', True)), fields=['door', 'dossier'], name='pacs_partenaire_unattested'),
        ),
        migrations.AddIndex(
            model_name='partenaire',
            index=models.Index(condition=models.Q(('user__isnull', True)), fields=['last_invited_at'], name='pacs_partenaire_invited'),
        ),
        migrations.AddIndex(
            model_name='partenaire',
            index=models.Index(fields=['birth_year', 'birth_month', 'birth_day'], name='pacs_partenaire_birth'),
        ),
        migrations.AddIndex(
            model_name='partenaire',
            index=models.Index(condition=models.Q(('situation__in', ['marie', 'pacse'])), fields=['situation'], name='pacs_partenaire_bound'),
        ),
        migrations.AddIndex(
            model_name='piece',
            index=models.Index(fields=['rule_id', 'issued_on'], name='pacs_piece_issued'),
        ),
        migrations.AddIndex(
            model_name='piece',
            index=models.Index(fields=['rule_id', 'expires_on'], name='pacs_piece_expires'),
        ),
        migrations.AddIndex(
            model_name='reading',
            index=models.Index(condition=models.Q(('what', 'papier accuse')), fields=['dossier'], name='pacs_reading_receipt'),
        ),
        migrations.AddIndex(
            model_name='sentmail',
            index=models.Index(condition=models.Q(('email__isnull', False), ('kind', 'acknowledgement')), fields=['dossier'], name='pacs_sentmail_told'),
        ),
        migrations.RunPython(index_letters, drop_letters),
    ]

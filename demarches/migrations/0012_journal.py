import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('demarches', '0007_staff_access'),
    ]

    operations = [
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('sequence', models.BigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('journal', models.CharField(max_length=60)),
                ('rows', models.JSONField()),
                ('key', models.CharField(max_length=8)),
                ('digest', models.CharField(max_length=64)),
            ],
            options={
                'verbose_name': 'sceau du journal',
                'verbose_name_plural': 'sceaux du journal',
                'ordering': ['sequence'],
            },
        ),
        migrations.CreateModel(
            name='DeskReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, verbose_name='le')),
                ('what', models.CharField(max_length=60, verbose_name='quoi')),
                ('detail', models.CharField(blank=True, max_length=100, verbose_name='détail')),
                ('agent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='agent')),
            ],
            options={
                'verbose_name': 'consultation du bureau',
                'verbose_name_plural': 'consultations du bureau',
                'ordering': ['-at', '-pk'],
                'permissions': [('read_journal', 'Peut lire le journal des consultations')],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Purge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, verbose_name='le')),
                ('subject', models.CharField(max_length=60, verbose_name='objet')),
                ('subject_id', models.BigIntegerField(blank=True, null=True, verbose_name='numéro')),
                ('before', models.DateTimeField(blank=True, null=True, verbose_name='avant le')),
            ],
            options={
                'verbose_name': 'purge du journal',
                'verbose_name_plural': 'purges du journal',
                'ordering': ['at', 'pk'],
                'indexes': [models.Index(fields=['subject', 'subject_id'], name='demarches_purge_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('before__isnull', True), ('subject_id__isnull', False)), models.Q(('before__isnull', False), ('subject_id__isnull', True)), _connector='OR'), name='demarches_purge_of_one_or_before')],
            },
        ),
        migrations.CreateModel(
            name='Verification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(db_index=True, verbose_name='le')),
                ('seals', models.PositiveBigIntegerField(verbose_name='sceaux')),
                ('head', models.CharField(blank=True, max_length=64, verbose_name='dernière empreinte')),
                ('problems', models.JSONField(blank=True, default=list, verbose_name='anomalies')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'vérification du journal',
                'verbose_name_plural': 'vérifications du journal',
                'ordering': ['at', 'pk'],
            },
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("pacs", "0005_before_the_gate")]

    operations = [
        migrations.AddConstraint(
            model_name='dossier',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'registered'), _negated=True), models.Q(('registered_attestations', 2), ('registered_on', models.F('registered_appointment_on')), ('registered_on__isnull', False)), _connector='OR'), name='pacs_dossier_registered_rests_on', violation_error_message='Un Pacs s’enregistre le jour du rendez-vous, avec deux attestations.'),
        ),
        migrations.AddConstraint(
            model_name='partenaire',
            constraint=models.CheckConstraint(condition=models.Q(('attested_at__isnull', True), models.Q(('attested_digest', ''), _negated=True), _connector='OR'), name='pacs_partenaire_attested_facts_kept', violation_error_message='Une attestation dit de quels faits elle répond.'),
        ),
        migrations.AddConstraint(
            model_name='partenaire',
            constraint=models.CheckConstraint(condition=models.Q(('common_confirmed_at__isnull', True), models.Q(('common_confirmed_digest', ''), _negated=True), _connector='OR'), name='pacs_partenaire_confirmed_facts_kept', violation_error_message='Une confirmation dit de quelles réponses elle répond.'),
        ),
    ]

from django.db import migrations, models

# A letter that was refused and tried again counted beside its second try. The owner of the tables is held by the policies
# like everybody else, except here.
FILL = """
ALTER TABLE campaigns_message NO FORCE ROW LEVEL SECURITY;
ALTER TABLE ecosystem_tally NO FORCE ROW LEVEL SECURITY;
WITH replaced AS (
    UPDATE campaigns_message AS message SET is_replaced = true
      FROM campaigns_message AS again
     WHERE again.idem_key LIKE 'again:%' AND message.business_id = again.business_id
       AND message.id = substr(again.idem_key, 7)::uuid AND message.state IN ('failed', 'bounced')
    RETURNING message.business_id, message.sequence_id || ':' || message.step_key AS step, message.held_by
)
INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
SELECT uuidv7(), business_id, now(), now(), 1, name, step, -count(*)
  FROM (SELECT business_id, step, 'step.failed' AS name FROM replaced
         UNION ALL SELECT business_id, step, 'step.held:' || held_by FROM replaced WHERE held_by <> '') AS number
 WHERE step IS NOT NULL GROUP BY business_id, name, step;
ALTER TABLE campaigns_message FORCE ROW LEVEL SECURITY;
ALTER TABLE ecosystem_tally FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0025_what_texts_said"),
        ("ecosystem", "0022_quotas"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="is_replaced",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="another letter of the same words stands for it in all numbers",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]

from django.db import migrations, models

# The owner of the tables is held by the policies like everybody else, except here.
OPEN = """
ALTER TABLE campaigns_message NO FORCE ROW LEVEL SECURITY;
ALTER TABLE ecosystem_tally NO FORCE ROW LEVEL SECURITY;
"""
SHUT = """
ALTER TABLE campaigns_message FORCE ROW LEVEL SECURITY;
ALTER TABLE ecosystem_tally FORCE ROW LEVEL SECURITY;
"""
# All numbers of a step that letters count in.
NUMBERS = """
  FROM replaced AS letter CROSS JOIN LATERAL (VALUES
        (CASE WHEN state IN ('accepted', 'delivered', 'complained') THEN 'step.sent'
              WHEN state IN ('failed', 'bounced', 'parked', 'lost') THEN 'step.failed'
              WHEN state = 'unknown' THEN 'step.unknown'
              WHEN state IN ('skipped', 'cancelled', 'expired') THEN 'step.skipped:' || reason END),
        (CASE WHEN held_by <> '' THEN 'step.held:' || held_by END),
        (CASE WHEN clicked_at IS NOT NULL THEN 'step.clicked' END),
        (CASE WHEN opened_at IS NOT NULL THEN 'step.opened' END),
        (CASE WHEN delayed_at IS NOT NULL THEN 'step.delayed' END)) AS number (name)
 WHERE number.name IS NOT NULL AND sequence_id IS NOT NULL AND step_key IS NOT NULL AND NOT is_test
 GROUP BY business_id, number.name, sequence_id, step_key;
"""
INTO = "INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)"
GIVEN = "SELECT uuidv7(), business_id, now(), now(), 1, number.name, sequence_id || ':' || step_key"
# A letter that was refused and tried again counted beside its second try.
REPLACED = """
WITH replaced AS (
    UPDATE campaigns_message AS message SET is_replaced = true
      FROM campaigns_message AS again
     WHERE again.idem_key LIKE 'again:%' AND message.business_id = again.business_id
       AND message.id = substr(again.idem_key, 7)::uuid AND message.state IN ('failed', 'bounced')
    RETURNING message.*
)"""
FILL = f"{OPEN}{REPLACED} {INTO} {GIVEN}, -count(*) {NUMBERS}{SHUT}"
# Without the column each letter counts again, so that a second way forward finds what the first one found.
KEPT = "WITH replaced AS (SELECT * FROM campaigns_message WHERE is_replaced)"
EMPTY = f"{OPEN}{KEPT} {INTO} {GIVEN}, count(*) {NUMBERS}{SHUT}"


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
        migrations.RunSQL(FILL, EMPTY),
    ]

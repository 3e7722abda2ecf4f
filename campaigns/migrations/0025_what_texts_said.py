from django.db import migrations, models

# Of texts that went before nobody knows it: they count as they did. The owner of the tables is held by the policies like
# everybody else, except here.
FILL = """
ALTER TABLE campaigns_message NO FORCE ROW LEVEL SECURITY;
UPDATE campaigns_message SET said = 'terms' WHERE channel = 'sms' AND state IN ('accepted', 'delivered') AND NOT is_test;
ALTER TABLE campaigns_message FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0024_answered_tries"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="said",
            field=models.CharField(
                blank=True,
                choices=[("terms", "Terms"), ("stop", "Stop")],
                db_default="",
                default="",
                help_text="what the law wants of it",
                max_length=5,
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]

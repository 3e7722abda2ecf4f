from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0013_keyed_claims"),
        ("contacts", "0009_rhythm"),
    ]

    operations = [
        migrations.AlterField(
            model_name="message",
            name="held_by",
            field=models.CharField(
                blank=True,
                choices=[("rule", "Your rule"), ("promise", "Your promise"), ("rhythm", "Their rhythm")],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.RemoveIndex(model_name="message", name="message_held"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("held_by__in", ["rule", "promise", "rhythm"])),
                fields=["business_id", "sequence", "step_key", "-id"],
                name="message_held",
            ),
        ),
    ]

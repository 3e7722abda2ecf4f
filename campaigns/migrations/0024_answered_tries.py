from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0023_sequences_that_end_on_a_deed"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="answered",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="how many tries were refused for now; the ladder of waits has so many rungs",
            ),
        ),
    ]

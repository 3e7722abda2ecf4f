from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0028_import_check_returning"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="quiet_from_minute",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="they asked for quiet from this minute of the evening, by their clock",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="quiet_until_minute",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="until which minute of the morning they asked for quiet",
                null=True,
            ),
        ),
    ]

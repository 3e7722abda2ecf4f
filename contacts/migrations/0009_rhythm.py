from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0008_rest"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="rhythm_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="they asked for at most one letter or text in so many days, all together",
                null=True,
            ),
        ),
    ]

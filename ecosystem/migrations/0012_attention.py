from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ecosystem", "0011_second_step"),
    ]

    operations = [
        migrations.AddField(
            model_name="businessprofile",
            name="attention",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="how many things of each kind Today points out until they are taken note of",
            ),
        ),
    ]

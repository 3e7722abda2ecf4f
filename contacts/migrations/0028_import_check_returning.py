from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0027_import_checks"),
    ]

    operations = [
        migrations.AddField(
            model_name="importcheck",
            name="returning_count",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="known ones who were taken away, and would need a place again"
            ),
        ),
        migrations.AlterField(
            model_name="importcheck",
            name="people_count",
            field=models.PositiveIntegerField(default=0, help_text="matched as the import would, each person once"),
        ),
        migrations.AlterField(
            model_name="importcheck",
            name="permitted_count",
            field=models.PositiveIntegerField(default=0, help_text="who would get a yes that does not stand yet"),
        ),
        migrations.AlterField(
            model_name="importcheck",
            name="seen",
            field=models.BinaryField(
                default=b"", help_text="eight bytes of the keyed hash of each person; empty at the end"
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0027_paused_walks"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="enrollment",
            index=models.Index(
                condition=models.Q(("paused_at__isnull", False), ("state", "active")),
                fields=["business_id", "sequence", "-id"],
                name="enrollment_paused",
            ),
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0026_replaced_letters"),
    ]

    operations = [
        migrations.AddField(
            model_name="enrollment",
            name="paused_at",
            field=models.DateTimeField(blank=True, help_text="since when this one person rests on the way", null=True),
        ),
        migrations.RemoveIndex(model_name="enrollment", name="enrollment_due"),
        migrations.AddIndex(
            model_name="enrollment",
            index=models.Index(
                condition=models.Q(("paused_at__isnull", True), ("state", "active")),
                fields=["business_id", "sequence", "due_at"],
                name="enrollment_due",
            ),
        ),
    ]

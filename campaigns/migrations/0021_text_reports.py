import django.db.models.deletion
from django.db import migrations, models

import ecosystem.base.fields


class Migration(migrations.Migration):
    dependencies = [
        ("campaigns", "0020_signups_and_texts_of_contact"),
    ]

    operations = [
        migrations.AddField(
            model_name="providerevent",
            name="code",
            field=models.CharField(
                blank=True, db_default="", default="", help_text="why a text did not arrive", max_length=40
            ),
        ),
        migrations.AlterField(
            model_name="providerevent",
            name="account",
            field=ecosystem.base.fields.TenantForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="campaigns.provideraccount",
            ),
        ),
        migrations.AddConstraint(
            model_name="providerevent",
            constraint=ecosystem.base.fields.TenantUniqueConstraint(
                condition=models.Q(("account__isnull", True)),
                fields=("business_id", "event_id"),
                name="text_report_once",
            ),
        ),
    ]

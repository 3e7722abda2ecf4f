"""Keep uploaded lists as they came, not packed, so that a piece of one is read without unpacking all before it."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("contacts", "0014_forgotten_words")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE contacts_import ALTER COLUMN content SET STORAGE EXTERNAL",
            "ALTER TABLE contacts_import ALTER COLUMN content SET STORAGE EXTENDED",
        ),
    ]

from django.db import migrations


class Migration(migrations.Migration):
    """Leave room on the pages of people: what is kept from their timeline then touches none of their indexes."""

    dependencies = [("contacts", "0003_list_indexes")]

    operations = [
        migrations.RunSQL(
            """ALTER TABLE contacts_contact SET (fillfactor = 85);
               ALTER TABLE contacts_contactstats SET (fillfactor = 80)""",
            """ALTER TABLE contacts_contact RESET (fillfactor);
               ALTER TABLE contacts_contactstats RESET (fillfactor)""",
        )
    ]

"""The name that people are sorted by, kept beside what is said of them, by the database itself.

A row takes the name of its contact when it comes in and when it goes over to another contact; a contact who is renamed
hands the new name on. The functions run with the rights of whoever writes.
"""

import contacts.models.sort_names
from django.db import migrations, models

HEAD = "RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp AS $body$"
TABLES = ("contacts_contacttag", "contacts_consentstate", "contacts_roleassignment", "contacts_affiliation")
TAKE = f"""
CREATE FUNCTION contacts_take_sort_name() {HEAD}
BEGIN
    NEW.sort_name := coalesce((
        SELECT person.sort_name FROM contacts_contact AS person
         WHERE person.business_id = NEW.business_id AND person.id = NEW.contact_id), '');
    RETURN NEW;
END $body$;
"""
_HAND_ON = "\n".join(
    f"    UPDATE {table} SET sort_name = NEW.sort_name WHERE business_id = NEW.business_id AND contact_id = NEW.id;"
    for table in TABLES
)
HAND_ON = f"""
CREATE FUNCTION contacts_hand_on_sort_name() {HEAD}
BEGIN
{_HAND_ON}
    RETURN NULL;
END $body$;
"""
TRIGGERS = [
    *(
        f"CREATE TRIGGER sort_name_taken BEFORE INSERT OR UPDATE OF contact_id, sort_name ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION contacts_take_sort_name();"
        for table in TABLES
    ),
    "CREATE TRIGGER sort_name_handed_on AFTER UPDATE OF sort_name ON contacts_contact FOR EACH ROW "
    "WHEN (OLD.sort_name IS DISTINCT FROM NEW.sort_name) EXECUTE FUNCTION contacts_hand_on_sort_name();",
]


def write_names(apps, schema_editor):
    """The names of everybody of whom something is said already, business by business."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ecosystem_business ORDER BY id")
        for (business,) in cursor.fetchall():
            cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business)])
            for table in TABLES:
                cursor.execute(f"UPDATE {table} SET sort_name = '' WHERE business_id = %s", [business])
        cursor.execute("SELECT set_config('app.business_id', '', true)")


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0024_unmeasured'),
        ('ecosystem', '0021_measuring'),
    ]

    operations = [
        migrations.AddField(
            model_name='affiliation',
            name='sort_name',
            field=contacts.models.sort_names.SortNameOfContact(),
        ),
        migrations.AddField(
            model_name='consentstate',
            name='sort_name',
            field=contacts.models.sort_names.SortNameOfContact(),
        ),
        migrations.AddField(
            model_name='contacttag',
            name='sort_name',
            field=contacts.models.sort_names.SortNameOfContact(),
        ),
        migrations.AddField(
            model_name='roleassignment',
            name='sort_name',
            field=contacts.models.sort_names.SortNameOfContact(),
        ),
        migrations.AddIndex(
            model_name='affiliation',
            index=models.Index(condition=models.Q(('ended_on__isnull', True)), fields=['business_id', 'organization', 'sort_name', 'contact'], name='affiliation_by_name'),
        ),
        migrations.AddIndex(
            model_name='consentstate',
            index=models.Index(condition=models.Q(('state', 'granted')), fields=['business_id', 'topic', 'channel', 'sort_name', 'contact'], name='consent_state_by_name'),
        ),
        migrations.AddIndex(
            model_name='contacttag',
            index=models.Index(fields=['business_id', 'tag', 'sort_name', 'contact'], name='contact_tag_by_name'),
        ),
        migrations.AddIndex(
            model_name='roleassignment',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['business_id', 'kind', 'sort_name', 'contact'], name='role_by_name'),
        ),
        *(
            migrations.RunSQL(sql, f"DROP FUNCTION {function} CASCADE;", elidable=False)
            for function, sql in (("contacts_take_sort_name", TAKE), ("contacts_hand_on_sort_name", HAND_ON))
        ),
        migrations.RunSQL("\n".join(TRIGGERS), migrations.RunSQL.noop),
        migrations.RunPython(write_names, migrations.RunPython.noop),
    ]

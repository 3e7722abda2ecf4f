"""Words to find people and organizations by, written by the database itself, so that no way of writing can forget them.

Names stand folded in `sort_name`, addresses normalised in `value_norm`: the words are cut from these. A row that comes
in adds its words; one that changes, goes, or is deleted or brought back has all words of its person written anew. The
functions run with the rights of whoever writes.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
import ecosystem.base.fields
import ecosystem.base.ids
import ecosystem.base.tenancy
from django.db import migrations, models

HEAD = "LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp AS $body$"
COLUMNS = (
    "(id, business_id, created_at, updated_at, version, token, source, contact_id, organization_id) "
    "SELECT uuidv7(), line.business_id, now(), now(), 1, word,"
)

# These two are inlined where they are called, under the search path that is fixed there. Mail programs that everybody uses say nothing about who somebody is; neither do `com` and `co`.
WORDS = """
CREATE FUNCTION contacts_search_name(name text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
    SELECT DISTINCT left(word, 64) FROM regexp_split_to_table(name, '[^[:alnum:]]+') AS word WHERE word <> ''
$body$;
CREATE FUNCTION contacts_search_point(kind text, value text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
    SELECT DISTINCT left(word, 64) FROM (
        SELECT word FROM regexp_split_to_table(split_part(value, '@', 1), '[^[:alnum:]]+') AS word
         WHERE kind = 'email'
        UNION ALL
        SELECT word
          FROM regexp_split_to_table(regexp_replace(split_part(value, '@', 2), '[.][^.]*$', ''), '[^[:alnum:]]+') AS word
         WHERE kind = 'email' AND length(word) > 2 AND word <> ALL (
               '{gmail,googlemail,outlook,hotmail,yahoo,icloud,live,aol,gmx,web,proton,msn,mail,comcast}'::text[])
        UNION ALL
        SELECT '#' || reverse(regexp_replace(value, '[^0-9]', '', 'g')) WHERE kind = 'phone'
        UNION ALL
        SELECT word FROM regexp_split_to_table(value, '[^[:alnum:]]+') AS word WHERE kind = 'handle'
    ) AS words WHERE word <> ''
$body$;
"""

# Arrays, since plans of a trigger are kept and may have been made for one row.
WRITE = f"""
CREATE FUNCTION contacts_search_write(business bigint, people uuid[], firms uuid[]) RETURNS void {HEAD}
BEGIN
    DELETE FROM contacts_searchtoken WHERE business_id = business AND contact_id = ANY (people);
    DELETE FROM contacts_searchtoken WHERE business_id = business AND organization_id = ANY (firms);
    INSERT INTO contacts_searchtoken {COLUMNS} 'name', line.id, NULL::uuid
      FROM contacts_contact AS line, contacts_search_name(line.sort_name) AS word
     WHERE line.business_id = business AND line.id = ANY (people) AND line.deleted_at IS NULL;
    INSERT INTO contacts_searchtoken {COLUMNS} 'name', NULL::uuid, line.id
      FROM contacts_organization AS line, contacts_search_name(line.sort_name) AS word
     WHERE line.business_id = business AND line.id = ANY (firms) AND line.deleted_at IS NULL;
    INSERT INTO contacts_searchtoken {COLUMNS} line.kind, line.contact_id, NULL::uuid
      FROM contacts_contactpoint AS line, contacts_search_point(line.kind, line.value_norm) AS word
     WHERE line.business_id = business AND line.contact_id = ANY (people)
       AND (SELECT person.deleted_at IS NULL FROM contacts_contact AS person
             WHERE person.business_id = business AND person.id = line.contact_id);
    INSERT INTO contacts_searchtoken {COLUMNS} line.kind, NULL::uuid, line.organization_id
      FROM contacts_contactpoint AS line, contacts_search_point(line.kind, line.value_norm) AS word
     WHERE line.business_id = business AND line.organization_id = ANY (firms)
       AND (SELECT firm.deleted_at IS NULL FROM contacts_organization AS firm
             WHERE firm.business_id = business AND firm.id = line.organization_id);
END $body$;
"""

PEOPLE_ADDED = f"""
CREATE FUNCTION contacts_search_people_added() RETURNS trigger {HEAD}
BEGIN
    INSERT INTO contacts_searchtoken {COLUMNS} 'name', line.id, NULL::uuid
      FROM new_rows AS line, contacts_search_name(line.sort_name) AS word WHERE line.deleted_at IS NULL;
    RETURN NULL;
END $body$;
"""
FIRMS_ADDED = f"""
CREATE FUNCTION contacts_search_firms_added() RETURNS trigger {HEAD}
BEGIN
    INSERT INTO contacts_searchtoken {COLUMNS} 'name', NULL::uuid, line.id
      FROM new_rows AS line, contacts_search_name(line.sort_name) AS word WHERE line.deleted_at IS NULL;
    RETURN NULL;
END $body$;
"""
POINTS_ADDED = f"""
CREATE FUNCTION contacts_search_points_added() RETURNS trigger {HEAD}
BEGIN
    INSERT INTO contacts_searchtoken {COLUMNS} line.kind, line.contact_id, line.organization_id
      FROM new_rows AS line, contacts_search_point(line.kind, line.value_norm) AS word
     WHERE coalesce(
        (SELECT person.deleted_at IS NULL FROM contacts_contact AS person
          WHERE person.business_id = line.business_id AND person.id = line.contact_id),
        (SELECT firm.deleted_at IS NULL FROM contacts_organization AS firm
          WHERE firm.business_id = line.business_id AND firm.id = line.organization_id));
    RETURN NULL;
END $body$;
"""
PERSON_CHANGED = f"""
CREATE FUNCTION contacts_search_person_changed() RETURNS trigger {HEAD}
BEGIN
    PERFORM contacts_search_write(NEW.business_id, ARRAY[NEW.id], '{{}}');
    RETURN NULL;
END $body$;
"""
FIRM_CHANGED = f"""
CREATE FUNCTION contacts_search_firm_changed() RETURNS trigger {HEAD}
BEGIN
    PERFORM contacts_search_write(NEW.business_id, '{{}}', ARRAY[NEW.id]);
    RETURN NULL;
END $body$;
"""
POINT_CHANGED = f"""
CREATE FUNCTION contacts_search_point_changed() RETURNS trigger {HEAD}
BEGIN
    PERFORM contacts_search_write(OLD.business_id, array_remove(ARRAY[OLD.contact_id], NULL),
                                  array_remove(ARRAY[OLD.organization_id], NULL));
    IF TG_OP = 'UPDATE' THEN
        PERFORM contacts_search_write(NEW.business_id, array_remove(ARRAY[NEW.contact_id], NULL),
                                      array_remove(ARRAY[NEW.organization_id], NULL));
    END IF;
    RETURN NULL;
END $body$;
"""

FUNCTIONS = {
    "contacts_search_name, contacts_search_point": WORDS,
    "contacts_search_write": WRITE,
    "contacts_search_people_added": PEOPLE_ADDED,
    "contacts_search_firms_added": FIRMS_ADDED,
    "contacts_search_points_added": POINTS_ADDED,
    "contacts_search_person_changed": PERSON_CHANGED,
    "contacts_search_firm_changed": FIRM_CHANGED,
    "contacts_search_point_changed": POINT_CHANGED,
}
_NAMED_OR_DELETED = (
    "WHEN (OLD.sort_name IS DISTINCT FROM NEW.sort_name OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL))"
)
TRIGGERS = [
    "CREATE TRIGGER search_added AFTER INSERT ON contacts_contact REFERENCING NEW TABLE AS new_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION contacts_search_people_added();",
    "CREATE TRIGGER search_added AFTER INSERT ON contacts_organization REFERENCING NEW TABLE AS new_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION contacts_search_firms_added();",
    "CREATE TRIGGER search_added AFTER INSERT ON contacts_contactpoint REFERENCING NEW TABLE AS new_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION contacts_search_points_added();",
    f"CREATE TRIGGER search_changed AFTER UPDATE OF sort_name, deleted_at ON contacts_contact FOR EACH ROW "
    f"{_NAMED_OR_DELETED} EXECUTE FUNCTION contacts_search_person_changed();",
    f"CREATE TRIGGER search_changed AFTER UPDATE OF sort_name, deleted_at ON contacts_organization FOR EACH ROW "
    f"{_NAMED_OR_DELETED} EXECUTE FUNCTION contacts_search_firm_changed();",
    "CREATE TRIGGER search_changed AFTER UPDATE OF kind, value_norm, contact_id, organization_id "
    "ON contacts_contactpoint FOR EACH ROW WHEN ((OLD.kind, OLD.value_norm, OLD.contact_id, OLD.organization_id) "
    "IS DISTINCT FROM (NEW.kind, NEW.value_norm, NEW.contact_id, NEW.organization_id)) "
    "EXECUTE FUNCTION contacts_search_point_changed();",
    "CREATE TRIGGER search_gone AFTER DELETE ON contacts_contactpoint FOR EACH ROW "
    "EXECUTE FUNCTION contacts_search_point_changed();",
]
BACKFILL = (
    (
        "SELECT id FROM contacts_contact WHERE business_id = %s AND deleted_at IS NULL",
        "SELECT contacts_search_write(%s, %s::uuid[], '{}')",
    ),
    (
        "SELECT id FROM contacts_organization WHERE business_id = %s AND deleted_at IS NULL",
        "SELECT contacts_search_write(%s, '{}', %s::uuid[])",
    ),
)
_SLICE = 5_000


def write_words(apps, schema_editor):
    """The words of everybody who is there already, business by business, in slices."""
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ecosystem_business ORDER BY id")
        for (business,) in cursor.fetchall():
            cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business)])
            for find, call in BACKFILL:
                cursor.execute(find, [business])
                ids = [row[0] for row in cursor.fetchall()]
                for start in range(0, len(ids), _SLICE):
                    cursor.execute(call, [business, ids[start : start + _SLICE]])
        cursor.execute("SELECT set_config('app.business_id', '', true)")


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0016_lists_of_everyone'),
    ]

    operations = [
        migrations.CreateModel(
            name='SearchToken',
            fields=[
                ('id', models.UUIDField(default=ecosystem.base.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('business_id', ecosystem.base.fields.BusinessField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now, editable=False)),
                ('updated_at', models.DateTimeField(auto_now=True, db_default=django.db.models.functions.datetime.Now())),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False)),
                ('token', models.CharField(db_collation='C', max_length=64)),
                ('source', models.CharField(choices=[('name', 'Name'), ('email', 'Email'), ('phone', 'Phone'), ('handle', 'Handle')], max_length=6)),
                ('contact', ecosystem.base.fields.TenantForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.contact')),
                ('organization', ecosystem.base.fields.TenantForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contacts.organization')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('contact__isnull', False)), fields=['business_id', 'token', 'contact'], name='search_token_people'), models.Index(condition=models.Q(('organization__isnull', False)), fields=['business_id', 'token', 'organization'], name='search_token_firms'), models.Index(condition=models.Q(('contact__isnull', False)), fields=['business_id', 'contact', 'token'], name='search_token_of_person'), models.Index(condition=models.Q(('organization__isnull', False)), fields=['business_id', 'organization', 'token'], name='search_token_of_firm')],
            },
            managers=[
                ('objects', ecosystem.base.tenancy.TenantManager()),
            ],
        ),
        *(
            migrations.RunSQL(sql, f"DROP FUNCTION {function} CASCADE;", elidable=False)
            for function, sql in FUNCTIONS.items()
        ),
        migrations.RunSQL("\n".join(TRIGGERS), migrations.RunSQL.noop),
        migrations.RunPython(write_words, migrations.RunPython.noop),
    ]

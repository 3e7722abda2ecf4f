"""Words to find by in narrow rows: the row is its own key, without a second index and without keys to other tables.

A row that comes in adds its words. One that changes or goes takes those away that are cut from its old values; an
address then gives the words back that it shared with another address of the same holder. The functions run with the
rights of whoever writes, under the search path that is fixed there.
"""

import ecosystem.base.fields
import ecosystem.base.tenancy
from django.db import migrations, models

HEAD = "LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp AS $body$"
DROP_OLD = """
DROP TRIGGER search_added ON contacts_contact;
DROP TRIGGER search_changed ON contacts_contact;
DROP TRIGGER search_added ON contacts_organization;
DROP TRIGGER search_changed ON contacts_organization;
DROP TRIGGER search_added ON contacts_contactpoint;
DROP TRIGGER search_changed ON contacts_contactpoint;
DROP TRIGGER search_gone ON contacts_contactpoint;
DROP FUNCTION contacts_search_people_added, contacts_search_firms_added, contacts_search_points_added,
    contacts_search_person_changed, contacts_search_firm_changed, contacts_search_point_changed,
    contacts_search_write, contacts_search_name, contacts_search_point;
"""

# These two are inlined where they are called. Mail programs that everybody uses say nothing about who somebody is;
# neither do `com` and `co`.
WORDS = """
CREATE FUNCTION contacts_search_name(name text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
    SELECT left(word, 64) FROM regexp_split_to_table(name, '[^[:alnum:]]+') AS word WHERE word <> ''
$body$;
CREATE FUNCTION contacts_search_point(kind text, value text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE SECURITY INVOKER AS $body$
    SELECT left(word, 64) FROM (
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
INSERT = "INSERT INTO contacts_searchtoken (business_id, place, token, holder_id)"

# By the table, the place of its names and of its addresses, and how addresses name their holder.
HOLDERS = {
    "person": ("contacts_contact", 1, 2, "contact_id"),
    "firm": ("contacts_organization", 3, 4, "organization_id"),
}
# The words of all addresses of a holder who is there, those that stand already left as they are.
ADDRESSES = """
CREATE FUNCTION contacts_search_addresses_of_{holder}(business bigint, holder uuid) RETURNS void {HEAD}
BEGIN
    {INSERT}
    SELECT business, {address}, word, holder
      FROM contacts_contactpoint AS point, contacts_search_point(point.kind, point.value_norm) AS word
     WHERE point.business_id = business AND point.{column} = holder
       AND EXISTS (SELECT 1 FROM {table} AS held
                    WHERE held.business_id = business AND held.id = holder AND held.deleted_at IS NULL)
        ON CONFLICT DO NOTHING;
END $body$;
"""
ADDED = """
CREATE FUNCTION contacts_search_{holder}_added() RETURNS trigger {HEAD}
BEGIN
    {INSERT}
    SELECT line.business_id, {name}, word, line.id
      FROM new_rows AS line, contacts_search_name(line.sort_name) AS word WHERE line.deleted_at IS NULL
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $body$;
"""
CHANGED = """
CREATE FUNCTION contacts_search_{holder}_changed() RETURNS trigger {HEAD}
BEGIN
    DELETE FROM contacts_searchtoken
     WHERE business_id = OLD.business_id AND place = {name} AND holder_id = OLD.id
       AND token = ANY (ARRAY(SELECT contacts_search_name(OLD.sort_name)));
    IF TG_OP = 'DELETE' OR (OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL) THEN
        DELETE FROM contacts_searchtoken
         WHERE business_id = OLD.business_id AND place = {address} AND holder_id = OLD.id
           AND token = ANY (ARRAY(
               SELECT word FROM contacts_contactpoint AS point,
                      contacts_search_point(point.kind, point.value_norm) AS word
                WHERE point.business_id = OLD.business_id AND point.{column} = OLD.id));
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.deleted_at IS NULL THEN
        {INSERT}
        SELECT NEW.business_id, {name}, word, NEW.id FROM contacts_search_name(NEW.sort_name) AS word
            ON CONFLICT DO NOTHING;
        IF OLD.deleted_at IS NOT NULL THEN
            PERFORM contacts_search_addresses_of_{holder}(NEW.business_id, NEW.id);
        END IF;
    END IF;
    RETURN NULL;
END $body$;
"""
POINTS_ADDED = f"""
CREATE FUNCTION contacts_search_points_added() RETURNS trigger {HEAD}
BEGIN
    {INSERT}
    SELECT line.business_id, CASE WHEN line.contact_id IS NULL THEN 4 ELSE 2 END, word,
           coalesce(line.contact_id, line.organization_id)
      FROM (SELECT * FROM new_rows AS point WHERE coalesce(
               (SELECT person.deleted_at IS NULL FROM contacts_contact AS person
                 WHERE person.business_id = point.business_id AND person.id = point.contact_id),
               (SELECT firm.deleted_at IS NULL FROM contacts_organization AS firm
                 WHERE firm.business_id = point.business_id AND firm.id = point.organization_id)) OFFSET 0) AS line,
           contacts_search_point(line.kind, line.value_norm) AS word
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END $body$;
"""
POINT_CHANGED = f"""
CREATE FUNCTION contacts_search_point_changed() RETURNS trigger {HEAD}
BEGIN
    DELETE FROM contacts_searchtoken
     WHERE business_id = OLD.business_id AND place = CASE WHEN OLD.contact_id IS NULL THEN 4 ELSE 2 END
       AND holder_id = coalesce(OLD.contact_id, OLD.organization_id)
       AND token = ANY (ARRAY(SELECT contacts_search_point(OLD.kind, OLD.value_norm)));
    PERFORM contacts_search_addresses_of_person(OLD.business_id, OLD.contact_id);
    PERFORM contacts_search_addresses_of_firm(OLD.business_id, OLD.organization_id);
    IF TG_OP = 'UPDATE' THEN
        PERFORM contacts_search_addresses_of_person(NEW.business_id, NEW.contact_id);
        PERFORM contacts_search_addresses_of_firm(NEW.business_id, NEW.organization_id);
    END IF;
    RETURN NULL;
END $body$;
"""


def functions():
    """Each function by its name."""
    yield "contacts_search_name, contacts_search_point", WORDS
    for holder, (table, name, address, column) in HOLDERS.items():
        parts = {
            "holder": holder, "table": table, "name": name, "address": address, "column": column,
            "HEAD": HEAD, "INSERT": INSERT,
        }  # fmt: skip
        yield f"contacts_search_addresses_of_{holder}", ADDRESSES.format(**parts)
        yield f"contacts_search_{holder}_added", ADDED.format(**parts)
        yield f"contacts_search_{holder}_changed", CHANGED.format(**parts)
    yield "contacts_search_points_added", POINTS_ADDED
    yield "contacts_search_point_changed", POINT_CHANGED


def triggers():
    """Each statement that makes a trigger."""
    for holder, (table, *_rest) in HOLDERS.items():
        changed = f"FOR EACH ROW EXECUTE FUNCTION contacts_search_{holder}_changed();"
        yield (
            f"CREATE TRIGGER search_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows "
            f"FOR EACH STATEMENT EXECUTE FUNCTION contacts_search_{holder}_added();"
        )
        yield (
            f"CREATE TRIGGER search_changed AFTER UPDATE OF sort_name, deleted_at ON {table} FOR EACH ROW "
            "WHEN (OLD.sort_name IS DISTINCT FROM NEW.sort_name "
            "OR (OLD.deleted_at IS NULL) <> (NEW.deleted_at IS NULL)) "
            f"EXECUTE FUNCTION contacts_search_{holder}_changed();"
        )
        # Addresses go first where a key takes them along; either order leaves nothing.
        yield f"CREATE TRIGGER search_gone AFTER DELETE ON {table} {changed}"
    yield (
        "CREATE TRIGGER search_added AFTER INSERT ON contacts_contactpoint REFERENCING NEW TABLE AS new_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION contacts_search_points_added();"
    )
    yield (
        "CREATE TRIGGER search_changed AFTER UPDATE OF kind, value_norm, contact_id, organization_id "
        "ON contacts_contactpoint FOR EACH ROW WHEN ((OLD.kind, OLD.value_norm, OLD.contact_id, OLD.organization_id) "
        "IS DISTINCT FROM (NEW.kind, NEW.value_norm, NEW.contact_id, NEW.organization_id)) "
        "EXECUTE FUNCTION contacts_search_point_changed();"
    )
    yield (
        "CREATE TRIGGER search_gone AFTER DELETE ON contacts_contactpoint FOR EACH ROW "
        "EXECUTE FUNCTION contacts_search_point_changed();"
    )


BACKFILL = """
INSERT INTO contacts_searchtoken (business_id, place, token, holder_id)
SELECT line.business_id, 1, word, line.id FROM contacts_contact AS line, contacts_search_name(line.sort_name) AS word
 WHERE line.business_id = %(business)s AND line.deleted_at IS NULL
UNION
SELECT line.business_id, 3, word, line.id
  FROM contacts_organization AS line, contacts_search_name(line.sort_name) AS word
 WHERE line.business_id = %(business)s AND line.deleted_at IS NULL
UNION
SELECT line.business_id, 2, word, line.contact_id
  FROM contacts_contactpoint AS line JOIN contacts_contact AS held
    ON held.business_id = line.business_id AND held.id = line.contact_id AND held.deleted_at IS NULL,
       contacts_search_point(line.kind, line.value_norm) AS word WHERE line.business_id = %(business)s
UNION
SELECT line.business_id, 4, word, line.organization_id
  FROM contacts_contactpoint AS line JOIN contacts_organization AS held
    ON held.business_id = line.business_id AND held.id = line.organization_id AND held.deleted_at IS NULL,
       contacts_search_point(line.kind, line.value_norm) AS word WHERE line.business_id = %(business)s
"""


def write_words(apps, schema_editor):
    """The words of everybody who is there already, business by business."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ecosystem_business ORDER BY id")
        for (business,) in cursor.fetchall():
            cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business)])
            cursor.execute(BACKFILL, {"business": business})
        cursor.execute("SELECT set_config('app.business_id', '', true)")


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0019_sheets_of_workbooks'),
    ]

    operations = [
        migrations.RunSQL(DROP_OLD, migrations.RunSQL.noop),
        migrations.DeleteModel(name='SearchToken'),
        migrations.CreateModel(
            name='SearchToken',
            fields=[
                ('pk', models.CompositePrimaryKey('business_id', 'place', 'token', 'holder_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('business_id', ecosystem.base.fields.BusinessField(proven_by='search_* of contacts_contact, contacts_organization, contacts_contactpoint')),
                ('place', models.SmallIntegerField(choices=[(1, 'Name'), (2, 'Address'), (3, 'Firm Name'), (4, 'Firm Address')])),
                ('token', models.CharField(db_collation='C', max_length=64)),
                ('holder_id', models.UUIDField(help_text='the person or the organization')),
            ],
            options={
                'base_manager_name': 'objects',
            },
            managers=[
                ('objects', ecosystem.base.tenancy.TenantManager()),
            ],
        ),
        *(
            migrations.RunSQL(sql, f"DROP FUNCTION {function} CASCADE;", elidable=False)
            for function, sql in functions()
        ),
        migrations.RunSQL("\n".join(triggers()), migrations.RunSQL.noop),
        migrations.RunPython(write_words, migrations.RunPython.noop),
    ]

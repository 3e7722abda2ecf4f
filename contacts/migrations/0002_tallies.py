"""Counts of people, kept by the database itself, so that no way of writing can forget them.

Each trigger appends the sum of what one statement changed: 20,000 people of a list make a handful of rows. Only live
people count; deleting one takes their roles, tags and permissions out of the counts as well, and bringing them back
puts these back. The functions run with the rights of whoever writes.
"""

from django.db import migrations

HEAD = "RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp AS $body$"

# What counts beside a person, taken in or out with them. One look-up by key for each table.
BESIDE = """
CREATE FUNCTION contacts_tally_beside(business bigint, person uuid, amount bigint) RETURNS void
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp AS $body$
BEGIN
    INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
    SELECT uuidv7(), business, now(), now(), 1, counted.name, counted.key, contacts_tally_beside.amount * count(*)
    FROM (
        SELECT 'people_by_role', kind FROM contacts_roleassignment
        WHERE business_id = business AND contact_id = person AND ended_at IS NULL
        UNION ALL
        SELECT 'people_by_tag', tag_id::text FROM contacts_contacttag
        WHERE business_id = business AND contact_id = person
        UNION ALL
        SELECT 'people_granted', channel || ':' || topic_id FROM contacts_consentstate
        WHERE business_id = business AND contact_id = person AND state = 'granted'
    ) AS counted(name, key)
    GROUP BY counted.name, counted.key;
END $body$;
"""

# Plans of a trigger are kept for the session and may have been made for one row: nothing here joins two sets, so that
# no plan turns into rows times rows when a list of 20,000 comes.
PEOPLE = f"""
CREATE FUNCTION contacts_tally_people() {HEAD}
DECLARE
    person record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NOT EXISTS (
            SELECT business_id, id, stage, deleted_at IS NULL FROM new_rows
            EXCEPT
            SELECT business_id, id, stage, deleted_at IS NULL FROM old_rows
        ) THEN
            RETURN NULL;
        END IF;
        INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
        SELECT uuidv7(), business_id, now(), now(), 1, name, key, sum(amount)
        FROM (
            SELECT business_id, coalesce(stage, '') AS stage, 1 AS amount FROM new_rows WHERE deleted_at IS NULL
            UNION ALL
            SELECT business_id, coalesce(stage, ''), -1 FROM old_rows WHERE deleted_at IS NULL
        ) changed, LATERAL (VALUES ('people', ''), ('people_by_stage', stage)) AS counted(name, key)
        GROUP BY business_id, name, key HAVING sum(amount) <> 0;
        FOR person IN
            SELECT business_id, id, sum(amount) AS amount
            FROM (
                SELECT business_id, id, 1 AS amount FROM new_rows WHERE deleted_at IS NULL
                UNION ALL
                SELECT business_id, id, -1 FROM old_rows WHERE deleted_at IS NULL
            ) changed
            GROUP BY business_id, id HAVING sum(amount) <> 0
        LOOP
            PERFORM contacts_tally_beside(person.business_id, person.id, person.amount);
        END LOOP;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
        SELECT uuidv7(), business_id, now(), now(), 1, name, key, count(*)
        FROM new_rows, LATERAL (VALUES ('people', ''), ('people_by_stage', coalesce(stage, ''))) AS counted(name, key)
        WHERE deleted_at IS NULL GROUP BY business_id, name, key;
    ELSE
        INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
        SELECT uuidv7(), business_id, now(), now(), 1, name, key, -count(*)
        FROM old_rows, LATERAL (VALUES ('people', ''), ('people_by_stage', coalesce(stage, ''))) AS counted(name, key)
        WHERE deleted_at IS NULL GROUP BY business_id, name, key;
    END IF;
    RETURN NULL;
END $body$;
"""

# Erasing a row takes its roles, tags and permissions along, after it is gone: they are counted out before.
ERASED = f"""
CREATE FUNCTION contacts_tally_erased() {HEAD}
BEGIN
    IF OLD.deleted_at IS NULL THEN
        PERFORM contacts_tally_beside(OLD.business_id, OLD.id, -1);
    END IF;
    RETURN OLD;
END $body$;
"""


def of_people(function: str, name: str, key: str, counts: str) -> str:
    """The function of a table whose rows belong to a contact and count while `counts` holds and the contact lives.

    Whether they live is asked of each line by key.
    """
    insert = "INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)"
    select = f"SELECT uuidv7(), business_id, now(), now(), 1, '{name}', key, sum(amount)"
    live = (
        "WHERE (SELECT person.deleted_at IS NULL FROM contacts_contact person "
        "WHERE person.business_id = line.business_id AND person.id = line.contact_id)"
    )
    more = f"SELECT business_id, contact_id, {key} AS key, 1 AS amount FROM new_rows WHERE {counts}"
    less = f"SELECT business_id, contact_id, {key} AS key, -1 AS amount FROM old_rows WHERE {counts}"
    group = "GROUP BY business_id, key HAVING sum(amount) <> 0;"
    return f"""
CREATE FUNCTION {function}() {HEAD}
BEGIN
    IF TG_OP = 'INSERT' THEN
        {insert} {select} FROM ({more}) line {live} {group}
    ELSIF TG_OP = 'UPDATE' THEN
        {insert} {select} FROM ({more} UNION ALL {less}) line {live} {group}
    ELSE
        {insert} {select} FROM ({less}) line {live} {group}
    END IF;
    RETURN NULL;
END $body$;
"""


ORGANIZATIONS = f"""
CREATE FUNCTION contacts_tally_organizations() {HEAD}
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
        SELECT uuidv7(), business_id, now(), now(), 1, 'organizations', '', count(*)
        FROM new_rows WHERE deleted_at IS NULL GROUP BY business_id;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
        SELECT uuidv7(), business_id, now(), now(), 1, 'organizations', '', sum(amount)
        FROM (
            SELECT business_id, 1 AS amount FROM new_rows WHERE deleted_at IS NULL
            UNION ALL
            SELECT business_id, -1 FROM old_rows WHERE deleted_at IS NULL
        ) changed
        GROUP BY business_id HAVING sum(amount) <> 0;
    ELSE
        INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
        SELECT uuidv7(), business_id, now(), now(), 1, 'organizations', '', -count(*)
        FROM old_rows WHERE deleted_at IS NULL GROUP BY business_id;
    END IF;
    RETURN NULL;
END $body$;
"""

# Who rose, by the day and the rung they left; a move that is taken back counts out on the day it is.
RISEN = f"""
CREATE FUNCTION contacts_tally_risen() {HEAD}
DECLARE
    rungs CONSTANT text[] := ARRAY['suspect', 'online_user', 'prospect', 'client', 'advocate'];
BEGIN
    INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
    SELECT uuidv7(), business_id, now(), now(), 1, 'risen',
           to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') || ':' || least_rung, sum(amount)
    FROM (
        SELECT business_id, occurred_at,
               CASE WHEN undoes_id IS NULL THEN from_stage ELSE to_stage END AS least_rung,
               CASE WHEN undoes_id IS NULL THEN 1 ELSE -1 END AS amount
        FROM new_rows
        WHERE from_stage <> '' AND to_stage <> ''
          AND (array_position(rungs, to_stage::text) > array_position(rungs, from_stage::text)) = (undoes_id IS NULL)
    ) move
    GROUP BY business_id, 7 HAVING sum(amount) <> 0;
    RETURN NULL;
END $body$;
"""


def triggers(table: str, function: str) -> list[str]:
    """One trigger for each way in which a statement changes a table, and how to take it away."""
    seen = {
        "insert": "NEW TABLE AS new_rows",
        "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
        "delete": "OLD TABLE AS old_rows",
    }
    return [
        f"CREATE TRIGGER tally_{act} AFTER {act.upper()} ON {table} REFERENCING {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}();"
        for act, rows in seen.items()
    ]


FUNCTIONS = {
    "contacts_tally_beside": BESIDE,
    "contacts_tally_people": PEOPLE,
    "contacts_tally_erased": ERASED,
    "contacts_tally_roles": of_people("contacts_tally_roles", "people_by_role", "kind", "ended_at IS NULL"),
    "contacts_tally_tags": of_people("contacts_tally_tags", "people_by_tag", "tag_id::text", "true"),
    "contacts_tally_granted": of_people(
        "contacts_tally_granted", "people_granted", "channel || ':' || topic_id", "state = 'granted'"
    ),
    "contacts_tally_organizations": ORGANIZATIONS,
    "contacts_tally_risen": RISEN,
}
TRIGGERS = [
    *triggers("contacts_contact", "contacts_tally_people"),
    "CREATE TRIGGER tally_erased BEFORE DELETE ON contacts_contact "
    "FOR EACH ROW EXECUTE FUNCTION contacts_tally_erased();",
    *triggers("contacts_roleassignment", "contacts_tally_roles"),
    *triggers("contacts_contacttag", "contacts_tally_tags"),
    *triggers("contacts_consentstate", "contacts_tally_granted"),
    *triggers("contacts_organization", "contacts_tally_organizations"),
    triggers("contacts_stagechange", "contacts_tally_risen")[0],
]


class Migration(migrations.Migration):
    dependencies = [("contacts", "0001_initial"), ("ecosystem", "0001_initial")]

    operations = [
        *(
            migrations.RunSQL(body, f"DROP FUNCTION {function} CASCADE;", elidable=False)
            for function, body in FUNCTIONS.items()
        ),
        migrations.RunSQL("\n".join(TRIGGERS), migrations.RunSQL.noop),
    ]

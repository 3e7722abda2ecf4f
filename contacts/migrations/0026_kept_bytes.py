"""PostgreSQL keeps count of the bytes of files that are kept for a business, so that nobody ever reads them to know.

A row counts when its file is written, changed or gone. How long a file is, is known without reading it.
"""

from django.db import migrations, models

FILES = {
    "imports": ("contacts_import", "content"),
    "exports": ("contacts_exportpiece", "content"),
    "copies": ("contacts_datarequest", "sealed_copy"),
}


def counting(key: str, table: str, column: str) -> str:
    """The function and the trigger that count what a column holds."""
    return f"""
CREATE FUNCTION contacts_tally_{key}() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp AS $body$
DECLARE
    amount CONSTANT bigint := coalesce(octet_length(NEW.{column}), 0) - coalesce(octet_length(OLD.{column}), 0);
BEGIN
    IF amount <> 0 THEN
        INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
        VALUES (uuidv7(), coalesce(NEW.business_id, OLD.business_id), now(), now(), 1, 'bytes_kept', '{key}', amount);
    END IF;
    RETURN NULL;
END $body$;
CREATE TRIGGER tally_bytes AFTER INSERT OR DELETE OR UPDATE OF {column} ON {table}
FOR EACH ROW EXECUTE FUNCTION contacts_tally_{key}();
"""


def count_what_is_kept(apps, schema_editor):
    """Count the files that are there already, business by business."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ecosystem_business ORDER BY id")
        for (business,) in cursor.fetchall():
            cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business)])
            for key, (table, column) in FILES.items():
                cursor.execute(
                    f"""
                    INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
                    SELECT uuidv7(), business_id, now(), now(), 1, 'bytes_kept', '{key}', sum(octet_length({column}))
                      FROM {table} WHERE business_id = %s GROUP BY business_id
                    HAVING sum(octet_length({column})) > 0""",
                    [business],
                )
        cursor.execute("SELECT set_config('app.business_id', '', true)")


class Migration(migrations.Migration):
    dependencies = [("contacts", "0025_sort_names_beside"), ("ecosystem", "0022_quotas")]

    operations = [
        *(
            migrations.RunSQL(counting(key, *file), f"DROP FUNCTION contacts_tally_{key} CASCADE;", elidable=False)
            for key, file in FILES.items()
        ),
        migrations.RunPython(count_what_is_kept, migrations.RunPython.noop),
        migrations.AddField(
            model_name="import",
            name="roomless_count",
            field=models.PositiveIntegerField(
                db_default=0, default=0, help_text="rows among the problems for which there was no more room"
            ),
        ),
    ]

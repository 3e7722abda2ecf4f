"""What a business may use has figures of its own, and PostgreSQL keeps count of the bytes of its pictures."""

from django.db import migrations, models

# Reads nothing of the files: how long they are is known without them.
BYTES = """
CREATE FUNCTION ecosystem_tally_pictures() RETURNS trigger
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, public, pg_temp AS $body$
DECLARE
    amount CONSTANT bigint := coalesce(octet_length(NEW.content), 0) - coalesce(octet_length(OLD.content), 0);
BEGIN
    IF amount <> 0 THEN
        INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
        VALUES (uuidv7(), coalesce(NEW.business_id, OLD.business_id), now(), now(), 1, 'bytes_kept', 'pictures', amount);
    END IF;
    RETURN NULL;
END $body$;
CREATE TRIGGER tally_bytes AFTER INSERT OR DELETE OR UPDATE OF content ON ecosystem_brandimage
FOR EACH ROW EXECUTE FUNCTION ecosystem_tally_pictures();
"""
COUNT = """
INSERT INTO ecosystem_tally (id, business_id, created_at, updated_at, version, name, key, amount)
SELECT uuidv7(), business_id, now(), now(), 1, 'bytes_kept', 'pictures', sum(octet_length(content))
  FROM ecosystem_brandimage WHERE business_id = %s GROUP BY business_id HAVING sum(octet_length(content)) > 0"""


def count_what_is_kept(apps, schema_editor):
    """Count the pictures that are there already, business by business."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id FROM ecosystem_business ORDER BY id")
        for (business,) in cursor.fetchall():
            cursor.execute("SELECT set_config('app.business_id', %s, true)", [str(business)])
            cursor.execute(COUNT, [business])
        cursor.execute("SELECT set_config('app.business_id', '', true)")


class Migration(migrations.Migration):
    dependencies = [("ecosystem", "0021_measuring")]

    operations = [
        migrations.AddField(
            model_name="business",
            name="quotas",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="by quota, the figures of its own: 0 is no limit. What is not named is as usual",
            ),
        ),
        migrations.RunSQL(BYTES, "DROP FUNCTION ecosystem_tally_pictures CASCADE;", elidable=False),
        migrations.RunPython(count_what_is_kept, migrations.RunPython.noop),
    ]

"""The one thing that may change in the history of a rung: its free words, when their person was erased."""

from django.db import migrations

FORGET = """
CREATE FUNCTION contacts_words_forgotten() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $body$
BEGIN
    IF NEW.reason <> '' OR to_jsonb(NEW) - 'reason' IS DISTINCT FROM to_jsonb(OLD) - 'reason' OR NOT EXISTS (
            SELECT FROM contacts_contact AS person
             WHERE person.business_id = OLD.business_id AND person.id = OLD.contact_id
               AND person.erased_at IS NOT NULL) THEN
        RAISE EXCEPTION 'The history of a rung is never changed; only the words about an erased person go.';
    END IF;
    RETURN NEW;
END $body$;
CREATE TRIGGER words_forgotten BEFORE UPDATE ON contacts_stagechange
    FOR EACH ROW EXECUTE FUNCTION contacts_words_forgotten();
GRANT UPDATE (reason) ON contacts_stagechange TO crm_app;
"""

BACK = """
REVOKE UPDATE (reason) ON contacts_stagechange FROM crm_app;
DROP TRIGGER words_forgotten ON contacts_stagechange;
DROP FUNCTION contacts_words_forgotten();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0013_data_requests"),
    ]

    operations = [
        migrations.RunSQL(FORGET, BACK, elidable=False),
    ]

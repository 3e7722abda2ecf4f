"""Whether the words that people and organizations are found by are those of their names and addresses."""

from ecosystem.base.sql import rows

_DIFFER = """
WITH wanted AS MATERIALIZED (
SELECT 1 AS place, contacts_search_name(sort_name) AS token, id AS holder_id
  FROM contacts_contact WHERE business_id = %(business_id)s AND deleted_at IS NULL
 UNION
SELECT 3, contacts_search_name(sort_name), id
  FROM contacts_organization WHERE business_id = %(business_id)s AND deleted_at IS NULL
 UNION
SELECT 2, contacts_search_point(point.kind, point.value_norm), held.id
  FROM contacts_contactpoint AS point JOIN contacts_contact AS held ON held.id = point.contact_id
 WHERE point.business_id = %(business_id)s AND held.business_id = %(business_id)s AND held.deleted_at IS NULL
 UNION
SELECT 4, contacts_search_point(point.kind, point.value_norm), held.id
  FROM contacts_contactpoint AS point JOIN contacts_organization AS held ON held.id = point.organization_id
 WHERE point.business_id = %(business_id)s AND held.business_id = %(business_id)s AND held.deleted_at IS NULL
),
     kept AS MATERIALIZED (SELECT place, token, holder_id FROM contacts_searchtoken
                            WHERE business_id = %(business_id)s)
SELECT (SELECT count(*) FROM (SELECT * FROM wanted EXCEPT SELECT * FROM kept) AS lost) AS lost,
       (SELECT count(*) FROM (SELECT * FROM kept EXCEPT SELECT * FROM wanted) AS stale) AS stale"""


def words_differ() -> list[str]:
    """Says so where somebody is not found by a word of theirs, or a word of nobody is kept."""
    found = rows(_DIFFER)[0]
    sentences = {
        "lost": "{} words of names and addresses find nobody.",
        "stale": "{} words are kept that stand in no name and address of whoever they lead to.",
    }
    return [sentence.format(found[name]) for name, sentence in sentences.items() if found[name]]

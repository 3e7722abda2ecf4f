"""The statements that take one slice of a list in: a fixed number of them, whatever its length.

Every row they write carries the moment at which the import began as its `created_at`: by it an undo finds them, and
tells what came later.

Rows stand in the temporary tables `import_people` and `import_tags` (COPY may not write to a table under a policy).
"""

from contacts.queries.import_matches import known_by_address

PEOPLE_COLUMNS = (
    "line", "given_name", "family_name", "display_name", "sort_name", "email", "email_norm", "email_hashes", "phone",
    "phone_norm", "organization", "organization_norm", "stage", "said_yes_at", "match_key",
    "has_name", "has_stage", "further", "postal", "postal_norm",
)  # fmt: skip
TAG_COLUMNS = ("line", "tag_id")

CREATE_PEOPLE = """
create temp table import_people (
    line int primary key, given_name text, family_name text, display_name text, sort_name text,
    email text, email_norm text, email_hashes text[], phone text, phone_norm text,
    organization text, organization_norm text, stage text, said_yes_at timestamptz, match_key text,
    has_name boolean, has_stage boolean, further jsonb, postal text, postal_norm text,
    contact_id uuid not null default uuidv7(), is_new boolean not null default true,
    is_shared boolean not null default false
) on commit drop
"""
CREATE_TAGS = "create temp table import_tags (line int, tag_id uuid) on commit drop"
ANALYZE_PEOPLE = "analyze import_people"

MATCH_BY_ADDRESS = f"""
update import_people p set contact_id = known.contact_id, is_new = false
from ({
    known_by_address(
        emails="array(select email_norm from import_people where email_norm <> '')",
        phones="array(select phone_norm from import_people where email_norm = '' and phone_norm <> '')",
    )
}) known
where p.match_key = known.key
"""  # noqa: S608
MATCH_BY_NAME = """
update import_people p set contact_id = known.contact_id, is_new = false
from unnest(%(name_keys)s::text[], %(name_ids)s::uuid[]) as known (key, contact_id)
where p.match_key = known.key
"""
# An address that a firm holds already is theirs too, and matches nobody.
MARK_SHARED = """
update import_people p set is_shared = true
from contacts_contactpoint cp
where cp.business_id = %(business_id)s and cp.kind = 'email' and cp.value_norm = p.email_norm and not cp.is_shared
  and p.email_norm <> '' and cp.organization_id is not null
"""
# Whoever stands in the list twice is the person of the first of these lines.
JOIN_TWINS = """
update import_people p set contact_id = first.contact_id, is_new = false
from (
    select match_key, min(line) as line from import_people where is_new group by match_key having count(*) > 1
) twins
join import_people first on first.line = twins.line
where p.match_key = twins.match_key and p.line > twins.line and p.is_new
"""
# Whoever is new, or would come back, needs a place; those for whom there is none leave the slice with all their lines.
LEAVE_ROOMLESS = """
delete from import_people p
using (
    select contact_id from (
        select contact_id, min(line) as line from import_people where is_new group by contact_id
        union all
        select known.contact_id, min(known.line) from import_people known
        join contacts_contact c on c.business_id = %(business_id)s and c.id = known.contact_id
        where not known.is_new and c.deleted_at is not null
        group by known.contact_id
    ) wanting
    order by line offset %(places)s
) roomless
where p.contact_id = roomless.contact_id
returning p.line
"""
INSERT_CONTACTS = """
insert into contacts_contact (
    business_id, id, created_at, updated_at, version, given_name, family_name, display_name, sort_name, language,
    timezone, stage, stage_since, fed_at, primary_email, primary_phone, source, source_detail, do_not_contact
)
select %(business_id)s, contact_id, %(stamp)s, %(now)s, 1, given_name, family_name, display_name, sort_name, '',
    '', stage, %(now)s, %(now)s, email_norm, phone_norm, 'import', %(file_name)s, false
from import_people where is_new order by line
"""
RESTORE_CONTACTS = """
update contacts_contact c set deleted_at = null, updated_at = %(now)s, version = version + 1
where c.business_id = %(business_id)s and c.deleted_at is not null
  and c.id in (select contact_id from import_people where not is_new)
"""
INSERT_EMAILS = """
insert into contacts_contactpoint (
    business_id, id, created_at, updated_at, version, contact_id, kind, value, value_norm, label, is_primary, is_shared
)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, contact_id, 'email', email, email_norm, '', true, is_shared
from import_people where is_new and email_norm <> '' order by line
"""
INSERT_PHONES = """
insert into contacts_contactpoint (
    business_id, id, created_at, updated_at, version, contact_id, kind, value, value_norm, label, is_primary, is_shared
)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, contact_id, 'phone', phone, phone_norm, '', true, false
from import_people where is_new and phone_norm <> '' order by line
"""
INSERT_POSTALS = """
insert into contacts_contactpoint (
    business_id, id, created_at, updated_at, version, contact_id, kind, value, value_norm, label, is_primary, is_shared
)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, contact_id, 'postal', postal, postal_norm, '', true, false
from import_people where is_new and postal_norm <> '' order by line
"""
# Behind the first ones, and after those of everybody: an address that somebody has already stays theirs.
INSERT_FURTHER = """
insert into contacts_contactpoint (
    business_id, id, created_at, updated_at, version, contact_id, kind, value, value_norm, label, is_primary, is_shared
)
select distinct on (p.contact_id, one.further->>0, one.further->>2) %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1,
       p.contact_id, one.further->>0, one.further->>1, one.further->>2, '', false, false
from import_people p cross join lateral jsonb_array_elements(p.further) as one (further)
where p.is_new and one.further->>2 not in (p.email_norm, p.phone_norm)
on conflict do nothing
"""
INSERT_STAGE_CHANGES = """
insert into contacts_stagechange (
    business_id, id, created_at, contact_id, from_stage, to_stage, actor_kind, actor_id, reason, occurred_at
)
select %(business_id)s, uuidv7(), %(stamp)s, contact_id, '', stage, 'import', %(actor_id)s, %(reason)s, %(now)s
from import_people where is_new order by line
"""
INSERT_INTERACTIONS = """
insert into contacts_interaction (
    business_id, id, created_at, contact_id, kind, channel, direction, occurred_at, source, external_id, actor_id,
    object_id, currency, params
)
select %(business_id)s, uuidv7(), %(stamp)s, contact_id, 'import', 'none', 'none', %(now)s, 'import',
    %(import_id)s || ':' || line, %(actor_id)s, %(import_id)s::uuid, '', '{}'::jsonb
from import_people where is_new order by line
"""
INSERT_ORGANIZATIONS = """
insert into contacts_organization (
    business_id, id, created_at, updated_at, version, name, sort_name, website, is_context
)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, min(organization), organization_norm, '', false
from import_people p
where organization_norm <> '' and not exists (
    select 1 from contacts_organization o
    where o.business_id = %(business_id)s and o.sort_name = p.organization_norm and o.deleted_at is null
)
group by organization_norm
"""
INSERT_AFFILIATIONS = """
insert into contacts_affiliation (
    business_id, id, created_at, updated_at, version, contact_id, organization_id, title
)
select distinct on (p.contact_id, o.organization_id)
    %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, p.contact_id, o.organization_id, ''
from import_people p
join (
    select sort_name, (array_agg(id order by id))[1] as organization_id
    from contacts_organization where business_id = %(business_id)s and deleted_at is null
      and sort_name in (select organization_norm from import_people where organization_norm <> '')
    group by sort_name
) o on o.sort_name = p.organization_norm
on conflict do nothing
"""
INSERT_CONTACT_TAGS = """
insert into contacts_contacttag (business_id, id, created_at, updated_at, version, tag_id, contact_id)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, pair.tag_id, pair.contact_id
from (select distinct t.tag_id, p.contact_id from import_tags t join import_people p using (line)) pair
on conflict do nothing
"""
# The proof of a yes is the list: who brought it, where and when it was said. A no that stands, a suppressed address
# and a yes that stands already are left as they are.
CHOOSE_YES = """
create temp table import_yes on commit drop as
select distinct on (p.contact_id) p.contact_id, p.email_norm, p.email_hashes[1] as email_hash, p.said_yes_at,
    uuidv7() as consent_id
from import_people p
where p.said_yes_at is not null
  and not exists (
    select 1 from contacts_suppression s
    where s.business_id = %(business_id)s and s.channel = 'email' and s.address_hash = any(p.email_hashes)
      and s.lifted_at is null and (s.topic_id is null or s.topic_id = %(topic_id)s)
  )
  and not exists (
    select 1 from contacts_consentstate cs
    where cs.business_id = %(business_id)s and cs.contact_id = p.contact_id and cs.channel = 'email'
      and cs.topic_id = %(topic_id)s and cs.state in ('granted', 'withdrawn')
  )
  and not exists (
    select 1 from contacts_consent said
    where said.business_id = %(business_id)s and said.contact_id = p.contact_id and said.channel = 'email'
      and said.topic_id is null and said.act = 'withdrawn'
  )
order by p.contact_id, p.line
"""
INSERT_CONSENTS = """
insert into contacts_consent (
    business_id, id, created_at, contact_id, address_hash, channel, topic_id, act, basis, wording, source,
    source_detail, actor_id, request_id, occurred_at
)
select %(business_id)s, consent_id, %(stamp)s, contact_id, email_hash, 'email', %(topic_id)s, 'imported', 'express',
    %(wording)s, 'import', %(yes_source)s, %(actor_id)s, %(import_id)s, said_yes_at
from import_yes
"""
INSERT_CONSENT_LINES = """
insert into contacts_interaction (
    business_id, id, created_at, contact_id, kind, channel, direction, occurred_at, source, external_id, actor_id,
    object_id, currency, params
)
select %(business_id)s, uuidv7(), %(stamp)s, contact_id, 'consent_change', 'email', 'none', said_yes_at, 'consent',
    replace(consent_id::text, '-', ''), %(actor_id)s, consent_id, '', '{"act": "imported"}'::jsonb
from import_yes
"""
UPSERT_CONSENT_STATES = """
insert into contacts_consentstate as cs (
    business_id, id, created_at, updated_at, version, contact_id, channel, topic_id, state, basis, address_hash, since,
    consent_id
)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, contact_id, 'email', %(topic_id)s, 'granted', 'express',
    email_hash, said_yes_at, consent_id
from import_yes
on conflict (business_id, contact_id, channel, topic_id) do update
set state = excluded.state, basis = excluded.basis, address_hash = excluded.address_hash, since = excluded.since,
    consent_id = excluded.consent_id, updated_at = excluded.updated_at, version = cs.version + 1
"""
# Each person once in a slice, however many of its lines tell of them; of known ones nothing is kept that tells the next
# slice. Whom this very list brought is no old acquaintance.
COUNT_SLICE = """
select count(*) filter (where is_new) as added,
       (select count(distinct p.contact_id)
          from import_people p
          join contacts_contact c on c.business_id = %(business_id)s and c.id = p.contact_id
         where not p.is_new and c.created_at <> %(stamp)s) as known
  from import_people
"""
DROP = {
    "import_people": "drop table if exists import_people",
    "import_tags": "drop table if exists import_tags",
    "import_yes": "drop table if exists import_yes",
}

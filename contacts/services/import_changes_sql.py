"""The statements for people whom a list tells otherwise: what differs, and how it is taken over.

A temporary table `import_changes` holds for each person what stands (`before`) and what is to stand (`after`), see
ImportChange. Nothing here touches consents, and a rung is only ever chosen above the one that somebody stands on.
"""

CREATE = """
create temp table import_changes (contact_id uuid primary key, line int, before jsonb, after jsonb) on commit drop
"""
COLUMNS = ("contact_id", "line", "before", "after")
DROP = "drop table if exists import_changes"

# The last of several lines about one person counts. Half a name changes nothing, nor does an empty cell.
FIND = """
insert into import_changes (contact_id, line, before, after)
select contact_id, line,
    jsonb_strip_nulls(jsonb_build_object(
        'name', case when new_name then jsonb_build_array(old_given, old_family, old_shown, old_sorted) end,
        'phone', case when new_phone then jsonb_build_array(old_typed, old_phone) end,
        'postal', case when new_postal then jsonb_build_array(old_postal, old_postal_norm) end,
        'stage', case when new_stage then to_jsonb(old_stage) end)),
    jsonb_strip_nulls(jsonb_build_object(
        'name', case when new_name then jsonb_build_array(given_name, family_name, display_name, sort_name) end,
        'phone', case when new_phone then jsonb_build_array(phone, phone_norm) end,
        'postal', case when new_postal then jsonb_build_array(postal, postal_norm) end,
        'stage', case when new_stage then to_jsonb(stage) end))
from (
    select distinct on (p.contact_id) p.*, c.given_name as old_given, c.family_name as old_family,
        c.display_name as old_shown, c.sort_name as old_sorted, c.primary_phone as old_phone,
        coalesce(c.stage, '') as old_stage, coalesce(own.value, '') as old_typed,
        coalesce(post.value, '') as old_postal, coalesce(post.value_norm, '') as old_postal_norm,
        p.has_name and (p.given_name <> '' or c.given_name = '') and (p.family_name <> '' or c.family_name = '')
            and (p.given_name <> c.given_name or p.family_name <> c.family_name) as new_name,
        p.phone_norm <> '' and p.phone_norm <> c.primary_phone as new_phone,
        p.postal_norm <> '' and p.postal_norm <> coalesce(post.value_norm, '') as new_postal,
        p.has_stage and array_position(%(rungs)s, p.stage) > coalesce(array_position(%(rungs)s, c.stage::text), 0)
            as new_stage
    from import_people p
    join contacts_contact c on c.business_id = %(business_id)s and c.id = p.contact_id
    left join contacts_contactpoint own on own.business_id = %(business_id)s and own.contact_id = c.id
        and own.kind = 'phone' and own.is_primary
    left join contacts_contactpoint post on post.business_id = %(business_id)s and post.contact_id = c.id
        and post.kind = 'postal' and post.is_primary
    where not p.is_new
    order by p.contact_id, p.line desc
) told
where new_name or new_phone or new_postal or new_stage
"""
# Somebody who was deleted and stands in the list is here again.
KEEP_RETURNED = """
insert into contacts_importchange (
    business_id, id, created_at, updated_at, version, imported_id, contact_id, line, state, before, after,
    version_after, why
)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, %(import_id)s::uuid, c.id, min(p.line), 'taken',
    '{"gone": true}', '{"gone": false}', c.version + 1, ''
from import_people p
join contacts_contact c on c.business_id = %(business_id)s and c.id = p.contact_id and c.deleted_at is not null
where not p.is_new
group by c.id, c.version
on conflict (business_id, imported_id, contact_id) do nothing
"""
KEEP = """
insert into contacts_importchange as kept (
    business_id, id, created_at, updated_at, version, imported_id, contact_id, line, state, before, after,
    version_after, why
)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, %(import_id)s::uuid, ch.contact_id, ch.line, %(state)s,
    ch.before, ch.after, c.version + 1, ''
from import_changes ch
join contacts_contact c on c.business_id = %(business_id)s and c.id = ch.contact_id
on conflict (business_id, imported_id, contact_id) do update
set before = excluded.before || kept.before, after = kept.after || excluded.after, line = excluded.line,
    state = excluded.state, version_after = excluded.version_after, updated_at = excluded.updated_at
"""
INSERT_STAGE_CHANGES = """
with moved as (
    insert into contacts_stagechange (
        business_id, id, created_at, contact_id, from_stage, to_stage, actor_kind, actor_id, reason, occurred_at
    )
    select %(business_id)s, uuidv7(), %(stamp)s, contact_id, before->>'stage', after->>'stage', 'import', %(actor_id)s,
        %(reason)s, %(now)s
    from import_changes where after->>'stage' is not null
    returning id, contact_id, from_stage, to_stage
)
insert into contacts_interaction (
    business_id, id, created_at, contact_id, kind, channel, direction, occurred_at, source, external_id, actor_id,
    object_id, currency, params
)
select %(business_id)s, uuidv7(), %(stamp)s, contact_id, 'stage_change', 'none', 'none', %(now)s, 'stage', id::text,
    %(actor_id)s, id, '', jsonb_build_object('from', from_stage, 'to', to_stage, 'undo', %(is_undo)s)
from moved
"""
UPDATE_PEOPLE = """
update contacts_contact c set
    given_name = coalesce(ch.after->'name'->>0, c.given_name),
    family_name = coalesce(ch.after->'name'->>1, c.family_name),
    display_name = coalesce(ch.after->'name'->>2, c.display_name),
    sort_name = coalesce(ch.after->'name'->>3, c.sort_name),
    primary_phone = coalesce(ch.after->'phone'->>1, c.primary_phone),
    stage = case when ch.after->>'stage' is null then c.stage else nullif(ch.after->>'stage', '') end,
    stage_since = case when ch.after->>'stage' is null then c.stage_since
        when ch.after->>'stage' = '' then null else %(now)s end,
    fed_at = case when ch.after->>'stage' is null or exists (
        select 1 from contacts_contactstats fed
        where fed.business_id = %(business_id)s and fed.contact_id = c.id and fed.last_fed_at is not null
    ) then c.fed_at else %(now)s end,
    version = c.version + 1, updated_at = %(now)s
from import_changes ch
where c.business_id = %(business_id)s and c.id = ch.contact_id
"""
# As where somebody writes it: what stands first is another one now, and nobody knows whether it works.
DROP_SECOND_POINTS = """
delete from contacts_contactpoint cp using import_changes ch
where cp.business_id = %(business_id)s and cp.contact_id = ch.contact_id and cp.kind in ('phone', 'postal')
  and (not cp.is_primary and cp.value_norm = ch.after->cp.kind::text->>1
       or cp.is_primary and ch.after->cp.kind::text->>1 = '')
"""
UPDATE_POINTS = """
update contacts_contactpoint cp set value = ch.after->cp.kind::text->>0, value_norm = ch.after->cp.kind::text->>1,
    verified_at = null, bounced_at = null, version = cp.version + 1, updated_at = %(now)s
from import_changes ch
where cp.business_id = %(business_id)s and cp.contact_id = ch.contact_id and cp.kind in ('phone', 'postal')
  and cp.is_primary and ch.after->cp.kind::text->>1 <> ''
"""
INSERT_POINTS = """
insert into contacts_contactpoint (
    business_id, id, created_at, updated_at, version, contact_id, kind, value, value_norm, label, is_primary, is_shared
)
select %(business_id)s, uuidv7(), %(stamp)s, %(now)s, 1, ch.contact_id, told.kind, ch.after->told.kind->>0,
    ch.after->told.kind->>1, '', true, false
from import_changes ch cross join (values ('phone'), ('postal')) as told (kind)
where ch.after->told.kind->>1 <> '' and not exists (
    select 1 from contacts_contactpoint cp
    where cp.business_id = %(business_id)s and cp.contact_id = ch.contact_id and cp.kind = told.kind and cp.is_primary
)
"""
APPLY = (
    INSERT_STAGE_CHANGES, UPDATE_PEOPLE, DROP_SECOND_POINTS, UPDATE_POINTS, INSERT_POINTS,
)  # fmt: skip

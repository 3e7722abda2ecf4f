"""Finds people who may be one, by what is equal: a job that looks at everybody once."""

from uuid import UUID

from django.utils.translation import ngettext

from contacts.models import DuplicateCandidate
from ecosystem.base import clock
from ecosystem.base.sql import execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Membership
from ecosystem.services.jobs import start_job

SEARCH_JOB = "duplicates"
# A number or a name that more people share than this says nothing of any two of them.
MOST_ALIKE = 8
MOST_KEPT = 5_000

_KEYS = """
create temp table duplicate_keys on commit drop as
select 'same_phone' as reason, 80 as score, right(cp.value_norm, 9) as key, c.id as contact_id
  from contacts_contact c
  join contacts_contactpoint cp on cp.business_id = %(business_id)s and cp.contact_id = c.id
 where c.business_id = %(business_id)s and c.deleted_at is null and cp.kind = 'phone' and length(cp.value_norm) >= 9
union
select 'same_email', 80, cp.value_norm, c.id
  from contacts_contact c
  join contacts_contactpoint cp on cp.business_id = %(business_id)s and cp.contact_id = c.id
 where c.business_id = %(business_id)s and c.deleted_at is null and cp.kind = 'email'
union
select 'same_mailbox_name', 50, split_part(cp.value_norm, '@', 1) || ' ' || casefold(c.family_name), c.id
  from contacts_contact c
  join contacts_contactpoint cp on cp.business_id = %(business_id)s and cp.contact_id = c.id
 where c.business_id = %(business_id)s and c.deleted_at is null and cp.kind = 'email' and c.family_name <> ''
   and length(split_part(cp.value_norm, '@', 1)) >= 4
union
select 'same_name', 30,
       (select string_agg(word, ' ' order by word) from unnest(string_to_array(c.sort_name, ' ')) word), c.id
  from contacts_contact c
 where c.business_id = %(business_id)s and c.deleted_at is null and c.sort_name like '%% %%'
"""
_ANALYZE = "analyze duplicate_keys"
_PAIRS = """
create temp table duplicate_pairs on commit drop as
with few as (
    select reason, key from duplicate_keys group by reason, key having count(*) between 2 and %(most)s
), pairs as (
    select one.contact_id as first_id, other.contact_id as second_id, one.reason, one.score
      from few
      join duplicate_keys one using (reason, key)
      join duplicate_keys other on other.reason = few.reason and other.key = few.key
       and other.contact_id > one.contact_id
)
select first_id, second_id, least(100, sum(score))::int as score,
       jsonb_agg(reason order by score desc, reason) as reasons
  from (select distinct * from pairs) pairs
 group by first_id, second_id
 order by score desc, first_id, second_id
 limit %(kept)s
"""
_KEEP = """
insert into contacts_duplicatecandidate as kept (
    business_id, id, created_at, updated_at, version, first_id, second_id, score, reasons, state, found_at
)
select %(business_id)s, uuidv7(), %(now)s, %(now)s, 1, first_id, second_id, score, reasons, 'open', %(now)s
  from duplicate_pairs
on conflict (business_id, first_id, second_id) do update
set score = excluded.score, reasons = excluded.reasons, found_at = excluded.found_at, updated_at = excluded.updated_at
where kept.state = 'open'
"""
_DROP = "drop table if exists duplicate_keys, duplicate_pairs"


def search_duplicates(*, actor: Membership | None) -> Job:
    """Begin a search; one that runs already is returned."""
    running = Job.objects.filter(kind=SEARCH_JOB, state__in=[Job.State.WAITING, Job.State.RUNNING]).first()
    return running or start_job(SEARCH_JOB, total=1, started_by=actor)


def work_search(business_id: int, job_id: UUID) -> bool:
    """Look at everybody in one transaction. Pairs that are two people stay so; those that are alike no more go."""
    with business_scope(business_id):
        job = Job.objects.select_for_update().get(id=job_id)
        if job.cancel_requested_at is not None:
            return False
        now = clock.now()
        execute(_KEYS)
        execute(_ANALYZE)
        execute(_PAIRS, {"most": MOST_ALIKE, "kept": MOST_KEPT})
        execute(_KEEP, {"now": now})
        DuplicateCandidate.objects.filter(state=DuplicateCandidate.State.OPEN, found_at__lt=now).delete()
        found = rows("select count(*) as pairs from duplicate_pairs")[0]["pairs"]
        execute(_DROP)
        told = ngettext(
            "Looked at everybody: %(count)d pair is alike.", "Looked at everybody: %(count)d pairs are alike.", found
        )
        job.done, job.message = 1, told % {"count": found}
        job.save(update_fields=["done", "message", "updated_at"])
    return False

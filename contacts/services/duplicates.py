"""Finds people who may be one, by what is equal: a job that looks at everybody once."""

from typing import Any
from uuid import UUID

from django.utils.translation import ngettext

from ecosystem.base.sql import execute, rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Membership
from ecosystem.services.jobs import start_job

SEARCH_JOB = "duplicates"
# A number or a name that more people share than this says nothing of any two of them.
MOST_ALIKE = 8
MOST_KEPT = 5_000

_SAME_EMAIL = """
create temp table duplicate_keys on commit drop as
select distinct cp.value_norm as key, c.id as contact_id
  from contacts_contact c
  join contacts_contactpoint cp on cp.business_id = %(business_id)s and cp.contact_id = c.id
 where c.business_id = %(business_id)s and c.deleted_at is null and cp.kind = 'email'
"""
_SAME_PHONE = """
create temp table duplicate_keys on commit drop as
select distinct right(cp.value_norm, 9) as key, c.id as contact_id
  from contacts_contact c
  join contacts_contactpoint cp on cp.business_id = %(business_id)s and cp.contact_id = c.id
 where c.business_id = %(business_id)s and c.deleted_at is null and cp.kind = 'phone' and length(cp.value_norm) >= 9
"""
_SAME_MAILBOX_NAME = """
create temp table duplicate_keys on commit drop as
select distinct split_part(cp.value_norm, '@', 1) || ' ' || casefold(c.family_name) as key, c.id as contact_id
  from contacts_contact c
  join contacts_contactpoint cp on cp.business_id = %(business_id)s and cp.contact_id = c.id
 where c.business_id = %(business_id)s and c.deleted_at is null and cp.kind = 'email' and c.family_name <> ''
   and length(split_part(cp.value_norm, '@', 1)) >= 4
"""
_SAME_NAME = """
create temp table duplicate_keys on commit drop as
select (select string_agg(word, ' ' order by word) from unnest(string_to_array(c.sort_name, ' ')) word) as key,
       c.id as contact_id
  from contacts_contact c
 where c.business_id = %(business_id)s and c.deleted_at is null and c.sort_name like '%% %%'
"""
# What may be equal of two people, how much it says, and how it is found: the strongest first, a slice of work each.
_WAYS = (
    ("same_email", 80, _SAME_EMAIL),
    ("same_phone", 80, _SAME_PHONE),
    ("same_mailbox_name", 50, _SAME_MAILBOX_NAME),
    ("same_name", 30, _SAME_NAME),
)
_ANALYZE = "analyze duplicate_keys"
# Who was found by something stronger comes first: what is equal of them too is added to it.
_KEEP = """
insert into contacts_duplicatecandidate as kept (
    business_id, id, created_at, updated_at, version, first_id, second_id, score, reasons, state, found_at
)
with few as (
    select key from duplicate_keys group by key having count(*) between 2 and %(most)s
), pairs as (
    select distinct one.contact_id as first_id, other.contact_id as second_id
      from few
      join duplicate_keys one using (key)
      join duplicate_keys other on other.key = few.key and other.contact_id > one.contact_id
), found as (
    select pairs.first_id, pairs.second_id, row_number() over (
             partition by earlier.id is null order by pairs.first_id, pairs.second_id) as place
      from pairs
      left join contacts_duplicatecandidate earlier
        on earlier.business_id = %(business_id)s and earlier.first_id = pairs.first_id
       and earlier.second_id = pairs.second_id and earlier.found_at = %(begun)s
)
select %(business_id)s, uuidv7(), %(begun)s, %(begun)s, 1, first_id, second_id, %(score)s,
       jsonb_build_array(%(reason)s::text), 'open', %(begun)s
  from found
 where place <= %(kept)s
on conflict (business_id, first_id, second_id) do update
set score = least(100, excluded.score + case when kept.found_at = excluded.found_at then kept.score else 0 end),
    reasons = case when kept.found_at = excluded.found_at then kept.reasons else '[]'::jsonb end || excluded.reasons,
    found_at = excluded.found_at, updated_at = excluded.updated_at
"""
_END = """
with likeliest as (
    select id from contacts_duplicatecandidate
     where business_id = %(business_id)s and state = 'open' and found_at >= %(begun)s
     order by score desc, first_id, second_id limit %(kept)s
)
delete from contacts_duplicatecandidate gone
 where gone.business_id = %(business_id)s and gone.state = 'open' and gone.id not in (select id from likeliest)
"""
_DROP = "drop table if exists duplicate_keys"
# Those kept apart are told of too: they are alike all the same.
_COUNT = """
select count(*) as pairs from contacts_duplicatecandidate where business_id = %(business_id)s and found_at = %(begun)s
"""


def search_duplicates(*, actor: Membership | None) -> Job:
    """Begin a search; one that runs already is returned."""
    running = Job.objects.filter(kind=SEARCH_JOB, state__in=[Job.State.WAITING, Job.State.RUNNING]).first()
    return running or start_job(SEARCH_JOB, total=len(_WAYS), started_by=actor)


def work_search(business_id: int, job_id: UUID) -> bool:
    """Look at everybody for one way to be alike, and say whether another is left; each is done once, or not at all.

    Pairs that are two people stay so; those that are alike no more go with the last way.
    """
    with business_scope(business_id):
        job = Job.objects.select_for_update().get(id=job_id)
        if job.cancel_requested_at is not None or job.cursor >= len(_WAYS):
            return False
        reason, score, keys = _WAYS[job.cursor]
        execute(keys)
        execute(_ANALYZE)
        given = {"most": MOST_ALIKE, "kept": MOST_KEPT, "begun": job.created_at}
        execute(_KEEP, {**given, "reason": reason, "score": score})
        execute(_DROP)
        job.cursor = job.done = job.cursor + 1
        job.total = len(_WAYS)
        if job.done == len(_WAYS):
            job.message = _end(given)
        job.save(update_fields=["cursor", "done", "total", "message", "updated_at"])
        return job.done < len(_WAYS)


def _end(given: dict[str, Any]) -> str:
    """Let go of the pairs that were not found this time, and those that are the least likely; how many were found."""
    found = rows(_COUNT, given)[0]["pairs"]
    execute(_END, given)
    told = ngettext(
        "Looked at everybody: %(count)d pair is alike.", "Looked at everybody: %(count)d pairs are alike.", found
    )
    return told % {"count": found}

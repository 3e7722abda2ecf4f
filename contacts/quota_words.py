"""The quotas of a business that are about its people: how many it holds, and how many lists come in at once."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from ecosystem.base.sql import rows
from ecosystem.quotas import QUOTAS, READERS, Quota, Reading, Span

# An index finds the work that is not over.
_USED = """
SELECT (business.quotas->>'people')::bigint AS own_people, (business.quotas->>'imports')::bigint AS own_imports,
       (SELECT coalesce(sum(amount), 0)::bigint FROM ecosystem_tally
         WHERE business_id = %(business_id)s AND name = 'people' AND key = '') AS people,
       (SELECT count(*) FROM ecosystem_job
         WHERE business_id = %(business_id)s AND kind IN ('import', 'import_waiting')
           AND state IN ('waiting', 'running')) AS imports
  FROM ecosystem_business AS business WHERE business.id = %(business_id)s"""


def readings() -> Mapping[str, Reading]:
    """How many people there are by the kept count, and how many lists are coming in."""
    (row,) = rows(_USED)
    return {
        "people": Reading(max(0, row["people"]), row["own_people"]),
        "imports": Reading(row["imports"], row["own_imports"]),
    }


READERS.add("contacts", readings)
QUOTAS.add(
    "people",
    Quota(
        _("People"),
        _("Everybody on your list. Whoever signs up by themselves, or joins your team, is taken in any case."),
        _("Take people off who are not there any more, or ask whoever runs this installation for more room."),
        "users",
        Span.KEPT,
        "contacts",
        lambda: settings.MOST_PEOPLE,
        slack=2_000,
        is_told=True,
    ),
    order=10,
)
QUOTAS.add(
    "imports",
    Quota(
        _("Lists coming in at once"),
        _("Each list goes on in the background; further ones wait here for you."),
        _("Start this one when another is in. It stays here until then."),
        "upload",
        Span.AT_ONCE,
        "contacts",
        lambda: settings.MOST_IMPORTS_AT_ONCE,
        slack=1_000_000_000,
    ),
    order=30,
)

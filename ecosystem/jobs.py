"""Registry of long work: what a job of each kind does, slice by slice."""

from collections.abc import Callable
from uuid import UUID

from ecosystem.base.registry import Registry

# work(business_id, job_id) does one slice in its own business_scope, moves `job.cursor` in the same transaction,
# and answers True while more remains.
JOBS: Registry[Callable[[int, UUID], bool]] = Registry("JOBS")

"""Registry of what is stored sealed, so that a change of keys reaches all of it."""

from collections.abc import Callable

from ecosystem.base.registry import Registry

# By the column as `app.Model.field`: seals every value anew with the newest key and says how many there were. Those of
# a business's own tables are asked inside each business.
SEALED: Registry[Callable[[], int]] = Registry("SEALED")

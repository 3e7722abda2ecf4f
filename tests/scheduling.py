"""Who of several workers gets which test."""

from xdist.scheduler import LoadScopeScheduling

# Their tests stand on something that takes long to make: once, by one worker.
TOGETHER = {f"tests/house/test_{name}.py" for name in ("plans", "schema_editor", "scope", "sql_literal", "requests")}


class OneByOne(LoadScopeScheduling):
    """Each test goes to whoever is free; those of a file that stands in TOGETHER go to one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid

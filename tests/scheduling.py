"""Who of several workers gets which test."""

from xdist.scheduler import LoadScopeScheduling

# Their tests stand on something that takes long to make: once, by one worker.
_OF_ONE_DATABASE = ("plans", "schema_editor", "scope", "sql_literal", "requests")
_OF_ONE_PAIR_OF_TENANTS = (
    *("api_examples", "api_walls", "fresh_sign_in", "headers", "offered", "requests_of_all", "visibility", "walls"),
)
TOGETHER = {f"tests/house/test_{name}.py" for name in (*_OF_ONE_DATABASE, *_OF_ONE_PAIR_OF_TENANTS)}


class OneByOne(LoadScopeScheduling):
    """Each test goes to whoever is free; those of a file that stands in TOGETHER go to one."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid

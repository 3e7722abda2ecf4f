"""How many statements a page costs, counted after its business is entered."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ecosystem.middleware import forget_businesses

_FRAME = ("SAVEPOINT", "RELEASE", "SELECT set_config")


def statements_of(client: Client, url: str) -> list[str]:
    """What a page asks of the database inside its business; once just before, for what a process keeps for seconds."""
    forget_businesses()
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(url)
    assert response.status_code == 200, response.status_code
    asked = [query["sql"] for query in captured]
    entries = [number for number, sql in enumerate(asked) if sql.startswith("SELECT set_config")]
    return [sql for sql in asked[entries[1] + 1 :] if not sql.startswith(_FRAME)]

"""The whole API asked by schemathesis, which reads the OpenAPI file: what it allows, and what it forbids.

By a fixed seed, over a real server. The file is the judge: no call ends in an error of ours,
every answer has a status, a kind of content and a body as the file says, and what the file forbids is refused.
A few calls of each operation here; WHOLE=1 asks every boundary of every field, some thousand of them.
"""

import gc
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from campaigns.demo.tenants import write_tenants
from ecosystem.rest import entry
from tests.campaigns.sizes import size
from tests.house.test_api_walls import operations, rows_of
from tests.house.wire import web_server

MORE = ("coverage",)[: int(size(0, 1))]
PHASES = ("examples", "coverage", "fuzzing", "stateful")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(size(300, 3600))]

CHECKS = {
    # The file cannot say every rule (a cursor is ours, one of two fields is enough): that the right calls are answered
    # is asserted below, and example by example in test_api_examples.py.
    "positive_data_acceptance": {"enabled": False},
    # What a delete takes away can be brought back: it stays where it was for whoever restores it.
    "use_after_free": {"enabled": False},
}
EXAMPLES = {"max-examples": int(size(3, 40))}
# Rows of a batch are taken or refused one by one: a wrong one is told in a line of the answer, which is a 200.
ROW_BY_ROW = "contact_batch"


@pytest.fixture
def server(monkeypatch) -> Iterator[str]:
    """The running product, which counts no calls: how they are counted is asked elsewhere."""
    for limit in ("PER_KEY", "PER_BUSINESS", "FAILURES"):
        monkeypatch.setattr(entry, limit, 10**6)
    with web_server() as (host, port):
        yield f"http://{host}:{port}"


def asked_and_found(server: str, mode: str, *phases: str) -> tuple[dict[str, Counter[int]], list[str]]:
    """How often each operation was answered with which status, and what was wrong with an answer."""
    tenant = write_tenants()[0]
    config = SchemathesisConfig.from_dict(
        {
            "seed": 20260127,
            "cache": {"enabled": False},
            "base-url": server,
            "headers": {"Authorization": f"Bearer {tenant.api_key}"},
            "generation": {"mode": mode, "deterministic": True, "database": "none", "no-shrink": True},
            "phases": {
                name: {"enabled": name in phases, **({"generation": EXAMPLES} if name == "fuzzing" else {})}
                for name in PHASES
            },
            "checks": CHECKS,
            "operations": [
                {"include-operation-id": ROW_BY_ROW, "checks": {"negative_data_rejection": {"enabled": False}}}
            ],
            # Ids in addresses are those of the tenant's own rows, or nothing behind them would ever be reached.
            "parameters": {f"path.{name}": value for name, value in rows_of(tenant).items()},
            "continue-on-failure": True,
        }
    )
    answered: dict[str, Counter[int]] = defaultdict(Counter)
    found = []
    schema = schemathesis.openapi.from_url(f"{server}/api/v1/openapi.json", config=config)
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            found.append(f"{event.label}: {event.info}")
        if isinstance(event, events.ScenarioFinished):
            for told in event.recorder.interactions.values():
                answered[event.recorder.label][told.response.status_code if told.response else 0] += 1
            for check in (one for many in event.recorder.checks.values() for one in many if one.failure_info):
                failure = check.failure_info.failure
                call = check.failure_info.code_sample[:600]
                found.append(f"{failure.operation}: {failure.title}\n{failure.message[:600]}\n{call}")
    del schema
    # The connections that were kept open end with what held them: closing the server waits for the last one.
    gc.collect()
    return answered, found


def test_what_the_file_allows_is_answered_as_it_says(server):
    answered, found = asked_and_found(server, "positive", "examples", "fuzzing", *MORE)
    assert found == []
    names = {f"{one.method.upper()} {one.path}" for one in operations()}
    assert answered.keys() >= names
    # A rule refuses some each time: the version of their example is old, or their row is gone by then.
    answered_well = [name for name in names if any(200 <= status < 300 for status in answered[name])]
    assert len(answered_well) > 0.8 * len(names)


def test_what_the_file_forbids_is_refused(server):
    answered, found = asked_and_found(server, "negative", "fuzzing", *MORE)
    assert found == []
    assert len(answered) > 35

"""SEC-64 over a whole run: what real workers print, and what stands in Redis, while everything goes wrong."""

import os
import re
from urllib.parse import urlsplit
from uuid import UUID

import psycopg2
import pytest
import redis
from django.conf import settings
from django.db import connections

from ecosystem.base.links import MessageSigner
from tests.mail_api import SECRET
from tests.rig.experiment import run
from tests.rig.plans import Plan
from tests.rig.town import make_town

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
FAULTS = {
    "smtp": "421=0.03,450=0.05,554=0.05,cut_before=0.03,cut_after=0.03",
    "postmark": "429=0.03,503=0.03,500=0.03,422=0.05,cut_before=0.03,cut_after=0.03",
}
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
NAME = re.compile(r"\bS\d+P\d+\b")
# Nobody's: the domain of a Message-ID is none, and a worker of Celery is called so.
PLACES = re.compile(r"@(?:localhost|[0-9.]+)$")


def leaks(text: str, secrets: set[str]) -> list[str]:
    """The addresses, names and secrets that stand in a text."""
    addresses = [found for found in ADDRESS.findall(text) if not PLACES.search(found)]
    return sorted({*addresses, *NAME.findall(text), *(secret for secret in secrets if secret in text)})


def secrets_of_run() -> set[str]:
    """Every token of every letter, the keys of the installation, the passwords of its servers, and the provider's."""
    database = str(connections["default"].settings_dict["NAME"])
    url = urlsplit(os.environ["OPS_DATABASE_URL"])._replace(path=f"/{database}").geturl()
    with psycopg2.connect(url) as session, session.cursor() as cursor:
        cursor.execute("SELECT business_id, id::text, address, address_hash FROM campaigns_message")
        letters = cursor.fetchall()
    found: set[str] = {SECRET, settings.SECRET_KEY}
    for business_id, letter, address, address_hash in letters:
        signer, letter_id = MessageSigner(business_id), UUID(letter)
        found |= {*signer.tokens(letter_id), signer.open_token(letter_id).decode(), address, address_hash}
    for name in ("PUBLIC_TOKEN_KEYS", "FIELD_KEYS", "ADDRESS_HASH_KEYS"):
        found |= set(getattr(settings, name).values())
    for name in ("DATABASE_URL", "OPS_DATABASE_URL", "REDIS_URL"):
        found |= {urlsplit(os.environ[name]).password or ""}
    return found - {""}


def kept_in_redis() -> str:
    """Every key of every database of Redis with all that stands under it."""
    said = []
    for number in range(4):
        server = redis.Redis.from_url(urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl())
        for key in server.scan_iter():
            kind = server.type(key)
            value = {
                b"string": server.get, b"hash": server.hgetall, b"set": server.smembers,
                b"list": lambda key, server=server: server.lrange(key, 0, -1),
                b"zset": lambda key, server=server: server.zrange(key, 0, -1, withscores=True),
            }.get(kind, lambda _key: "")(key)  # fmt: skip
            said.append(f"{key!r} {value!r}")
    return "\n".join(said)


@pytest.mark.parametrize("provider", ["smtp", "postmark"])
def test_sec_64_of_a_whole_run_no_output_names_anybody_or_holds_a_secret(tmp_path, provider):
    """SEC-64: workers killed, cut off and refused by a provider that repeats the address in its words."""
    plan = Plan(kills=3, cuts=2, freezes=1, seed=7, faults=FAULTS[provider], provider=provider, log_level="INFO")
    report = run(plan, make_town(businesses=12, people=30), tmp_path)
    assert report.history.faults == []
    secrets, said = secrets_of_run(), (tmp_path / "workers.log").read_text()
    assert len(secrets) > 12 * 30 * 5
    # They did say something, of what went wrong as well.
    assert said.count("\n") > 3, said
    assert leaks(said, secrets) == []
    assert leaks(kept_in_redis(), secrets) == []
    one = sorted(secrets, key=len)[-1]
    assert leaks(f"{said} refused p3@example.com S3P1 {one}", secrets) == sorted(["S3P1", "p3@example.com", one])

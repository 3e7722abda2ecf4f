"""docker-compose.yml holds what the security page asks of it, read as a file since not every machine has an engine."""

from pathlib import Path

import pytest
import yaml
from django.conf import settings

COMPOSE = yaml.safe_load((Path(settings.BASE_DIR) / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "lampwalk"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_kept_small(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] not in {"root", "0"}
    assert "healthcheck" in service or name == "migrate"


def test_only_who_migrates_and_who_deletes_knows_the_owner_of_the_tables():
    knowing = {name for name in SERVICES if "migration_database_url" in SERVICES[name].get("secrets", [])}
    assert knowing == {"migrate", "closing"}
    assert all(SERVICES[name]["networks"] == ["inside"] and "ports" not in SERVICES[name] for name in knowing)
    for name in set(OURS) - knowing:
        assert not any("MIGRATION" in variable or "OPS" in variable for variable in SERVICES[name]["environment"])


def test_rel_33_every_container_that_serves_or_works_is_held_to_its_limit():
    kinds = {name: SERVICES[name].get("environment", {}).get("PROCESS_KIND") for name in OURS}
    working = {name for name in OURS if "celery" in " ".join(SERVICES[name].get("command", []))}
    assert kinds["web"] == "web"
    assert {kinds[name] for name in working} == {"worker"}
    assert len(working) == 5


def test_every_lane_has_a_worker():
    served = []
    for name in OURS:
        words = " ".join(SERVICES[name].get("command", [])).split()
        if "-Q" in words:
            served += words[words.index("-Q") + 1].split(",")
    assert sorted(served) == sorted(settings.LANES)


def test_databases_are_reached_from_inside_only():
    for name in ("db", "redis", "cache"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["web"]["ports"][0].startswith("127.0.0.1:")


def test_every_secret_that_is_used_is_declared():
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])


def test_the_database_sorts_and_folds_as_the_embedded_one_does():
    arguments = SERVICES["db"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    assert {"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"} <= set(arguments)

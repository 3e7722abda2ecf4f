"""Settings refuse what they cannot work with, in one sentence, and are strict wherever https is spoken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from ecosystem.config import env
from ecosystem.config.reference import reference_page

ROOT = Path(settings.BASE_DIR)
PRODUCTION = {
    "PATH": os.environ["PATH"],
    "DATA_DIR": "/nonexistent",
    "DATABASE_URL": "postgres://crm_app:secret@db.example.com/lampwalk",
    "PUBLIC_URL": "https://crm.example.com",
    "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz",
    "PUBLIC_TOKEN_KEYS": "k2:abcdefghijklmnopqrstuvwxyz0123456789,k1:0123456789abcdefghijklmnopqrstuvwxyz",
    "FIELD_KEYS": "k1:abcdefghijklmnopqrstuvwxyz0123456789",
    "ADDRESS_HASH_KEYS": "k1:abcdefghijklmnopqrstuvwxyz0123456789",
}
SHOW = """
import json, sys
from ecosystem.config import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def read_settings(*names: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in {**PRODUCTION, **changes}.items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", SHOW, *names], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set; see docs/settings.md for how to make one."),
        ({"SECRET_KEY": "short"}, "SECRET_KEY must have at least 50 characters."),
        ({"SECRET_KEY": "development-only-" + "x" * 50}, "SECRET_KEY is a development value; make a new one."),
        ({"FIELD_KEYS": None}, "FIELD_KEYS is not set; see docs/settings.md for how to make one."),
        (
            {"PUBLIC_TOKEN_KEYS": "abcdefghijklmnopqrstuvwxyz0123456789"},
            "PUBLIC_TOKEN_KEYS must be id:secret,id:secret with different ids and 32 characters or more each.",
        ),
        ({"PUBLIC_URL": "http://crm.example.com"}, "PUBLIC_URL must begin with https:// outside this machine."),
        ({"DATABASE_URL": "s3cret without a scheme"}, "DATABASE_URL must be a URL such as scheme://host/name."),
        (
            {"DATABASE_URL": None},
            "DATABASE_URL is not set and no embedded server has been made here yet; start bin/up once.",
        ),
        ({"DEBUG": "perhaps"}, "DEBUG must be yes or no (1 or 0), not 'perhaps'."),
        ({"CONN_MAX_AGE": "soon"}, "CONN_MAX_AGE must be a whole number, not 'soon'."),
        ({"SECRET_KEY": None, "SECRET_KEY_FILE": "/nonexistent"}, "SECRET_KEY_FILE cannot be read"),
    ],
)
def test_a_start_without_what_it_needs_ends_with_one_sentence(changes, sentence):
    done = read_settings(**changes)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Lampwalk cannot start: {sentence}")
    assert done.stderr.count("\n") == 1
    assert "s3cret" not in done.stderr


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "key").write_text("k9:abcdefghijklmnopqrstuvwxyz0123456789\n")
    done = read_settings("FIELD_KEYS", FIELD_KEYS=None, FIELD_KEYS_FILE=str(tmp_path / "key"))
    assert json.loads(done.stdout) == {"FIELD_KEYS": {"k9": "abcdefghijklmnopqrstuvwxyz0123456789"}}


def test_the_first_key_of_a_list_comes_first():
    found = json.loads(read_settings("PUBLIC_TOKEN_KEYS").stdout)["PUBLIC_TOKEN_KEYS"]
    assert list(found) == ["k2", "k1"]


def test_cookies_are_bound_to_the_host_where_https_is_spoken():
    names = [
        "SESSION_COOKIE_NAME",
        "SESSION_COOKIE_SECURE",
        "CSRF_COOKIE_NAME",
        "CSRF_COOKIE_SECURE",
        "SECURE_SSL_REDIRECT",
        "SESSION_COOKIE_HTTPONLY",
        "SESSION_COOKIE_SAMESITE",
        "CSRF_COOKIE_HTTPONLY",
        "CSRF_COOKIE_SAMESITE",
    ]
    assert json.loads(read_settings(*names).stdout) == {
        "SESSION_COOKIE_NAME": "__Host-sid",
        "SESSION_COOKIE_SECURE": True,
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Lax",
    }
    local = json.loads(read_settings(*names, PUBLIC_URL="http://127.0.0.1:8000").stdout)
    assert local["SESSION_COOKIE_NAME"] == "sid"
    assert local["SECURE_SSL_REDIRECT"] is False


def test_the_owner_is_known_only_where_it_is_named():
    assert list(json.loads(read_settings("DATABASES").stdout)["DATABASES"]) == ["default"]
    found = read_settings("DATABASES", MIGRATION_DATABASE_URL="postgres://crm_owner:x@db.example.com/lampwalk")
    assert set(json.loads(found.stdout)["DATABASES"]) == {"default", "owner"}


@pytest.mark.parametrize(("kind", "limit"), [("web", "5s"), ("worker", "60s"), ("command", "0")])
def test_a_statement_may_take_as_long_as_its_process_may_wait(kind, limit):
    assert json.loads(read_settings("STATEMENT_TIMEOUT", PROCESS_KIND=kind).stdout)["STATEMENT_TIMEOUT"] == limit


def test_faults_on_purpose_are_ignored_on_a_public_address():
    assert json.loads(read_settings("FAULT_PLAN", FAULT_PLAN="after_claim:1:kill").stdout)["FAULT_PLAN"] == ""


def test_sec_47_django_finds_nothing_to_warn_about_in_production():
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={**PRODUCTION, "DJANGO_SETTINGS_MODULE": "ecosystem.config.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_settings_reference_is_what_the_readers_say():
    assert (ROOT / "docs" / "settings.md").read_text() == reference_page()


def test_a_file_of_variables_fills_in_what_is_not_set(tmp_path, monkeypatch):
    (tmp_path / "embedded.env").write_text("GIVEN=file\nMISSING=file\n# NOTE=x\n")
    monkeypatch.setenv("GIVEN", "environment")
    monkeypatch.delenv("MISSING", raising=False)
    env.load_file(tmp_path / "embedded.env")
    assert os.environ["GIVEN"] == "environment"
    assert os.environ["MISSING"] == "file"
    monkeypatch.delenv("MISSING")


def test_every_variable_is_explained():
    assert [variable.name for variable in env.VARIABLES.values() if not variable.help] == []

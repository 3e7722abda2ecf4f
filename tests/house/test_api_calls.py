"""The calls that the page of the API offers for copying are done as they stand there, by a shell and by Python."""

import os
import shutil
import subprocess
import sys

import pytest
from django.urls import reverse

from campaigns.demo.tenants import write_tenants
from tests.house.wire import web_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


def done(command: list[str], key: str) -> str:
    """What a program of the user's own says, which has the key in its surroundings and no file."""
    kept = {"PATH": os.environ["PATH"], "LAMPWALK_KEY": key}
    asked = subprocess.run(command, env=kept, capture_output=True, text=True, timeout=60, check=False)
    return asked.stdout + asked.stderr


def test_a_call_with_a_file_or_with_none_needs_nothing_but_curl_or_python(client, settings):
    tenant = write_tenants()[0]
    with web_server() as (host, port):
        settings.PUBLIC_URL = f"http://{host}:{port}"
        groups = client.get(reverse("api_docs")).context["groups"]
        offered = {one.anchor: one for group in groups.values() for one in group}
        sent, added = offered["import_file_add"], offered["contact_add"]
        assert '"rows":2' in done([sys.executable, "-I", "-c", sent.python], tenant.api_key), sent.python
        if shutil.which("curl"):
            assert '"rows":2' in done(["sh", "-c", sent.curl], tenant.api_key), sent.curl
            assert '"display_name"' in done(["sh", "-c", added.curl], tenant.api_key), added.curl
        else:
            assert '"display_name"' in done([sys.executable, "-I", "-c", added.python], tenant.api_key), added.python

"""Log lines carry no addresses, no tokens and no query strings."""

import json
import logging
import re
import sys

import pytest

from ecosystem.base.masking import mask
from ecosystem.config.logs import ShortBeat, logging_config, mask_request
from tests.house.routes import all_routes


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("sent to ana.baker+news@mail.example.com today", "sent to ***@*** today"),
        ("called +49 (30) 901820-12 twice", "called *** twice"),
        ("took 12:09:07 and 1234567890 bytes", "took 12:09:07 and 1234567890 bytes"),
    ],
)
def test_addresses_are_struck_out(written, kept):
    assert mask(written) == kept


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("GET /b/oat-and-ember/contacts/?q=ana", "GET /b/oat-and-ember/contacts/"),
        ("POST /u/k1.AbCd-123", "POST /u/***"),
        ("GET /l/k1.AbCd-123/?utm=x", "GET /l/***/"),
        ("POST /e/k1.AbCd-123", "POST /e/***"),
        ("GET /accounts/confirm-email/Mg:1abc/", "GET /accounts/confirm-email/***/"),
    ],
)
def test_tokens_and_query_strings_are_struck_out_of_requests(asked, kept):
    assert mask_request(asked) == kept


def test_sec_64_the_token_of_every_link_is_struck_out_wherever_it_leads():
    links = [route.path for route in all_routes() if "token" in route.parameters]
    assert len(links) > 10
    for path in links:
        address = "/" + re.sub(r"<(?:\w+:)?token>", "ZZTOKEN-secret", path)
        assert "ZZTOKEN" not in mask_request(f"GET {address}"), path


def test_a_line_of_a_library_is_masked_too_with_its_traceback():
    config = logging_config(as_json=True, level="INFO")["formatters"]["line"]
    formatter = config["()"](foreign_pre_chain=config["foreign_pre_chain"], processors=config["processors"])
    try:
        raise ValueError("no such mailbox: ana@example.com")
    except ValueError:
        record = logging.getLogger("smtplib").makeRecord(
            "smtplib", logging.ERROR, __file__, 1, "refused %s", ("ana@example.com",), sys.exc_info()
        )
    line = json.loads(formatter.format(record))
    assert line["event"] == "refused ***@***"
    assert line["exception"].endswith("no such mailbox: ***@***")


def test_beat_says_one_line_while_redis_is_away():
    try:
        raise ConnectionError("connection refused")
    except ConnectionError:
        record = logging.getLogger("celery.beat").makeRecord(
            "celery.beat", logging.ERROR, __file__, 1, "Message Error: %s\n%s", ("x", "stack"), sys.exc_info()
        )
    assert ShortBeat().filter(record)
    assert record.getMessage() == "beat could not wake a worker: connection refused"
    assert record.exc_info is None

"""One visitor at the public pages: what was asked there is kept, and which page was shown or sent how."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve
from django.utils import timezone

from campaigns.demo.tenants import DemoTenant
from campaigns.gateways.sms_incoming import SIGNATURE, sign_request
from campaigns.models import Message
from ecosystem.base.tenancy import business_scope
from tests.house.doors import tokens_of
from tests.house.questions import Everything

READER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@dataclass
class Visit:
    """Somebody who comes to the pages of a business, for a reason that names what they ask."""

    tenant: DemoTenant
    asked: Everything
    reason: str
    client: Client = field(default_factory=lambda: Client(headers=READER))

    def __post_init__(self) -> None:
        self.tokens = tokens_of(self.tenant)

    def get(self, url: str, *, status: int | None = 200) -> HttpResponse:
        """A page that is looked at."""
        return self._ask("GET", url, status, lambda: self.client.get(url))

    def head(self, url: str, *, status: int | None = 200) -> HttpResponse:
        """A page that a program only knocks at."""
        return self._ask("HEAD", url, status, lambda: self.client.head(url))

    def post(self, url: str, fields: dict[str, Any] | None = None, *, status: int | None = 200) -> HttpResponse:
        """A form that is sent."""
        return self._ask("POST", url, status, lambda: self.client.post(url, fields or {}))

    def tell(self, url: str, told: dict[str, Any], *, secret: str, status: int | None = 200) -> HttpResponse:
        """What a provider posts as JSON, signed."""
        body = json.dumps(told).encode()
        headers = {SIGNATURE: sign_request(secret, body, at=timezone.now().timestamp())}

        def ask() -> Any:
            return self.client.post(url, body, content_type="application/json", headers=headers)

        return self._ask("POST", url, status, ask)

    def post_json(self, url: str, sent: dict[str, Any], *, status: int = 200) -> HttpResponse:
        """What a script sends."""
        return self._ask("POST", url, status, lambda: self.client.post(url, sent, content_type="application/json"))

    def message(self) -> Message:
        """The letter that the links of this visit stand in."""
        return Message.objects.select_related("contact", "topic").filter(enrollment__isnull=False).latest("id")

    @contextmanager
    def behind_the_scenes(self) -> Iterator[None]:
        """The business, entered by hand: what is changed there is no question of a visitor."""
        with business_scope(self.tenant.business):
            yield

    @contextmanager
    def a_minute_ago(self) -> Iterator[None]:
        """A person needs time to read: what is looked at here is sent a minute later."""
        with time_machine.travel(timezone.now() - timedelta(minutes=1), tick=True):
            yield

    def _ask(self, method: str, url: str, status: int | None, ask: Any) -> HttpResponse:
        name = resolve(urlsplit(url).path).view_name
        place = f"{method} {name} ({self.reason})"
        with self.asked.at(place):
            answer = ask()
        self.asked.visited.add((method, name))
        assert answer.status_code == status or (status is None and answer.status_code < 500), (place, answer)
        return answer

"""The links by which somebody's copy is fetched and their erasure confirmed."""

from uuid import UUID

from django.conf import settings

from ecosystem.base.links import DATA_COPY, DATA_ERASURE, sign_link

# By the letter: the purpose of its link and the word it begins with.
LINKS = {"data_copy": (DATA_COPY, "d"), "confirm_erasure": (DATA_ERASURE, "f")}


def data_url(template: str, business_id: int, request_id: UUID) -> str:
    """The link of one request; made when the letter is built and kept nowhere.

    Always the same one: its time is that of the id, a uuid7.
    """
    purpose, word = LINKS[template]
    asked_at = int.from_bytes(request_id.bytes[:6]) / 1000
    token = sign_link(purpose, business_id, request_id.bytes, issued_at=asked_at)
    return f"{settings.PUBLIC_URL.rstrip('/')}/{word}/{token}"

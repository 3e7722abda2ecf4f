"""SEC-56: what is too large is refused before it is read, wherever it is sent."""

from io import BytesIO
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from contacts.lists.csv_files import MAX_BYTES
from contacts.models import Import
from ecosystem.base.tenancy import business_scope
from ecosystem.body_limits import MEGABYTE
from ecosystem.models import BrandImage, BusinessProfile
from ecosystem.services.brand import MOST_BYTES

pytestmark = pytest.mark.django_db

ROOM = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
FORM = "multipart/form-data; boundary=b"


class Unread:
    """A body that nobody may ask for anything."""

    def read(self, *_size: int) -> bytes:
        raise AssertionError("the body was read")

    readline = readlines = __iter__ = read


def send(client: Client, url: str, length: int, body: object = None, **headers: str):
    return client.generic(
        "POST", url, content_type=FORM, CONTENT_LENGTH=str(length), **{"wsgi.input": body or Unread()}, headers=headers
    )


def test_a_body_over_the_limit_of_its_page_is_refused_unread(as_nora, bakery):
    at = {"slug": bakery.slug}
    limits = {
        reverse("contacts:import_list", kwargs=at): (25 * MEGABYTE + ROOM, "At most 25 MB"),
        reverse("ecosystem:brand", kwargs=at): (5 * MEGABYTE + ROOM, "At most 5 MB"),
        reverse("contacts:contact_add", kwargs=at): (ROOM, "At most 1 MB"),
        reverse("contacts:import_check", kwargs={**at, "id": uuid4()}): (ROOM, "At most 1 MB"),
        "/accounts/login/": (ROOM, "At most 1 MB"),
        "/nowhere/": (ROOM, "At most 1 MB"),
    }
    for url, (most, words) in limits.items():
        for length in (most + 1, 10**12):
            refused = send(as_nora, url, length)
            assert (refused.status_code, words in refused.content.decode()) == (413, True), (url, length)


def test_a_length_that_is_no_number_is_refused(as_nora):
    assert as_nora.generic("POST", "/accounts/login/", content_type=FORM, CONTENT_LENGTH="x").status_code == 413


def test_a_program_is_told_as_a_problem(client):
    for url in ("/api/v1/imports", "/api/v1/nothing"):
        refused = send(client, url, ROOM + 1, authorization="Bearer lw_x")
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
        assert refused["Content-Type"] == "application/problem+json"
    assert send(client, "/nowhere/", ROOM + 1, accept="application/json").json()["status"] == 413


def test_what_is_as_large_as_a_page_says_is_taken(as_nora, bakery):
    head = b"Name,Email,Note\n"
    row = b"Ana,ana@example.com,"
    rows = [row + b"x" * 30_000 for _number in range((MAX_BYTES - len(head)) // (len(row) + 30_001))]
    file = SimpleUploadedFile("people.csv", head + b"\n".join(rows))
    assert MAX_BYTES - 40_000 < file.size <= MAX_BYTES
    sent = as_nora.post(reverse("contacts:import_list", kwargs={"slug": bakery.slug}), {"file": file})
    assert sent.status_code == 302
    with business_scope(bakery):
        assert Import.objects.get().row_count == len(rows)


def test_a_file_that_is_a_little_too_large_is_told_beside_its_field(as_nora, bakery):
    file = SimpleUploadedFile("people.csv", b"x" * (MAX_BYTES + 1))
    sent = as_nora.post(reverse("contacts:import_list", kwargs={"slug": bakery.slug}), {"file": file})
    assert sent.status_code == 422
    assert "This file is larger than 25 MB." in sent.content.decode()
    with business_scope(bakery):
        assert not Import.objects.exists()


def test_a_mark_is_as_large_as_it_may_be_and_no_larger(as_nora, bakery):
    url, picture = reverse("ecosystem:brand", kwargs={"slug": bakery.slug}), BytesIO()
    Image.new("RGB", (8, 8), "#7a3b12").save(picture, format="PNG")
    with business_scope(bakery):
        profile = BusinessProfile.objects.get()
    fields = {"mark_colour": "#7a3b12", "mark_icon": profile.mark_icon, "version": profile.version}
    for extra, status in ((0, 302), (1, 422)):
        content = picture.getvalue() + b"\x00" * (MOST_BYTES - picture.tell() + extra)
        sent = as_nora.post(url, {**fields, "mark": SimpleUploadedFile("mark.png", content)})
        assert sent.status_code == status
    with business_scope(bakery):
        assert BrandImage.objects.count() == 1

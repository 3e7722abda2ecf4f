"""How a business looks to its customers: the picture, the colour, the headline, and a look before anything is kept."""

import re
from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from ecosystem.base.errors import Invalid
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, BrandImage, Business, BusinessProfile
from ecosystem.queries.businesses import get_profile
from ecosystem.services import brand as brand_service
from ecosystem.services.brand import MOST_KEPT, keep_image


def picture(size: tuple[int, int] = (900, 600), file_format: str = "JPEG", **told: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "#c06e00").save(out, format=file_format, **told)
    return out.getvalue()


def upload(content: bytes, name: str = "mark.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


@pytest.fixture
def url(bakery: Business) -> str:
    return reverse("ecosystem:brand", kwargs={"slug": bakery.slug})


def profile_of(bakery: Business) -> BusinessProfile:
    with business_scope(bakery):
        return get_profile()


def fields(bakery: Business, **changes: object) -> dict[str, object]:
    kept = profile_of(bakery)
    said = {"mark_icon": kept.mark_icon, "mark_colour": kept.mark_colour, "core_message": "Slow bread."}
    return said | {"kept_key": kept.mark_key, "version": kept.version, "do": "save"} | changes


def file_url(bakery: Business, key: str) -> str:
    return reverse("ecosystem:public_file", kwargs={"slug": bakery.slug, "file": key})


def test_the_picture_stands_on_every_page_that_customers_see(as_nora: Client, bakery: Business, url: str):
    assert as_nora.post(url, fields(bakery, mark=upload(picture()))).status_code == 302
    kept = profile_of(bakery)
    address = file_url(bakery, kept.mark_key)
    assert address in as_nora.get(url).content.decode()
    for what in ("opt_in", "preferences", "leave", "text", "letter"):
        frame = as_nora.get(reverse("ecosystem:brand_frame", kwargs={"slug": bakery.slug, "what": what}))
        assert address in frame.content.decode(), what
    with business_scope(bakery):
        assert AuditEntry.objects.filter(action="brand_changed").count() == 1


def test_sec_44_a_picture_is_drawn_anew_and_served_so_that_nothing_in_it_runs(as_nora: Client, bakery: Business, url):
    secret = b"GPS 51.5N 0.1W"
    content = picture(exif=Image.Exif().tobytes() + secret, comment=secret) + b"<script>alert(1)</script>"
    as_nora.post(url, fields(bakery, mark=upload(content, "mark.svg")))
    answer = Client().get(file_url(bakery, profile_of(bakery).mark_key))
    drawn = Image.open(BytesIO(answer.content))
    assert (answer.status_code, drawn.format, max(drawn.size)) == (200, "PNG", 512)
    assert secret not in answer.content
    assert b"script" not in answer.content
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!doctype html><script>alert(1)</script>",
        b"GIF89a<script>alert(1)</script>",
        b"",
        b"\x89PNG\r\n\x1a\n" + b"\x00" * 40,
        picture(file_format="BMP"),
    ],
    ids=["svg", "html", "gif that is none", "empty", "broken", "another kind"],
)
def test_sec_44_what_is_no_picture_is_refused_by_its_bytes_and_what_was_typed_stays(
    as_nora: Client, bakery: Business, url: str, content: bytes
):
    answer = as_nora.post(url, fields(bakery, mark=upload(content), core_message="Typed words."))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Typed words." in page
    assert profile_of(bakery).mark_key == ""
    with business_scope(bakery):
        assert BrandImage.objects.count() == 0


@pytest.fixture(scope="module")
def bomb() -> bytes:
    """A small file that is a large picture."""
    out = BytesIO()
    Image.new("1", (5001, 5000)).save(out, format="PNG")
    return out.getvalue()


def test_sec_44_a_picture_of_more_than_25_million_points_is_refused_before_it_is_drawn(bomb: bytes, in_bakery):
    assert len(bomb) < brand_service.MOST_BYTES
    with pytest.raises(Invalid) as refusal:
        keep_image(bomb)
    assert refusal.value.code == "image_too_large"
    assert keep_image(picture((2000, 1000))).width == 512


def test_sec_12_a_file_has_an_address_nobody_can_guess_and_no_other(as_nora, as_gus, bakery, garage, url):
    as_nora.post(url, fields(bakery, mark=upload(picture())))
    key = profile_of(bakery).mark_key
    assert len(key) == 43
    for client in (Client(), as_gus):
        assert client.get(file_url(bakery, key)).status_code == 200
        assert client.get(file_url(garage, key)).status_code == 404
        for trick in (
            key[:-1],
            f"../{key}",
            f"..%2f{key}",
            f"%2e%2e/{key}",
            f"{key}%00",
            f"{key}%00.png",
            f"{key}/",
            f"{key}/../{key}",
            "",
            "%2e",
        ):
            assert client.get(f"/p/{bakery.slug}/files/{trick}").status_code == 404, trick


def test_the_picture_can_be_taken_away_and_an_old_letter_still_shows_it(as_nora: Client, bakery: Business, url: str):
    as_nora.post(url, fields(bakery, mark=upload(picture())))
    key = profile_of(bakery).mark_key
    as_nora.post(url, fields(bakery, without_mark="on"))
    assert profile_of(bakery).mark_key == ""
    assert Client().get(file_url(bakery, key)).status_code == 200


def test_old_pictures_go_by_and_by_but_never_the_one_in_use(in_bakery: Business):
    used = keep_image(picture((9, 9)))
    BusinessProfile.objects.update(mark_key=used.key)
    for _turn in range(MOST_KEPT + 3):
        keep_image(picture((9, 9)))
    assert BrandImage.objects.filter(key=used.key).exists()
    assert BrandImage.objects.count() == MOST_KEPT + 1


def test_a_colour_on_which_the_sign_cannot_be_read_is_refused_with_its_figure(as_nora: Client, bakery: Business, url):
    for colour, said in (("#ffffff", "1.2 to 1"), ("red", "Write the colour as #"), ("#f2b33d", "to 1, it needs 4.5")):
        answer = as_nora.post(url, fields(bakery, mark_colour=colour))
        assert (answer.status_code, said in answer.content.decode()) == (422, True), colour
    assert profile_of(bakery).mark_colour == "#7a3b12"


def test_a_look_shows_what_was_typed_and_keeps_nothing(as_nora: Client, bakery: Business, url: str):
    typed = fields(bakery, do="look", what="opt_in", width="phone", mark=upload(picture()), mark_colour="#14513e")
    answer = as_nora.post(url, typed | {"core_message": "Not yet kept."})
    page = answer.content.decode()
    assert answer.status_code == 200
    before = profile_of(bakery)
    assert (before.core_message, before.mark_key, before.mark_colour, before.version) == ("", "", "#7a3b12", 1)
    frame_url = unescape(re.search(r'<iframe class="letter-frame phone"[^>]* src="([^"]+)"', page)[1])
    frame = as_nora.get(frame_url)
    assert "Not yet kept." in frame.content.decode()
    policy = frame.headers["Content-Security-Policy"]
    assert "script-src 'none'" in policy
    assert "sandbox allow-same-origin" in policy
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    key = re.search(r'name="kept_key" value="([^"]+)"', page)[1]
    saved = as_nora.post(url, fields(bakery, kept_key=key))
    assert saved.status_code == 302
    assert profile_of(bakery).mark_key == key


def test_a_look_of_another_business_is_not_shown(as_nora: Client, as_gus: Client, bakery, garage, url: str):
    page = as_nora.post(url, fields(bakery, do="look", what="opt_in")).content.decode()
    frame_url = unescape(re.search(r'<iframe[^>]* src="([^"]+)"', page)[1])
    assert as_gus.get(frame_url).status_code == 404
    assert as_gus.get(frame_url.replace(bakery.slug, garage.slug)).status_code == 400
    assert as_nora.get(frame_url[:-3]).status_code == 400


def test_another_business_picture_cannot_be_taken(as_gus: Client, bakery: Business, garage: Business):
    with business_scope(bakery):
        key = keep_image(picture()).key
    theirs = reverse("ecosystem:brand", kwargs={"slug": garage.slug})
    answer = as_gus.post(theirs, fields(garage, kept_key=key))
    assert answer.status_code == 422
    assert profile_of(garage).mark_key == ""


def test_an_edit_on_an_old_page_shows_both_and_loses_nothing(as_nora: Client, bakery: Business, url: str):
    old = fields(bakery, core_message="Mine, typed long.")
    as_nora.post(url, fields(bakery, core_message="Theirs."))
    answer = as_nora.post(url, old)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Mine, typed long." in page
    assert "Theirs." in page
    assert profile_of(bakery).core_message == "Theirs."
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert as_nora.post(url, old | {"version": version}).status_code == 302
    assert profile_of(bakery).core_message == "Mine, typed long."


def test_staff_and_the_garage_next_door_cannot_change_it(as_sam: Client, as_gus: Client, bakery: Business, url: str):
    asked = fields(bakery)
    assert [client.post(url, asked).status_code for client in (as_sam, as_gus)] == [403, 404]

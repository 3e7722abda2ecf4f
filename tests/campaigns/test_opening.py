"""The picture that tells of opening: by the choice of the business, of people alone, and for nobody who minds."""

import re
from email import message_from_bytes

import pytest
from django.urls import reverse

from campaigns.models import Message, TrackingEvent
from campaigns.queries.sequences import steps_with_numbers
from campaigns.rendering.letters import Letter, compile_letter
from campaigns.services.enrollments import enroll_contact
from campaigns.services.measuring import Measuring, set_measuring
from campaigns.services.sequence_steps import add_letter
from campaigns.services.sequences import create_sequence, start_sequence
from campaigns.views.tracking import PICTURE
from contacts.models import Consent, ConsentState, Contact, ContactStats, Interaction
from ecosystem.base.ids import uuid7
from ecosystem.base.links import LINK, OPEN, BadLink, MessageSigner, read_link, sign_link
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, BusinessProfile
from ecosystem.services.invariants import check_invariants
from tests.campaigns.test_rendering import mail as build_mail
from tests.campaigns.test_tracking import READER
from tests.factories.campaigns import make_friend, make_letter, pass_time, work
from tests.factories.permission import owner_of

pytestmark = pytest.mark.django_db

IMAGE = re.compile(r'<img src="http://[^"]+(/o/[\w-]+)" width="1" height="1" alt=""')
APPLE = {"HTTP_USER_AGENT": "Mozilla/5.0"}
GMAIL = {"HTTP_USER_AGENT": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"}


def choose(shop, *, links: bool = True, opens: bool = True) -> None:
    set_measuring(Measuring(links, opens), actor=owner_of(shop))


def mail_text(mail_server) -> str:
    """The newest mail that came, its soft line breaks undone."""
    return mail_server.accepted[-1].body.replace(b"=\r\n", b"").replace(b"=3D", b"=").decode()


def send(topic, mail_server, friend: Contact | None = None, **letter: str) -> str:
    """Send a letter of a sequence to a friend; what came."""
    sequence = create_sequence(name="Welcome", topic=topic)
    add_letter(sequence, make_letter(**letter))
    enroll_contact(start_sequence(sequence), friend or make_friend(topic), source="staff")
    work()
    return mail_text(mail_server)


@pytest.fixture
def picture(shop, seasonal, mail_server) -> str:
    """Where the picture of a letter is that was sent six seconds ago."""
    choose(shop)
    (found,) = IMAGE.findall(send(seasonal, mail_server))
    pass_time(6)
    return found


def judged() -> list[Interaction]:
    """What counts, once the judgement of all that waits is due."""
    pass_time(11)
    work("webhooks")
    return list(Interaction.objects.filter(kind="message_opened"))


def moved() -> list[object]:
    """All that an open must not move."""
    stats = ContactStats.objects.values().first()
    return [
        list(Contact.objects.values_list("stage", "last_touch_at", "fed_at")),
        {name: value for name, value in (stats or {}).items() if name not in ("updated_at", "lines_count")},
        Consent.objects.count(),
        list(ConsentState.objects.values_list("state", flat=True)),
    ]


def test_without_a_choice_no_letter_holds_a_picture(shop, seasonal, mail_server):
    assert "/o/" not in send(seasonal, mail_server)
    assert not BusinessProfile.objects.get().sees_opens


def test_an_opening_by_a_person_is_told_once_a_day_and_moves_nothing(shop, picture, client):
    before = moved()
    for _ in range(3):
        answer = client.get(picture, **READER)
        assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, PICTURE, "image/gif")
        assert "no-store" in answer["Cache-Control"]
        assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert not answer.cookies
    assert TrackingEvent.objects.count() == 1
    (line,) = judged()
    message = Message.objects.get()
    assert (line.contact_id, line.object_id) == (message.contact_id, message.id)
    assert message.opened_at is not None
    assert message.clicked_at is None
    assert moved() == before
    assert [(step.opened, step.clicked) for step in steps_with_numbers(message.sequence)][:1] == [(1, 0)]
    pass_time(61)
    client.get(picture, **READER)
    assert len(judged()) == 1
    assert steps_with_numbers(message.sequence)[0].opened == 1
    assert check_invariants().problems == ()


@pytest.mark.parametrize(("who", "reason"), [(APPLE, "agent"), (GMAIL, "agent"), ({}, "agent")])
def test_what_fetches_pictures_for_everybody_is_no_reader(shop, picture, client, who, reason):
    client.get(picture, **(who or {"HTTP_USER_AGENT": ""}))
    event = TrackingEvent.objects.get()
    assert (event.kind, event.is_machine, event.machine_reason) == ("opened", True, reason)
    assert judged() == []
    assert Message.objects.get().opened_at is None
    # A machine that came first does not hide the person who comes in the same minute.
    client.get(picture, **READER)
    assert len(judged()) == 1


def test_a_head_or_the_first_five_seconds_are_no_reader(shop, seasonal, mail_server, client):
    choose(shop)
    (picture,) = IMAGE.findall(send(seasonal, mail_server))
    client.get(picture, **READER)
    client.head(picture, **READER)
    assert set(TrackingEvent.objects.values_list("machine_reason", flat=True)) <= {"too_soon", "head"}
    assert TrackingEvent.objects.filter(is_machine=False).count() == 0
    assert judged() == []


def test_whoever_fetches_the_picture_and_follows_every_link_is_a_machine(shop, seasonal, mail_server, client):
    choose(shop)
    text = send(seasonal, mail_server, body="[a](https://example.com/a) and [b](https://example.com/b)")
    pass_time(6)
    for url in {*re.findall(r"/[lo]/[\w-]+(?:/\d+)?", text)}:
        client.get(url, **READER)
    assert judged() == []
    assert set(TrackingEvent.objects.values_list("kind", "machine_reason")) == {
        ("opened", "all_links"),
        ("clicked", "all_links"),
    }


def test_whoever_only_opens_a_letter_without_links_is_a_person(shop, seasonal, mail_server, client):
    choose(shop)
    (picture,) = IMAGE.findall(send(seasonal, mail_server, body="Bread is ready."))
    pass_time(6)
    client.get(picture, **READER)
    assert len(judged()) == 1


def test_a_forged_foreign_or_unknown_token_gets_the_picture_and_changes_nothing(shop, picture, garage, client):
    token = picture.split("/")[2]
    message = Message.objects.get()
    tokens = MessageSigner(shop.pk).tokens(message.id)
    for bad in (
        "nothing",
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        sign_link(OPEN, garage.pk, message.id.bytes),
        sign_link(OPEN, shop.pk, uuid7().bytes),
        sign_link(OPEN, shop.pk, b"no id"),
        *tokens[:3],
    ):
        answer = client.get(f"/o/{bad}", **READER)
        assert (answer.status_code, answer.content) == (200, PICTURE)
        assert "no-store" in answer["Cache-Control"]
    assert TrackingEvent.objects.count() == 0
    assert client.post(picture, **READER).status_code == 405
    with pytest.raises(BadLink):
        read_link(LINK, token)


def test_an_open_tells_nothing_of_one_business_to_another(shop, picture, garage, client):
    client.get(picture, **READER)
    with business_scope(garage):
        assert TrackingEvent.objects.count() == 0


def test_once_switched_off_letters_of_before_tell_nothing_either(shop, picture, client):
    choose(shop, opens=False)
    assert client.get(picture, **READER).content == PICTURE
    assert TrackingEvent.objects.count() == 0


def test_a_test_letter_counts_for_nobody(shop, picture, client):
    Message.objects.update(is_test=True)
    client.get(picture, **READER)
    assert judged() == []
    assert Message.objects.get().opened_at is None


@pytest.mark.parametrize("message_class", ["marketing", "relationship", "transactional"])
def test_what_somebody_needs_now_never_holds_the_picture(message_class):
    plan = compile_letter(Letter(subject="Hello", body="Bread."), message_class=message_class)
    raw = build_mail(plan, has_pixel=True)
    assert raw.count(b"/o/") == (message_class != "transactional")
    assert b"/o/" not in build_mail(plan)


def test_a_letter_in_base64_holds_the_picture_as_well():
    raw = build_mail(compile_letter(Letter(subject="Hello", body="Хлеб готов. " * 200)), has_pixel=True)
    (page,) = [part for part in message_from_bytes(raw).walk() if part.get_content_type() == "text/html"]
    assert page["Content-Transfer-Encoding"] == "base64"
    assert re.search(r'/o/[\w-]+" width="1"', page.get_payload(decode=True).decode())


def test_without_following_links_stand_as_they_were_written(shop, seasonal, mail_server):
    choose(shop, links=False, opens=False)
    text = send(seasonal, mail_server)
    assert "/l/" not in text
    assert 'href="https://example.com/story"' in text


# Each reader decides


def test_by_one_tap_nothing_is_told_of_somebody_old_letters_or_new_ones(shop, seasonal, mail_server, client):
    choose(shop)
    ana, ben = make_friend(seasonal, 1), make_friend(seasonal, 2)
    text = send(seasonal, mail_server, ana)
    pass_time(6)
    preferences = re.search(r"/prefs/[\w-]+", text)[0]
    assert "Read without being watched" in client.get(preferences).content.decode()
    TrackingEvent.objects.all().delete()
    page = client.post(preferences, {"measure": "no"}).content.decode()
    assert "From this second nothing tells us what you open or follow." in page
    assert "We do not look over your shoulder" in page
    (link,) = set(re.findall(r"/l/[\w-]+/1", text))
    assert client.get(IMAGE.findall(text)[0], **READER).content == PICTURE
    assert client.get(link, **READER)["Location"] == "https://example.com/story"
    assert TrackingEvent.objects.filter(kind__in=["opened", "clicked"]).count() == 0
    assert Message.objects.filter(opened_at=None, clicked_at=None).count() == 1
    # Of two that go together only hers tells nothing.
    sequence = create_sequence(name="More", topic=seasonal)
    add_letter(sequence, make_letter("More"))
    live = start_sequence(sequence)
    for friend in (ana, ben):
        enroll_contact(live, friend, source="staff")
    pass_time(40 * 24 * 3600)
    work()
    both = {mail.recipient: mail.body.decode() for mail in mail_server.accepted[-2:]}
    assert ["/o/" in both[f"friend{number}@example.com"] for number in (1, 2)] == [False, True]
    assert ["/l/" in both[f"friend{number}@example.com"] for number in (1, 2)] == [False, True]
    assert "https://example.com/story" in both["friend1@example.com"]
    client.post(preferences, {"measure": "again"})
    ana.refresh_from_db()
    assert not ana.is_unmeasured


def test_the_team_sees_that_somebody_does_not_want_to_be_watched(shop, seasonal, client):
    ana = make_friend(seasonal)
    Contact.objects.update(is_unmeasured=True)
    client.force_login(owner_of(shop).user)
    kwargs = {"slug": shop.slug, "id": ana.id, "card": "permission"}
    assert (
        "They asked not to be watched" in client.get(reverse("contacts:contact_panel", kwargs=kwargs)).content.decode()
    )


# The settings page


def test_the_owner_chooses_what_letters_tell(shop, client):
    client.force_login(owner_of(shop).user)
    url = reverse("campaigns:measuring", kwargs={"slug": shop.slug})
    page = client.get(url).content.decode()
    assert re.search(r'name="follows_links"[^>]*checked', page)
    assert not re.search(r'name="sees_opens"[^>]*checked', page)
    assert client.post(url, {"follows_links": "on", "sees_opens": "on"}).status_code == 302
    assert BusinessProfile.objects.values_list("follows_links", "sees_opens").get() == (True, True)
    assert client.post(url, {"follows_links": "on", "sees_opens": "on"}).status_code == 302
    assert AuditEntry.objects.filter(action="measuring_changed").count() == 1
    assert client.post(url, {}).status_code == 302
    assert BusinessProfile.objects.values_list("follows_links", "sees_opens").get() == (False, False)

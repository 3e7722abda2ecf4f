"""A stop comes off by the person's own new yes, and by nothing else."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from contacts.models import Consent, ConsentState, Import, Suppression
from contacts.queries.consent import channel_hashes, find_state, is_suppressed
from contacts.services.consent import confirm_consent, grant_consent, grant_own_consent, withdraw_consent
from contacts.services.contacts import delete_contact
from contacts.services.import_slices import work_import
from contacts.services.imports import map_import, permit_import, start_import, upload_import
from contacts.services.suppression import lift_suppression, suppress_address
from ecosystem.base.addresses import address_hash
from ecosystem.base.errors import NotAllowed
from ecosystem.base.tenancy import business_scope
from ecosystem.queries.zones import date_of_business
from tests.factories.permission import make_business, make_person, make_topic, owner_of, say_yes

pytestmark = pytest.mark.django_db

ANA = "ana@example.com"


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


def live() -> list[tuple]:
    """The stops that count, as (topic id, reason)."""
    return list(Suppression.objects.filter(lifted_at=None).order_by("id").values_list("topic_id", "reason"))


def import_yes(*people, topic, source="newsletter 2024") -> int:
    """Bring these people's yes in with a list; how many of them count."""
    lines = "".join(f"{person.display_name},{person.primary_email}\n" for person in people)
    imported = upload_import(f"Name,Email\n{lines}".encode(), file_name="list.csv")
    map_import(imported.id, mapping=imported.mapping)
    permit_import(imported.id, rule="all", topic=topic, source=source, said_on=date_of_business(timezone.now()))
    work_import(imported.business_id, start_import(imported.id).job_id)
    return Import.objects.get(id=imported.id).permitted_count


def test_sec_59_a_list_brings_a_yes_but_never_opens_what_somebody_closed(bakery):
    topic = make_topic()
    ana, ben = make_person(ANA), make_person("ben@example.com", "Ben")
    say_yes(ana, topic)
    withdraw_consent(ana, channel="email", topic=topic, source="link")
    assert import_yes(ana, ben, topic=topic) == 1
    assert find_state(ana, channel="email", topic=topic).state == "withdrawn"
    assert find_state(ben, channel="email", topic=topic).state == "granted"
    assert live() == [(topic.id, "unsubscribed")]


def test_c8_a_list_cannot_bring_back_somebody_who_was_deleted_after_leaving(bakery):
    topic = make_topic()
    ana = make_person(ANA)
    withdraw_consent(ana, channel="email", topic=None, source="link")
    delete_contact(ana, actor=None, now=timezone.now())
    ana.points.all().delete()
    again = make_person(ANA)
    assert import_yes(again, topic=topic) == 0
    assert not ConsentState.objects.filter(contact=again).exists()
    assert live() == [(None, "unsubscribed")]


def test_a_list_does_not_write_over_a_yes_that_stands(bakery):
    topic = make_topic()
    ana = make_person(ANA)
    say_yes(ana, topic)
    assert import_yes(ana, topic=topic) == 0
    assert Consent.objects.filter(act="imported").count() == 0


def test_sec_59_staff_cannot_open_what_somebody_closed(bakery):
    topic, nora = make_topic(), owner_of(bakery)
    ana = make_person(ANA)
    withdraw_consent(ana, channel="email", topic=topic, source="link")
    with pytest.raises(NotAllowed):
        grant_consent(
            ana, channel="email", topic=topic, actor=nora, source="paper", said_on=date(2026, 1, 2), note="card 3"
        )
    assert live() == [(topic.id, "unsubscribed")]
    assert Consent.objects.filter(act="granted").count() == 0


@pytest.mark.parametrize(
    ("act", "source", "by_team"),
    [
        ("granted", "paper", True),
        ("granted", "preferences", True),
        ("granted", "api", False),
        ("imported", "import", False),
        ("requested", "signup", False),
    ],
)
def test_sec_59_no_other_yes_lifts_a_suppression(bakery, act, source, by_team):
    topic = make_topic()
    ana = make_person(ANA)
    hashes = channel_hashes("email", [ANA])
    suppress_address(channel="email", hashes=hashes, topic=None, reason="unsubscribed")
    consent = Consent.objects.create(
        contact=ana, address_hash=hashes[0], channel="email", topic=topic, act=act, source=source,
        actor=owner_of(bakery) if by_team else None, occurred_at=timezone.now(),
    )  # fmt: skip
    with pytest.raises(NotAllowed):
        lift_suppression(consent, address=ANA)
    assert live() == [(None, "unsubscribed")]


def test_sec_59_a_yes_for_one_address_opens_no_other(bakery):
    topic = make_topic()
    ana = make_person(ANA)
    suppress_address(channel="email", hashes=channel_hashes("email", [ANA]), topic=None, reason="unsubscribed")
    consent = confirm_consent(ana, address="other@example.com", channel="email", topic=topic, wording="w")
    with pytest.raises(NotAllowed):
        lift_suppression(consent, address=ANA)
    assert live() == [(None, "unsubscribed")]


def test_a_new_confirmed_yes_to_one_thing_leaves_everything_else_closed(bakery):
    season, offers = make_topic(), make_topic("Offers")
    ana = make_person(ANA)
    say_yes(ana, season)
    withdraw_consent(ana, channel="email", topic=None, source="preferences")
    confirm_consent(ana, address=ANA, channel="email", topic=season, wording="w")
    hashes = channel_hashes("email", [ANA])
    assert not is_suppressed("email", hashes, topic=season)
    assert is_suppressed("email", hashes, topic=offers)
    assert live() == [(offers.id, "unsubscribed")]


def test_a_yes_on_their_own_page_opens_the_address_again(bakery):
    topic = make_topic()
    ana = make_person(ANA)
    say_yes(ana, topic)
    withdraw_consent(ana, channel="email", topic=topic, source="link")
    grant_own_consent(ana, address=ANA, channel="email", topic=topic, wording="w", source="preferences")
    assert live() == []
    assert find_state(ana, channel="email", topic=topic).state == "granted"


def test_a_graver_reason_takes_the_place_of_a_lighter_one_and_never_back(bakery):
    hashes = channel_hashes("email", [ANA])
    assert suppress_address(channel="email", hashes=hashes, topic=None, reason="unsubscribed")
    assert not suppress_address(channel="email", hashes=hashes, topic=None, reason="bounced")
    assert not suppress_address(channel="email", hashes=hashes, topic=None, reason="manual")
    assert live() == [(None, "bounced")]


def test_sec_54_a_stop_bites_after_the_key_of_the_hashes_was_changed(bakery, settings):
    topic = make_topic()
    old = settings.ADDRESS_HASH_KEYS
    suppress_address(channel="email", hashes=channel_hashes("email", [ANA]), topic=None, reason="unsubscribed")
    settings.ADDRESS_HASH_KEYS = {"d2": "another secret of enough length for a test", **old}
    assert Suppression.objects.get().address_hash != address_hash("email", ANA)
    assert is_suppressed("email", channel_hashes("email", [ANA]), topic=topic)
    assert import_yes(make_person(ANA), topic=topic) == 0


def test_sec_59_one_module_alone_can_take_a_stop_off():
    takes_off = re.compile(
        r"lifted_at\s*=(?!=|\s*(None|models))|SET lifted_at|DELETE FROM contacts_suppression", re.IGNORECASE
    )
    base = Path(django_settings.BASE_DIR)
    files = [file for app in ("ecosystem", "contacts", "campaigns") for file in (base / app).rglob("*.py")]
    writers = [
        str(file.relative_to(base))
        for file in files
        if "migrations" not in file.parts and takes_off.search(file.read_text())
    ]
    assert writers == ["contacts/services/suppression.py"]

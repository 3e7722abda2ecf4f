"""How somebody likes to be written to, and asking for a yes, over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.models import Message, Signup
from contacts.models import Contact
from contacts.services.consent import withdraw_consent
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from tests.factories.permission import make_person, make_topic


@pytest.fixture
def ana(bakery) -> Contact:
    with business_scope(bakery):
        return make_person()


def test_what_they_said_is_noted_and_the_rest_stays(till, bakery, ana):
    path = f"contacts/{ana.pk}/wishes"
    assert till.get(path).json() == {
        "contact_id": str(ana.pk), "preferred_channel": "", "timezone": "", "rest_until": None, "rhythm_days": None,
        "quiet_from_minute": None, "quiet_until_minute": None,
    }  # fmt: skip
    noted = till.patch(path, {"preferred_channel": "sms", "timezone": "America/Chicago"})
    assert (noted.status_code, noted.json()["preferred_channel"]) == (200, "sms")
    rests = till.patch(path, {"rest_days": 30}).json()
    assert (rests["timezone"], rests["preferred_channel"]) == ("America/Chicago", "sms")
    with business_scope(bakery):
        until = Contact.objects.get(pk=ana.pk).paused_until
        assert timedelta(days=29) < until - timezone.now() <= timedelta(days=30)
        assert AuditEntry.objects.filter(action="rest_noted").count() == 1


def test_a_rest_that_they_took_is_never_shortened(till, bakery, ana):
    path = f"contacts/{ana.pk}/wishes"
    with business_scope(bakery):
        theirs = timezone.now() + timedelta(days=80)
        Contact.objects.update(paused_until=theirs)
    till.patch(path, {"rest_days": 30})
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).paused_until == theirs
    till.patch(path, {"rest_days": 90})
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).paused_until > theirs


def test_a_rest_that_is_over_is_told_no_more(till, bakery, ana):
    with business_scope(bakery):
        Contact.objects.update(paused_until=timezone.now() - timedelta(hours=1))
    assert till.get(f"contacts/{ana.pk}/wishes").json()["rest_until"] is None


def test_the_openapi_file_names_the_rests_there_are(till):
    parts = till.get("openapi.json").json()["components"]["schemas"]
    (name,) = (name for name in parts if name.endswith("WishesIn"))
    rest = parts[name]["properties"]["rest_days"]
    for wrapped in ("allOf", "oneOf"):
        rest = {**rest, **rest[wrapped][0]} if wrapped in rest else rest
    if "$ref" in rest:
        rest = parts[rest["$ref"].rpartition("/")[2]]
    assert (rest["type"], rest["enum"]) == ("integer", [30, 90])


def test_a_rest_of_a_whole_number_written_with_a_point_is_one(till, bakery, ana):
    assert till.patch(f"contacts/{ana.pk}/wishes", {"rest_days": 30.0}).status_code == 200
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).paused_until > timezone.now()


@pytest.mark.parametrize(
    "body",
    [{"rest_days": 31}, {"rest_days": True}, {"rest_days": "30"}, {"rest_days": 0}, {"rhythm_days": 7},
     {"preferred_channel": "post"}, {"timezone": "Moon/Base"}, {"paused_until": None}],
)  # fmt: skip
def test_what_is_not_offered_is_refused_and_nothing_of_it_kept(till, bakery, ana, body):
    assert till.patch(f"contacts/{ana.pk}/wishes", {"preferred_channel": "sms", **body}).status_code == 400
    with business_scope(bakery):
        assert Contact.objects.values_list("preferred_channel", "paused_until", "timezone").get(pk=ana.pk) == (
            "",
            None,
            "",
        )


def test_one_letter_asks_for_a_yes_and_no_second_one_for_thirty_days(till, bakery, ana):
    with business_scope(bakery):
        topic = make_topic()
    path, body = f"contacts/{ana.pk}/consent-requests", {"topic_id": str(topic.pk)}
    asked = till.post(path, body)
    assert (asked.status_code, asked.json()["contact_id"]) == (202, str(ana.pk))
    again = till.post(path, body)
    assert (again.status_code, again.json()["code"]) == (409, "asked_already")
    with business_scope(bakery):
        assert str(Signup.objects.get().pk) == asked.json()["id"]
        assert Message.objects.get().template == "confirm_signup"
    (state,) = till.get(f"contacts/{ana.pk}/permissions").json()["items"]
    assert state["state"] != "granted"


def test_who_said_no_is_not_asked(till, bakery, ana):
    with business_scope(bakery):
        topic = make_topic()
        withdraw_consent(ana, channel="email", topic=topic, source="team")
    refused = till.post(f"contacts/{ana.pk}/consent-requests", {"topic_id": str(topic.pk)})
    assert (refused.status_code, refused.json()["code"]) == (403, "said_no")
    with business_scope(bakery):
        assert not Message.objects.exists()

"""Pages of pace and quiet hours: the rules of the business, what was held back, and what waits for one person."""

import pytest
from django.urls import reverse

from campaigns.models import ChannelRule, Message
from campaigns.services.enrollments import enroll_contacts
from contacts.models import Contact
from contacts.services.consent import withdraw_consent
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.clocks import local_time
from tests.factories.permission import make_member, make_topic, owner_of
from tests.statements import statements_of

WORDS = {
    "channel": "email",
    "most_count": "2",
    "most_days": "14",
    "keeps_hours": "on",
    "opens_minute": "600",
    "closes_minute": "1020",
}


@pytest.fixture
def nora(client, shop):
    """Nora in her browser."""
    client.force_login(owner_of(shop).user)
    return client


def page_of(business, name, app="campaigns", **kwargs):
    return reverse(f"{app}:{name}", kwargs={"slug": business.slug, **kwargs})


def test_the_owner_sets_pace_and_hours_for_each_channel(nora, shop):
    url = page_of(shop, "channel_rules")
    page = nora.get(url).content.decode()
    assert "The law has hours for texts" in page
    assert nora.post(url, WORDS).status_code == 302
    rule = ChannelRule.objects.get()
    assert (rule.channel, rule.most_count, rule.most_days) == ("email", 2, 14)
    assert (rule.opens_minute, rule.closes_minute, rule.at_weekends) == (600, 1020, False)
    assert AuditEntry.objects.filter(action="channel_rule_changed").count() == 1
    assert nora.post(url, {**WORDS, "channel": "sms", "keeps_hours": "", "at_weekends": "on"}).status_code == 302
    texts = ChannelRule.objects.get(channel="sms")
    assert (texts.opens_minute, texts.closes_minute, texts.at_weekends) == (None, None, True)
    shown = nora.get(url).content.decode()
    assert '<option value="600" selected>' in shown


@pytest.mark.parametrize(
    "wrong", [{"most_count": "0"}, {"most_count": "101"}, {"most_days": "11"}, {"closes_minute": "600"}]
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(nora, shop, wrong):
    answer = nora.post(page_of(shop, "channel_rules"), {**WORDS, **wrong})
    assert answer.status_code == 422
    assert not ChannelRule.objects.exists()


def test_a_channel_that_there_is_none_of_changes_nothing(nora, shop):
    assert nora.post(page_of(shop, "channel_rules"), {**WORDS, "channel": "pigeon"}).status_code == 302
    assert not ChannelRule.objects.exists()


def test_staff_do_not_set_the_pace(client, shop):
    client.force_login(make_member(shop, Role.STAFF).user)
    assert client.post(page_of(shop, "channel_rules"), WORDS).status_code == 403
    with business_scope(shop):
        assert not ChannelRule.objects.exists()


def test_what_was_held_back_is_counted_with_the_promise_and_opens_into_its_people(nora, shop, mail_server):
    topic = make_topic("Offers", promised_count=1, promised_days=7)
    friends = [make_friend(topic, number) for number in range(3)]
    sequence = make_sequence(topic, letters=2, wait=60)
    enroll_contacts(sequence, [friend.id for friend in friends], source="staff")
    work()
    pass_time(61)
    work()
    step = sequence.versions.get().steps.get(position=2)
    detail = nora.get(page_of(shop, "sequence_detail", id=sequence.id), {"step": step.step_key}).content.decode()
    assert "3 held back by your promise of 1 a week" in detail
    people_url = page_of(shop, "step_messages", id=sequence.id, step_key=step.step_key, outcome="held")
    assert people_url in detail
    people = nora.get(people_url).content.decode()
    assert all(friend.display_name in people for friend in friends)
    assert people.count("as many letters of this topic as you promised") == 3
    withdraw_consent(friends[0], channel="email", topic=topic, source="unsubscribe")
    people = nora.get(people_url).content.decode()
    assert people.count("as many letters of this topic as you promised") == 2
    assert "Only their own new yes opens this again." in people, "what ended it, not what it waited for before"
    pass_time(7 * 86_400)
    work()
    # What was held back and went later still counts, and is told as sent.
    states = Message.objects.filter(held_by="promise").order_by("state").values_list("state", flat=True)
    assert list(states) == ["accepted", "accepted", "cancelled"]
    assert (
        "3 held back by your promise of 1 a week"
        in nora.get(page_of(shop, "sequence_detail", id=sequence.id), {"step": step.step_key}).content.decode()
    )


def test_the_rule_of_the_business_is_named_where_it_held_a_letter_back(nora, shop, mail_server):
    ChannelRule.objects.create(channel="email", most_count=1, most_days=10)
    topic = make_topic("Bread news", promised_count=31)
    friend = make_friend(topic)
    sequence = make_sequence(topic, letters=2, wait=60)
    enroll_contacts(sequence, [friend.id], source="staff")
    work()
    pass_time(61)
    work()
    step = sequence.versions.get().steps.get(position=2)
    detail = nora.get(page_of(shop, "sequence_detail", id=sequence.id), {"step": step.step_key}).content.decode()
    assert "1 held back by your rule of 1 in 10 days" in detail
    person = nora.get(page_of(shop, "contact_panel", app="contacts", id=friend.id, card="pace")).content.decode()
    held = Message.objects.get(held_by="rule")
    assert "as many letters as your rule allows" in person
    local = local_time(shop, held.due_at)
    assert f"It goes on {local.day} {local:%b %Y}" in person
    assert "1 letter lately. Your rule is 1 in 10 days." in person


def test_the_team_notes_by_which_clock_somebody_lives(nora, shop, seasonal):
    friend = make_friend(seasonal)
    url = page_of(shop, "contact_zone", id=friend.id)
    assert nora.post(url, {"zone": "Asia/Kathmandu"}).status_code == 302
    friend.refresh_from_db()
    assert friend.timezone == "Asia/Kathmandu"
    nora.post(url, {"zone": "Middle/Earth"})
    assert Contact.objects.get(id=friend.id).timezone == "Asia/Kathmandu"
    assert (
        'value="Asia/Kathmandu" selected'
        in nora.get(page_of(shop, "contact_panel", app="contacts", id=friend.id, card="pace")).content.decode()
    )


def test_the_card_of_the_pace_costs_the_same_whatever_waits_for_them(nora, shop, mail_server):
    ChannelRule.objects.create(channel="email", most_count=1, most_days=10)
    topic = make_topic("Bread news", promised_count=31)
    friend = make_friend(topic)
    page = page_of(shop, "contact_panel", app="contacts", id=friend.id, card="pace")
    counts = []
    for _letter in range(3):
        enroll_contacts(make_sequence(topic), [friend.id], source="staff")
        work()
        counts.append(len(statements_of(nora, page)))
    assert counts[1] == counts[2] == counts[0] + 1


def test_a_topic_says_that_its_promise_is_kept(nora, shop, seasonal):
    assert "One more waits for its turn" in nora.get(page_of(shop, "topic_list", app="contacts")).content.decode()

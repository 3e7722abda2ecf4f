"""A letter that did not get through stands in its person's timeline, with why, and can be tried again."""

import pytest
from django.urls import reverse

from campaigns.models import Message, QueuedMessage
from campaigns.queries.sequences import sequence_numbers
from campaigns.services.again import send_once_more
from campaigns.services.enrollments import enroll_contacts
from campaigns.services.proofs import lost_places, untold_letters, wrong_counts
from contacts.models import Interaction
from contacts.services.consent import withdraw_consent
from ecosystem.base.access import Role
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, NotAllowed, NotFound
from ecosystem.models import AuditEntry
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_member, owner_of
from tests.smtp_server import DROP_AFTER, Trouble
from tests.statements import statements_of


@pytest.fixture
def nora(client, shop):
    """Nora in her browser."""
    return sign_in(client, owner_of(shop).user)


@pytest.fixture
def friend(seasonal):
    return make_friend(seasonal, 0)


@pytest.fixture
def refused(seasonal, friend, mail_server) -> Message:
    """A letter that its receiver refused once."""
    return letter_with(Trouble("rcpt", "550 5.7.1 not welcome here", times=1), seasonal, friend, mail_server)


def letter_with(trouble, topic, friend, mail_server) -> Message:
    """The letter of a sequence after its worker met a trouble."""
    mail_server.script(friend.primary_email, trouble)
    enroll_contacts(make_sequence(topic), [friend.id], source="staff")
    work()
    return Message.objects.get(contact=friend)


def page_of(shop, friend) -> str:
    return reverse("contacts:contact_detail", kwargs={"slug": shop.slug, "id": friend.pk})


def again_url(shop, friend, message) -> str:
    ids = {"slug": shop.slug, "id": friend.pk, "object_id": message.pk}
    return reverse("campaigns:message_again", kwargs=ids)


def nothing_is_wrong() -> bool:
    """Counts, queue and timelines agree with the letters."""
    return not wrong_counts() + lost_places() + untold_letters()


def test_the_line_stays_with_its_reason_and_one_press_sends_it_once_more(nora, shop, friend, refused, mail_server):
    assert refused.state == "failed"
    page = nora.get(page_of(shop, friend)).content.decode()
    assert "did not get through" in page
    assert "It was refused. Said: 550 5.7.1 not welcome here" in page
    assert again_url(shop, friend, refused) in page
    for _press in range(2):
        answer = nora.post(again_url(shop, friend, refused), follow=True).content.decode()
        assert "It goes once more" in answer
    assert again_url(shop, friend, refused) not in answer
    assert QueuedMessage.objects.filter(id=refused.id).count() == 1
    assert nothing_is_wrong()
    work()
    refused.refresh_from_db()
    assert (refused.state, Message.objects.filter(contact=friend).count()) == ("accepted", 1)
    assert len(mail_server.accepted) == 1
    assert Interaction.objects.filter(contact=friend, kind="message_sent").count() == 1
    assert sequence_numbers(refused.sequence).sent == 1
    assert nothing_is_wrong()
    assert AuditEntry.objects.filter(action="message_tried_again").count() == 1
    nora.post(again_url(shop, friend, refused))
    work()
    assert len(mail_server.accepted) == 1


def test_who_has_left_meanwhile_gets_nothing_and_the_page_says_why(nora, shop, friend, refused, mail_server):
    withdraw_consent(friend, channel="email", topic=refused.topic, source="team", actor=owner_of(shop))
    answer = nora.post(again_url(shop, friend, refused), follow=True).content.decode()
    assert "It goes once more" not in answer
    refused.refresh_from_db()
    assert refused.state == "failed"
    assert not QueuedMessage.objects.exists()
    with pytest.raises(NotAllowed):
        send_once_more(friend, refused.id, actor=owner_of(shop))


def test_who_leaves_between_the_press_and_the_sending_gets_nothing(shop, friend, refused, mail_server):
    send_once_more(friend, refused.id, actor=owner_of(shop))
    withdraw_consent(friend, channel="email", topic=refused.topic, source="team", actor=owner_of(shop))
    work()
    refused.refresh_from_db()
    assert refused.state in ("cancelled", "skipped")
    assert mail_server.accepted == []
    assert nothing_is_wrong()


def test_what_may_have_arrived_says_so_and_goes_only_when_somebody_wants_it(nora, shop, friend, seasonal, mail_server):
    message = letter_with(Trouble("dot", DROP_AFTER, times=1), seasonal, friend, mail_server)
    assert message.state == "unknown"
    page = nora.get(page_of(shop, friend)).content.decode()
    assert "may not have arrived" in page
    assert "Sent again, it may come twice." in page
    nora.post(again_url(shop, friend, message))
    work()
    message.refresh_from_db()
    assert message.state == "accepted"
    assert nothing_is_wrong()


@pytest.mark.parametrize(
    ("state", "reason", "why"),
    [
        ("expired", "too_late", "it would come too late to be of use"),
        ("lost", "", "somebody of the team gave it up"),
        ("parked", "", "before we have mended"),
        ("failed", "opted_out", "only they can open that"),
    ],
)
def test_what_may_not_be_tried_again_says_why_and_has_no_button(nora, shop, friend, refused, state, reason, why):
    Message.objects.filter(id=refused.id).update(state=state, reason=reason)
    page = nora.get(page_of(shop, friend)).content.decode()
    assert why in page
    assert again_url(shop, friend, refused) not in page
    with pytest.raises(Conflict):
        send_once_more(friend, refused.id, actor=owner_of(shop))
    assert not QueuedMessage.objects.exists()


def test_what_is_of_no_use_any_more_is_not_tried_again(nora, shop, friend, refused):
    Message.objects.filter(id=refused.id).update(expires_at=now())
    assert again_url(shop, friend, refused) not in nora.get(page_of(shop, friend)).content.decode()
    with pytest.raises(Conflict):
        send_once_more(friend, refused.id, actor=owner_of(shop))


def test_it_is_for_those_who_may_send_and_for_this_person_alone(client, shop, friend, refused, seasonal):
    helper = make_member(shop, Role.HELPER, email="max@example.com")
    as_max = sign_in(client, helper.user)
    page = as_max.get(page_of(shop, friend)).content.decode()
    assert "did not get through" in page
    assert again_url(shop, friend, refused) not in page
    assert as_max.post(again_url(shop, friend, refused)).status_code == 403
    other = make_friend(seasonal, 1)
    with pytest.raises(NotFound):
        send_once_more(other, refused.id, actor=owner_of(shop))
    refused.refresh_from_db()
    assert refused.state == "failed"


def test_it_stands_at_its_place_among_the_lines_and_costs_the_same(nora, shop, friend, refused):
    before = len(statements_of(nora, page_of(shop, friend)))
    pass_time(3 * 24 * 3600)
    Interaction.objects.bulk_create(
        Interaction(contact=friend, kind="call", occurred_at=now(), source="test", external_id=str(number))
        for number in range(25)
    )
    first = nora.get(page_of(shop, friend)).content.decode()
    assert "did not get through" not in first
    cursor = first.partition("?cursor=")[2].partition("#")[0]
    older = nora.get(reverse("contacts:timeline", kwargs={"slug": shop.slug, "id": friend.pk}), {"cursor": cursor})
    assert older.content.decode().count("did not get through") == 2  # the line, and the name of its button
    assert len(statements_of(nora, page_of(shop, friend))) == before

"""Letters in the browser: written, looked at, tried out, never lost."""

import re
from uuid import uuid4

import pytest

from campaigns.models import Content, ContentVersion, Message, Pressure
from contacts.models import Consent, Interaction
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, BusinessProfile, Tally
from ecosystem.services.invariants import check_invariants
from tests.factories.campaigns import make_letter, make_sequence, states_of, work
from tests.factories.permission import make_business, make_person, make_topic

pytestmark = pytest.mark.django_db

WORDS = {
    "name": "Rye is back",
    "subject": "Rye, {{ first_name }}",
    "preheader": "On Thursday",
    "body": "Hello {{ contact.first_name }},\n\nread [our story](https://example.com/story).",
    "button_label": "Keep a loaf",
    "button_url": "https://example.com/loaf",
}


@pytest.fixture
def here(bakery):
    return f"/b/{bakery.slug}/letters/"


@pytest.fixture
def sendable(bakery):
    """The bakery with everything a letter needs of it."""
    with business_scope(bakery):
        BusinessProfile.objects.update(
            sender_name="Nora", sender_email="nora@example.com", postal_address="12 Tulip Street\nMarlow Bend"
        )
        make_topic()
    return bakery


@pytest.fixture
def letter(bakery):
    with business_scope(bakery):
        return Content.objects.create(**WORDS)


def kept(business) -> list[Content]:
    with business_scope(business):
        return list(Content.objects.order_by("id"))


def test_a_letter_is_written_and_kept_word_for_word(as_nora, bakery, here):
    answer = as_nora.post(f"{here}new/", WORDS)
    (letter,) = kept(bakery)
    assert answer.headers["Location"] == f"{here}{letter.id}/"
    assert {name: getattr(letter, name) for name in WORDS} == WORDS
    with business_scope(bakery):
        assert AuditEntry.objects.filter(action="letter_added").count() == 1
    assert "Rye is back" in as_nora.get(here).content.decode()


def test_the_list_shows_three_dots_where_the_name_of_a_reader_is_filled_in(as_nora, bakery, here):
    words = 'Good morning {{ contact.first_name | default: "neighbour" }}, the rye is back.'
    with business_scope(bakery):
        Content.objects.create(**WORDS | {"subject": words})
        Content.objects.create(name="Ready", kind="text", text_body=words)
    page = as_nora.get(here).content.decode()
    assert page.count("<small>Good morning …, the rye is back.</small>") == 2
    assert "first_name" not in page


def test_an_empty_list_says_what_letters_are_for(as_nora, here):
    page = as_nora.get(here).content.decode()
    assert "What would they like to hear first?" in page
    assert f"{here}new/" in page


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"body": "Hi {{ contact.fist_name }}"}, "body", "Did you mean {{ contact.first_name }}?"),
        ({"subject": "{{ shop }}"}, "subject", "We do not know {{ shop }}"),
        ({"body": "[x](javascript:alert(1))"}, "body", "Start it with https://"),
        ({"button_label": ""}, "button_label", "A button needs both"),
        ({"name": ""}, "name", "Write something here: it is needed."),
        ({"subject": "x" * 201}, "subject", "At most 200 letters fit here."),
    ],
)
def test_a_fault_stands_at_its_field_and_nothing_typed_is_lost(as_nora, bakery, here, values, field, words):
    answer = as_nora.post(f"{here}new/", {**WORDS, **values})
    page = answer.content.decode().replace("&#x27;", "'").replace("&quot;", '"')
    assert answer.status_code == 422
    assert words in page
    assert re.search(rf'<(?:input|textarea)[^>]*name="{field}"[^>]*aria-invalid="true"', page)
    assert f'href="#id_{field}"' in page
    assert "read [our story](https://example.com/story)." in page or "body" in values
    assert kept(bakery) == []


def test_a_draft_may_lack_what_is_not_written_yet(as_nora, bakery, here):
    assert as_nora.post(f"{here}new/", {"name": "Idea"}).status_code == 302
    (draft,) = kept(bakery)
    page = as_nora.get(f"{here}{draft.id}/").content.decode()
    assert "It has no subject yet" in page
    assert "It has no words yet" in page
    assert "There is nothing to look at yet" in as_nora.get(f"{here}{draft.id}/preview/").content.decode()


def test_a_stale_edit_shows_both_and_changes_nothing(as_nora, bakery, here, letter):
    first = {**WORDS, "version": letter.version, "body": "Sam's words."}
    assert as_nora.post(f"{here}{letter.id}/", first).status_code == 302
    answer = as_nora.post(f"{here}{letter.id}/", {**WORDS, "version": letter.version, "body": "Nora's words."})
    page = answer.content.decode().replace("&#x27;", "'")
    assert answer.status_code == 409
    assert "Sam's words." in page
    assert "Nora's words." in page
    assert kept(bakery)[0].body == "Sam's words."
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert as_nora.post(f"{here}{letter.id}/", {**WORDS, "version": version, "body": "Nora's."}).status_code == 302
    assert kept(bakery)[0].body == "Nora's."


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999"])
def test_a_broken_version_is_no_crash_and_no_change(as_nora, bakery, here, letter, version):
    answer = as_nora.post(f"{here}{letter.id}/", {**WORDS, "body": "Other", "version": version})
    assert answer.status_code in {409, 422}
    assert kept(bakery)[0].body == WORDS["body"]


def test_what_is_missing_blocks_with_a_plain_sentence(as_nora, here, letter):
    page = as_nora.get(f"{here}{letter.id}/").content.decode()
    assert "Your postal address is missing" in page
    assert "Ready." not in page


def test_a_preview_names_what_the_readers_of_its_sequence_said_yes_to(as_nora, sendable, here):
    with business_scope(sendable):
        make_topic("Aprons, now and then")
        sequence = make_sequence(make_topic("Starter letters"))
        letter = sequence.versions.get().steps.get(position=0).content
        alone = make_letter("Sent by nobody yet")
    frame = as_nora.get(f"{here}{letter.id}/preview/frame/").content.decode()
    assert "you said yes to Starter letters" in frame
    assert "you said yes to Aprons, now and then" in as_nora.get(f"{here}{alone.id}/preview/frame/").content.decode()


def test_a_preview_shows_the_chosen_person_in_a_closed_frame(as_nora, sendable, here, letter):
    with business_scope(sendable):
        zoe = make_person("zoe@example.com", "Zoë")
    page = as_nora.get(f"{here}{letter.id}/preview/").content.decode()
    frame = re.search(r"<iframe[^>]*>", page)[0]
    assert " sandbox " in frame
    assert "Rye, Ana" in page
    answer = as_nora.get(f"{here}{letter.id}/preview/frame/?person=sample")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-hashes' 'sha256-")
    assert policy.endswith("; frame-ancestors 'self'; sandbox")
    assert "unsafe-inline" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Hello Ana," in answer.content.decode()
    assert "Hello there," in as_nora.get(f"{here}{letter.id}/preview/frame/?person=nobody").content.decode()
    assert "Hello Zoë," in as_nora.get(f"{here}{letter.id}/preview/frame/?person={zoe.id}").content.decode()


def test_case_44_a_test_letter_of_ones_own_arrives_and_counts_nowhere(as_nora, sendable, here, letter, mail_server):
    """CAMPAIGNS 4m case 44: no numbers, no place under a cap, no line of anybody, and it needs and changes no yes."""
    with business_scope(sendable):
        before = (Interaction.objects.count(), Consent.objects.count())
    answer = as_nora.post(f"{here}{letter.id}/test/", {"person": "sample"})
    assert answer.headers["Location"].startswith(f"{here}{letter.id}/preview/")
    with business_scope(sendable):
        message = Message.objects.get()
        assert (message.is_test, message.address, message.contact_id) == (True, "nora@example.com", None)
        work("transactional")
        assert states_of(Message) == ["accepted"]
        assert (Interaction.objects.count(), Consent.objects.count()) == before
        assert not Pressure.objects.exists()
        assert not Tally.objects.filter(name__startswith="step.").exists()
        assert check_invariants().problems == ()
    (mail,) = mail_server.accepted
    assert b"Rye, Ana" in mail.body


def test_a_test_without_a_postal_address_says_what_is_missing(as_nora, bakery, here, letter):
    with business_scope(bakery):
        make_topic()
    as_nora.post(f"{here}{letter.id}/test/")
    page = as_nora.get(f"{here}{letter.id}/preview/").content.decode()
    assert "Your postal address is missing" in page
    with business_scope(bakery):
        assert Message.objects.count() == 0
        assert ContentVersion.objects.count() == 0


def test_a_test_before_the_first_topic_says_so(as_nora, bakery, here, letter):
    as_nora.post(f"{here}{letter.id}/test/")
    assert "First make a topic" in as_nora.get(f"{here}{letter.id}/preview/").content.decode()


def test_tests_are_limited(as_nora, sendable, here, letter, monkeypatch):
    monkeypatch.setattr("campaigns.services.contents.TESTS_AN_HOUR", 2)
    for _ in range(3):
        as_nora.post(f"{here}{letter.id}/test/")
    with business_scope(sendable):
        assert Message.objects.count() == 2


def test_a_letter_that_a_sequence_sends_stays(as_nora, sendable, here):
    with business_scope(sendable):
        make_sequence(make_topic("Other"))
        used = Content.objects.get()
    answer = as_nora.post(f"{here}{used.id}/archive/", follow=True)
    assert "sends this letter. Take it out there first." in answer.content.decode()
    assert kept(sendable)[0].archived_at is None
    assert "Follow me home" in as_nora.get(here).content.decode()


def test_a_letter_is_put_away_and_brought_back(as_nora, bakery, here, letter):
    as_nora.post(f"{here}{letter.id}/archive/")
    assert kept(bakery)[0].archived_at is not None
    assert "Rye is back" not in re.sub(r'id="toasts".*', "", as_nora.get(here).content.decode(), flags=re.DOTALL)
    as_nora.post(f"{here}{letter.id}/restore/")
    assert kept(bakery)[0].archived_at is None


@pytest.mark.parametrize("page", ["", "preview/", "preview/frame/"])
def test_a_letter_of_the_garage_is_not_there(as_nora, here, page):
    with business_scope(make_business("Hale's Garage", owner="gus@example.com")):
        theirs = make_letter("Tyres")
    assert as_nora.get(f"{here}{theirs.id}/{page}").status_code == 404
    assert as_nora.get(f"{here}{uuid4()}/{page}").status_code == 404


@pytest.mark.parametrize("person", ["", "x", "%00", "00000000-0000-0000-0000-000000000000"])
def test_a_broken_choice_of_person_is_no_crash(as_nora, sendable, here, letter, person):
    for page in ("preview/", "preview/frame/"):
        assert as_nora.get(f"{here}{letter.id}/{page}?person={person}").status_code in {200, 404}
    assert as_nora.post(f"{here}{letter.id}/test/", {"person": person}).status_code in {302, 404}


def test_staff_may_look_and_test_but_not_write(as_sam, sendable, here, letter):
    page = as_sam.get(f"{here}{letter.id}/").content.decode()
    assert "Rye, {{ first_name }}" in page
    assert "<textarea" not in page
    assert as_sam.post(f"{here}{letter.id}/", {**WORDS, "body": "x", "version": letter.version}).status_code == 403
    assert as_sam.get(f"{here}new/").status_code == 403
    assert as_sam.post(f"{here}{letter.id}/archive/").status_code == 403
    assert as_sam.post(f"{here}{letter.id}/test/").status_code == 302
    assert kept(sendable)[0].body == WORDS["body"]


def test_the_list_costs_the_same_for_three_letters_and_for_thirty(as_nora, bakery, here, django_assert_max_num_queries):
    as_nora.get(here)
    counts = []
    for size in (3, 27):
        with business_scope(bakery):
            for number in range(size):
                make_letter(f"Letter {number}")
        with django_assert_max_num_queries(40) as asked:
            as_nora.get(here)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_the_page_leads_back_to_the_sequence_it_was_opened_from(as_nora, bakery, here):
    sequence = uuid4()
    answer = as_nora.post(f"{here}new/?sequence={sequence}", WORDS)
    assert answer.headers["Location"].endswith(f"?sequence={sequence}")
    assert f"/sequences/{sequence}/" in as_nora.get(answer.headers["Location"]).content.decode()
    assert as_nora.get(f"{here}new/?sequence=nonsense").status_code == 200

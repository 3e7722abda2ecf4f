"""The opt-in page in other sites: framed, and asked by a script. The same walls as on our own page."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaigns.models import Message, Signup, SignupForm
from contacts.models import Consent, ConsentEvidence, Contact
from contacts.queries.consent import channel_hashes
from contacts.services.suppression import suppress_address
from ecosystem.base.tenancy import business_scope
from ecosystem.middleware import forget_businesses
from ecosystem.services.closing import begin_closing
from tests.factories.ecosystem import sign_in
from tests.factories.permission import (
    join_url,
    make_business,
    make_form,
    make_person,
    make_topic,
    owner_of,
    say_yes,
    send_form,
    signups,
    time_token,
)

pytestmark = pytest.mark.django_db

SITE = {"Origin": "https://bakery.example.com"}


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        yield business


@pytest.fixture
def topic(bakery):
    return make_topic()


@pytest.fixture
def page(topic):
    return make_form(topic)


@pytest.fixture
def url(bakery, page):
    return join_url(bakery, page)


def send_json(url, *topics, after=5, token=None, address="127.0.0.1", **values):
    """What a script of another site sends, so many seconds after it asked what to show."""
    client = Client(headers=SITE, REMOTE_ADDR=address)
    token = client.get(f"{url}json/").json()["token"] if token is None else token
    sent = {"email": "ana@example.com", "token": token, "topics": [str(topic.id) for topic in topics], **values}
    with time_machine.travel(timezone.now() + timedelta(seconds=after), tick=True):
        return client.post(f"{url}json/", sent, content_type="application/json")


def nothing_happened() -> bool:
    """True when no submission, no letter, no contact and no ledger row exists beside the team's own."""
    others = Contact.objects.filter(membership=None).count()
    return (Signup.objects.count(), Message.objects.count(), others, Consent.objects.count()) == (0, 0, 0, 0)


def test_sec_53_a_person_who_was_very_fast_is_asked_once_more_and_not_told_it_was_sent(client, url, topic):
    token = time_token(client, url)
    answer = send_form(url, topic, token=token, after=0.5)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "That was very fast." in page
    assert 'value="ana@example.com"' in page
    assert f'value="{token}"' in page
    assert nothing_happened()
    assert send_form(url, topic, token=token, after=4).status_code == 302
    assert len(signups()) == 1


def test_sec_53_a_fast_machine_in_the_trap_gets_the_normal_answer(url, topic):
    for trapped in (
        send_form(url, topic, after=0.5, company_website="x"),
        send_form(f"{url}embed/", company_website="x"),
    ):
        assert trapped.status_code == 302
        assert trapped.headers["Location"].endswith("?sent")
    assert nothing_happened()


@pytest.fixture
def framed(topic):
    """Two sites of the business may show its page."""
    SignupForm.objects.update(frame_sites="https://www.example.com\nhttps://shop.example.com:8443")


def test_sec_46_a_page_stands_in_the_frames_of_the_named_sites_and_ours_in_none(client, url, framed):
    ours, inside = client.get(url), client.get(f"{url}embed/")
    assert ours.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in ours.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in inside.headers
    policy = inside.headers["Content-Security-Policy"].split("; ")
    assert "frame-ancestors https://www.example.com https://shop.example.com:8443" in policy
    assert "default-src 'none'" in policy
    assert f'action="{url}embed/"' in inside.content.decode()


def test_sec_46_where_no_site_is_named_no_frame_shows_the_page(client, url):
    inside = client.get(f"{url}embed/")
    assert inside.status_code == 200
    assert inside.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in inside.headers["Content-Security-Policy"]


def test_sec_46_whoever_is_signed_in_is_nobody_in_a_frame(client, bakery, url, topic, framed):
    sign_in(client, owner_of(bakery).user)
    for answer in (client.get(f"{url}embed/"), client.post(f"{url}embed/", {"company_website": "x"})):
        assert answer.wsgi_request.session.session_key is None
        assert not answer.wsgi_request.user.is_authenticated
        assert not answer.cookies
    assert client.get(f"/b/{bakery.slug}/").status_code == 200


def test_a_request_in_a_frame_stays_in_the_frame_and_counts_like_any_other(client, url, topic, framed):
    answer = send_form(f"{url}embed/", topic)
    assert answer.headers["Location"] == f"{url}embed/?sent"
    sent = client.get(answer.headers["Location"])
    assert "X-Frame-Options" not in sent.headers
    assert f'href="{url}embed/"' in sent.content.decode()
    assert (len(signups()), Message.objects.get().template) == (1, "confirm_signup")
    assert ConsentEvidence.objects.get().page == f"{url}embed/"


def test_a_script_learns_what_to_show_and_any_site_may_read_it(client, url, topic):
    answer = client.get(f"{url}json/", headers=SITE)
    shown = answer.json()
    assert shown["boxes"] == [
        {"topic": str(topic.id), "wording": "What is in season, by email", "promise": "Two letters a month"}
    ]
    assert shown["promises"][2] == "Leave with one tap, and we stop at once"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    asked_before = client.options(f"{url}json/", headers={**SITE, "Access-Control-Request-Method": "POST"})
    assert (asked_before.status_code, asked_before.headers["Access-Control-Allow-Headers"]) == (204, "Content-Type")
    assert client.delete(f"{url}json/").status_code == 405


def test_a_business_that_is_closing_takes_no_request_by_a_page_a_frame_or_a_script(client, bakery, url, topic):
    token = client.get(f"{url}json/").json()["token"]
    begin_closing(actor=owner_of(bakery), now=timezone.now())
    forget_businesses()
    assert send_json(url, topic, token=token).status_code == 404
    for path in (url, f"{url}embed/", f"{url}json/"):
        assert client.get(path).status_code == 404
    assert nothing_happened()


def test_a_request_by_a_script_keeps_its_proof_and_two_sendings_make_one(client, url, topic):
    token = client.get(f"{url}json/").json()["token"]
    answers = [send_json(url, topic, token=token) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert (len(signups()), Message.objects.count(), Consent.objects.count()) == (1, 1, 1)
    assert ConsentEvidence.objects.get().page == f"{url}json/ https://bakery.example.com"
    other = send_json(url, topic, token=token, email="other@example.com")
    assert (other.status_code, other.json()["code"]) == (400, "stale_token")
    assert len(signups()) == 1


def test_sec_51_a_script_gets_the_same_bytes_for_known_unknown_and_stopped_addresses(url, topic):
    say_yes(make_person("known@example.com", "Known"), topic)
    for reason in ("unsubscribed", "bounced", "complained"):
        hashes = channel_hashes("email", [f"{reason}@example.com"])
        suppress_address(channel="email", hashes=hashes, topic=None, reason=reason)
    names = ("unknown", "known", "unsubscribed", "bounced", "complained")
    answers = [send_json(url, topic, email=f"{name}@example.com") for name in names]
    answers.append(send_json(url, topic, company_website="spam"))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    written = set(Message.objects.filter(template="confirm_signup").values_list("address", flat=True))
    assert written == {"unknown@example.com", "known@example.com", "unsubscribed@example.com"}


@pytest.mark.parametrize(
    ("values", "status", "code"),
    [
        ({"company_website": "https://spam.example.com"}, 200, None),
        ({"token": "forged"}, 200, None),
        ({"token": ""}, 200, None),
        ({"after": 0.5}, 400, "too_fast"),
        ({"after": 4 * 3600 + 5}, 400, "stale_token"),
        ({"email": "hannah@weiss"}, 400, "invalid"),
        ({"topics": []}, 400, "invalid"),
        ({"topics": "all"}, 400, "invalid"),
        ({"email": ["ana@example.com"]}, 400, "invalid"),
    ],
)
def test_sec_53_the_walls_of_the_page_stand_before_a_script_too(url, topic, values, status, code):
    answer = send_json(url, topic, **values)
    assert (answer.status_code, answer.json().get("code")) == (status, code)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert nothing_happened()


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 100_000, '{"email":' * 2_000, "x" * 30_000])
def test_sec_56_what_is_no_json_is_refused_calmly(client, url, body):
    answer = client.post(f"{url}json/", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_a_token_of_another_page_or_business_opens_nothing(client, bakery, url, topic):
    other = join_url(bakery, make_form(topic, headline="Another page"))
    garage = make_business("Gus and Sons", "gus@example.com")
    with business_scope(garage):
        foreign = join_url(garage, make_form(make_topic("Winter tyres"), headline="Tyres"))
    for stranger in (other, foreign):
        token = client.get(f"{stranger}json/").json()["token"]
        assert send_json(url, topic, token=token).json()["state"] == "sent"
    assert nothing_happened()
    assert client.get(url.replace(bakery.slug, garage.slug) + "json/").status_code == 404


def test_sec_52_one_address_at_200_forms_of_50_businesses_gets_three_letters_and_others_are_served():
    places = []
    for number in range(50):
        business = make_business(f"Shop {number}", f"owner{number}@example.com")
        with business_scope(business):
            topic = make_topic()
            places += [(business, topic, join_url(business, make_form(topic, headline=f"Page {n}"))) for n in range(4)]
    answers = set()
    for number, (_business, topic, url) in enumerate(places):
        address = f"198.51.100.{number % 100 + 1}"
        answer = send_json(url, topic, email="Victim@Example.com", address=address)
        answers.add((answer.status_code, answer.content))
    assert len(answers) == 1
    neighbour = send_json(places[-1][2], places[-1][1], email="neighbour@example.com", address="198.51.100.1")
    assert neighbour.status_code == 200
    letters = []
    for business in dict.fromkeys(business for business, _topic, _url in places):
        with business_scope(business):
            letters += Message.objects.filter(template="confirm_signup").values_list("address", flat=True)
    assert sorted(letters) == ["neighbour@example.com", *["victim@example.com"] * 3]


def test_nora_finds_what_to_paste_into_her_own_site_once_she_has_named_it(client, bakery, page, url):
    client.force_login(owner_of(bakery).user)
    shown = client.get(f"/b/{bakery.slug}/opt-in/{page.id}/").content.decode()
    assert "Name your site first." in shown
    assert f"{url}embed/" not in shown
    SignupForm.objects.update(frame_sites="https://www.example.com")
    shown = client.get(f"/b/{bakery.slug}/opt-in/{page.id}/").content.decode()
    assert f"{url}embed/&quot;" in shown or f'{url}embed/"' in shown
    assert f"{url}json/" in shown

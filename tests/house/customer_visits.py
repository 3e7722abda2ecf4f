"""What customers and their mail programs ask: the opt-in page with its second yes, and the links of a letter."""

import hmac
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Link, Message, ProviderAccount, Signup, SignupForm, TextSignup, TrackingEvent
from campaigns.queries.signups import confirm_url
from campaigns.services.accounts import events_url
from contacts.models import Contact, ContactPoint, Organization, Suppression, Topic
from contacts.services.contacts import delete_contact
from contacts.services.points import keep_number
from contacts.services.suppression import suppress_address
from ecosystem.base.addresses import address_hashes
from ecosystem.base.ids import uuid7
from ecosystem.models import BusinessProfile
from tests.house.visits import Visit

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
ACCOUNT = "sms+http://acc:secret@127.0.0.1:9/?from=+12025550100"
NEW, FIRM = "zz-new@example.com", "zz-firm@example.com"

# The opt-in page and its second yes


def a_stranger_signs_up(visit: Visit) -> None:
    url = _join_url(visit)
    _sign_up(visit, NEW, status=422, topics=[])
    sent = _sign_up(visit, NEW)
    visit.get(f"{url}?sent")
    visit.post(url, sent, status=302)  # a second click
    visit.post(url, {**sent, "email": "zz-other@example.com"}, status=422)
    visit.post(url, {**sent, "company_website": "x"}, status=302)
    _confirm(visit, NEW)


def somebody_known_signs_up(visit: Visit) -> None:
    with visit.behind_the_scenes():
        email = _person(visit).primary_email
    _sign_up(visit, email)
    _confirm(visit, email)


def somebody_who_was_deleted_signs_up(visit: Visit) -> None:
    with visit.behind_the_scenes():
        person = _person(visit)
        delete_contact(person, actor=None, now=timezone.now())
    _sign_up(visit, person.primary_email)
    _confirm(visit, person.primary_email)


def somebody_who_had_left_signs_up(visit: Visit) -> None:
    with visit.behind_the_scenes():
        hashes = address_hashes("email", NEW)
        suppress_address(channel="email", hashes=hashes, topic=None, reason=Suppression.Reason.UNSUBSCRIBED)
    _sign_up(visit, NEW)
    _confirm(visit, NEW)


def a_firm_signs_up(visit: Visit) -> None:
    with visit.behind_the_scenes():
        firm = Organization.objects.get()
        ContactPoint.objects.create(organization=firm, kind="email", value=FIRM, value_norm=FIRM)
    _sign_up(visit, FIRM)
    _confirm(visit, FIRM)


def a_scanner_follows_every_link(visit: Visit) -> None:
    url = reverse("public:confirm_trap", kwargs={"token": "nothing"})
    visit.get(url, status=204)
    visit.post(url, status=405)
    visit.head(reverse("public:confirm", kwargs={"token": visit.tokens["c"]}))
    for name in ("unsubscribe", "preferences"):
        visit.get(_of_letter(visit, f"{name}_trap"), status=204)
        visit.post(_of_letter(visit, f"{name}_trap"), status=405)
        visit.post(_of_letter(visit, name), {"page": "1", "stop": "1"})


def a_stranger_signs_up_in_a_frame_of_another_site(visit: Visit) -> None:
    url = reverse("public:join_embedded", kwargs=_names_of_form(visit))
    visit.get(url)
    visit.head(url)
    visit.post(url, {"company_website": "x"}, status=302)


def a_script_of_another_site_signs_somebody_up(visit: Visit) -> None:
    url = reverse("public:join_by_program", kwargs=_names_of_form(visit))
    with visit.a_minute_ago():
        shown = visit.get(url).json()
    sent = {"email": NEW, "token": shown["token"], "topics": [box["topic"] for box in shown["boxes"]]}
    for _ in range(2):
        visit.post_json(url, sent)
    visit.post_json(url, {**sent, "email": "zz-other@example.com"}, status=400)
    _confirm(visit, NEW)


# The links of a letter


def a_person_leaves_and_comes_back(visit: Visit) -> None:
    url = _of_letter(visit, "unsubscribe")
    visit.get(url)
    with visit.a_minute_ago():
        left = visit.post(url, {"page": "1"})
    proof = re.search(r'name="proof" value="([^"]+)"', left.content.decode())
    assert proof
    undo = _of_letter(visit, "unsubscribe_undo")
    visit.get(undo)
    assert f"{visit.tenant.marker}topic" in visit.post(undo, {"proof": proof[1]}).content.decode()


def a_mail_program_leaves_by_one_click(visit: Visit) -> None:
    for _ in range(2):
        assert visit.post(_of_letter(visit, "unsubscribe"), ONE_CLICK).content == b"OK"


def a_person_leaves_a_letter_without_a_topic(visit: Visit) -> None:
    _change_letter(visit, topic=None)
    visit.get(_of_letter(visit, "unsubscribe"))
    visit.post(_of_letter(visit, "unsubscribe"), {"page": "1"})


def somebody_who_was_forgotten_leaves(visit: Visit) -> None:
    _change_letter(visit, contact=None, address="")
    visit.get(_of_letter(visit, "unsubscribe"))
    visit.post(_of_letter(visit, "unsubscribe"), ONE_CLICK)
    visit.post(_of_letter(visit, "unsubscribe_undo"))


def a_person_chooses(visit: Visit) -> None:
    url = _of_letter(visit, "preferences")
    shown = re.findall(r'name="shown" value="([^"]+)"', visit.get(url).content.decode())
    with visit.behind_the_scenes():
        off = Topic.objects.get(name__endswith="other")
    assert f"email:{off.id}" in shown
    assert len(shown) > 1
    visit.post(url, {"shown": shown, "on": [f"email:{off.id}"]})


def a_person_asks_for_fewer_and_for_a_rest(visit: Visit) -> None:
    hours = {"quiet_from": "1200", "quiet_until": "480"}
    for given in ({"rhythm": "14"}, {"rest": "30"}, {"go_on": "1"}, {"rhythm": ""}, hours, {"quiet_from": ""}):
        visit.post(_of_letter(visit, "preferences"), given)


def a_person_reads_what_was_sent_to_them(visit: Visit) -> None:
    _change_letter(visit, state="accepted")
    visit.get(_of_letter(visit, "preferences_sent"))
    visit.post(_of_letter(visit, "preferences_sent"), status=405)
    visit.post(_of_letter(visit, "preferences_sent_letter", id=_letter_id(visit)), status=405)
    visit.get(_of_letter(visit, "preferences_sent_letter", id=_letter_id(visit)))
    visit.get(_of_letter(visit, "preferences_sent_letter", id=uuid7()), status=404)


def somebody_who_was_deleted_reads_what_was_sent(visit: Visit) -> None:
    with visit.behind_the_scenes():
        delete_contact(_person(visit), actor=None, now=timezone.now())
    visit.get(_of_letter(visit, "preferences_sent"), status=410)
    visit.get(_of_letter(visit, "preferences_sent_letter", id=_letter_id(visit)), status=404)


def a_person_asks_for_their_data(visit: Visit) -> None:
    url = _of_letter(visit, "preferences_copy")
    visit.get(url)
    visit.post(url)
    fetch = reverse("public:data_copy", kwargs={"token": visit.tokens["d"]})
    for _ in range(2):
        visit.get(fetch)
        visit.post(fetch)


def a_person_asks_to_be_forgotten(visit: Visit) -> None:
    url = _of_letter(visit, "preferences_erasure")
    visit.get(url)
    visit.post(url)
    last_step = reverse("public:data_erasure", kwargs={"token": visit.tokens["f"]})
    for _ in range(2):
        visit.get(last_step)
        visit.post(last_step)


def somebody_whose_address_was_never_confirmed_asks_for_their_data(visit: Visit) -> None:
    with visit.behind_the_scenes():
        ContactPoint.objects.update(verified_at=None)
    for name in ("preferences_copy", "preferences_erasure"):
        visit.post(_of_letter(visit, name))


def a_person_stops_everything(visit: Visit) -> None:
    visit.post(_of_letter(visit, "preferences"), {"stop": "1"})


def somebody_who_was_deleted_stops_everything(visit: Visit) -> None:
    with visit.behind_the_scenes():
        delete_contact(_person(visit), actor=None, now=timezone.now())
    visit.get(_of_letter(visit, "preferences"))
    visit.post(_of_letter(visit, "preferences"), {"stop": "1"})


def somebody_who_was_forgotten_stops_everything(visit: Visit) -> None:
    _change_letter(visit, contact=None, address="", topic=None)
    visit.get(_of_letter(visit, "preferences"))
    visit.post(_of_letter(visit, "preferences"), {"stop": "1"})


def a_provider_tells_of_letters(visit: Visit) -> None:
    with visit.behind_the_scenes():
        account, letter = ProviderAccount.objects.get(), visit.message()
    url = urlsplit(events_url(account)).path
    visit.get(url, status=405)
    visit.post(url, {"event": "delivered"}, status=401)
    key = f"{visit.tenant.marker}secret".encode()
    stamp = str(int(timezone.now().timestamp()))
    proof = {"timestamp": stamp, "token": "t", "signature": hmac.new(key, f"{stamp}t".encode(), "sha256").hexdigest()}
    for event in ("delivered", "opened", "complained"):
        told = {"event": event, "recipient": letter.address, "Message-Id": f"<{letter.id}.mark@example.com>"}
        visit.post(url, {**told, **proof})
    visit.post(reverse("public:provider_events", kwargs={"token": "nothing"}), status=404)


def a_person_follows_a_link(visit: Visit) -> None:
    url = _of_letter(visit, "link", number=1)
    _change_letter(visit, accepted_at=timezone.now() - timedelta(hours=1))
    visit.head(url, status=302)
    visit.get(url, status=302)
    visit.get(url, status=302)
    visit.post(url, status=405)
    with visit.behind_the_scenes():
        waiting = TrackingEvent.objects.filter(message=visit.message(), kind="clicked", decided_at=None)
        assert waiting.count() == 2


def a_person_follows_one_link_of_two(visit: Visit) -> None:
    _change_letter(visit, accepted_at=timezone.now() - timedelta(hours=1))
    with visit.behind_the_scenes():
        version = visit.message().content_version
        Link.objects.create(content_version=version, number=2, url="https://example.com/two")
    visit.get(_of_letter(visit, "link", number=2), status=302)


def a_person_opens_a_letter(visit: Visit) -> None:
    _change_letter(visit, accepted_at=timezone.now() - timedelta(hours=1))
    with visit.behind_the_scenes():
        BusinessProfile.objects.update(sees_opens=True)
    url = _of_letter(visit, "open")
    visit.head(url)
    for _ in range(2):
        visit.get(url)
    visit.post(url, status=405)
    visit.get(reverse("public:open", kwargs={"token": "nothing"}))
    with visit.behind_the_scenes():
        opened = TrackingEvent.objects.filter(message=visit.message(), kind="opened", is_machine=False)
        assert opened.count() == 1


def a_person_does_not_want_to_be_measured(visit: Visit) -> None:
    for given in ({"measure": "no"}, {"measure": "again"}):
        visit.post(_of_letter(visit, "preferences"), given)


# The provider of texts


def somebody_answers_texts(visit: Visit) -> None:
    with visit.behind_the_scenes():
        number = TextSignup.objects.latest("id").number
        person, letter = _person(visit), visit.message().id
        keep_number(person, "+12025550151", now=timezone.now())
    url = reverse("public:texts", kwargs={"token": visit.tokens["t"]})
    visit.get(url, status=405)
    visit.post(url, {"type": "text"}, status=401)
    for count, words in enumerate(("Start", "Yes", "Help", "When do you open?", "no more", "Stop", "stop", "start")):
        for sender in (number, "+12025550151", "+12025550152"):
            told = {"type": "text", "id": f"{count}{sender}", "from": sender, "to": "+12025550100", "text": words}
            _send_in(visit, url, told)
    report = {"type": "status", "message_id": str(letter), "status": "delivered", "code": ""}
    _send_in(visit, url, report)


def a_stranger_signs_up_for_texts(visit: Visit) -> None:
    with visit.behind_the_scenes():
        SignupForm.objects.update(offers_texts=True)
        topics = [str(box.topic_id) for box in SignupForm.objects.get().boxes.all()]
    with override_settings(SMS_URL=ACCOUNT):
        _sign_up(visit, NEW, texts=topics, phone="+12025550153")
        _sign_up(visit, NEW, status=422, texts=topics, phone="")
    with visit.behind_the_scenes():
        assert TextSignup.objects.filter(number="+12025550153").count() == 1


def _send_in(visit: Visit, url: str, told: dict[str, str]) -> None:
    """What a provider posts, signed by the account of these tests."""
    with override_settings(SMS_URL=ACCOUNT):
        visit.tell(url, told, secret="secret")


def _join_url(visit: Visit) -> str:
    return reverse("public:join", kwargs=_names_of_form(visit))


def _names_of_form(visit: Visit) -> dict[str, str]:
    return {"slug": visit.tenant.business.slug, "form": visit.tokens["p"]}


def _sign_up(visit: Visit, email: str, *, status: int = 302, **changed: Any) -> dict[str, Any]:
    """Look at the opt-in page and send it; what was sent."""
    with visit.a_minute_ago():
        page = visit.get(_join_url(visit)).content.decode()
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    with visit.behind_the_scenes():
        boxes = SignupForm.objects.get().boxes.all()
        fields = {"email": email, "given_name": "Zz", "token": token[1], "topics": [str(box.topic_id) for box in boxes]}
    visit.post(_join_url(visit), fields | changed, status=status)
    return fields


def _confirm(visit: Visit, email: str) -> None:
    """Follow the link of the letter that asks, press its button, and do both once more."""
    url = _confirm_url(visit, email)
    for _ in range(2):
        visit.get(url)
        visit.post(url)
    with visit.behind_the_scenes():
        assert Signup.objects.get(email=email).state == Signup.State.CONFIRMED


def _confirm_url(visit: Visit, email: str) -> str:
    with visit.behind_the_scenes():
        signup = Signup.objects.get(email=email)
    return urlsplit(confirm_url(visit.tenant.business.pk, signup.pk)).path


def _of_letter(visit: Visit, name: str, **given: object) -> str:
    words = {"link": "l", "open": "o"}
    word = words.get(name) or ("prefs" if name.startswith("preferences") else "u")
    return reverse(f"public:{name}", kwargs={"token": visit.tokens[word], **given})


def _change_letter(visit: Visit, **values: object) -> None:
    with visit.behind_the_scenes():
        Message.objects.filter(pk=visit.message().pk).update(**values)


def _letter_id(visit: Visit) -> UUID:
    with visit.behind_the_scenes():
        return visit.message().pk


def _person(visit: Visit) -> Contact:
    contact = visit.message().contact
    assert contact is not None
    return contact


CUSTOMER_VISITS = (
    a_stranger_signs_up,
    somebody_known_signs_up,
    somebody_who_was_deleted_signs_up,
    somebody_who_had_left_signs_up,
    a_firm_signs_up,
    a_scanner_follows_every_link,
    a_stranger_signs_up_in_a_frame_of_another_site,
    a_script_of_another_site_signs_somebody_up,
    a_person_leaves_and_comes_back,
    a_mail_program_leaves_by_one_click,
    a_person_leaves_a_letter_without_a_topic,
    somebody_who_was_forgotten_leaves,
    a_person_chooses,
    a_person_asks_for_fewer_and_for_a_rest,
    a_person_reads_what_was_sent_to_them,
    a_person_asks_for_their_data,
    a_person_asks_to_be_forgotten,
    somebody_whose_address_was_never_confirmed_asks_for_their_data,
    somebody_who_was_deleted_reads_what_was_sent,
    a_person_stops_everything,
    somebody_who_was_deleted_stops_everything,
    somebody_who_was_forgotten_stops_everything,
    a_provider_tells_of_letters,
    a_person_follows_a_link,
    a_person_follows_one_link_of_two,
    a_person_opens_a_letter,
    a_person_does_not_want_to_be_measured,
    somebody_answers_texts,
    a_stranger_signs_up_for_texts,
)

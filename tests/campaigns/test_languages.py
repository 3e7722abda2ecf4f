"""What customers read is in the language that the business chose; what its team reads stays as it was."""

import pytest
from django.urls import reverse

from campaigns.models import Message, Signup
from campaigns.queries.signups import confirm_url
from campaigns.rendering.system_letters import confirmation_plan
from campaigns.services.messages import plan_message
from contacts.models import Consent
from ecosystem.base.addresses import address_hash
from ecosystem.base.links import MessageSigner
from ecosystem.base.tenancy import business_scope
from ecosystem.middleware import forget_businesses
from ecosystem.models import BusinessProfile, LegalText
from ecosystem.queries.legal_texts import starter_text
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
)

pytestmark = pytest.mark.django_db

ANA = "ana@example.com"


@pytest.fixture
def bakery():
    business = make_business()
    with business_scope(business):
        speak(business, "de")
        yield business


def speak(business, language: str) -> BusinessProfile:
    """Have a business's customers read a language."""
    BusinessProfile.objects.update(language=language)
    forget_businesses()
    return BusinessProfile.objects.get()


def letter_to(person, topic) -> Message:
    """A letter of a topic to somebody."""
    return plan_message(
        idem_key="s:1", message_class="marketing", lane="sequence", contact=person, topic=topic, address=ANA,
        address_hash=address_hash("email", ANA), merge={},
    )  # fmt: skip


def test_the_opt_in_page_its_errors_and_the_second_yes_are_in_the_language_of_the_business(client, bakery):
    topic = make_topic()
    url = join_url(bakery, make_form(topic))
    page = client.get(url).content.decode()
    assert '<html lang="de"' in page
    assert "Schickt mir einen Brief zur Bestätigung" in page
    assert "Keep your starter alive" in page  # the business's own words stay
    assert "Send me one letter" not in page
    wrong = send_form(url, topic, email="ana@").content.decode()
    assert "Diese Adresse sieht abgeschnitten aus" in wrong
    send_form(url, topic, email=ANA)
    signup = signups()[-1]
    path = "/c/" + confirm_url(signup.business_id, signup.id).rpartition("/")[2]
    assert "Ja, schreibt mir" in client.get(path).content.decode()
    welcome = client.post(path).content.decode()
    assert "Danke" in welcome
    assert "dieses Briefes" not in welcome
    assert Signup.objects.get().state == "confirmed"
    assert Consent.objects.filter(act="confirmed").exists()


def test_choosing_leaving_and_asking_for_ones_data_are_too(client, bakery):
    topic, person = make_topic(), make_person(ANA)
    say_yes(person, topic)
    message = letter_to(person, topic)
    tokens = MessageSigner(message.business_id).tokens(message.id)
    preferences = client.get(f"/prefs/{tokens.preferences}").content.decode()
    for words in ("Was dürfen wir Ihnen schicken, Ana?", "Alles abstellen", "Höchstens einmal im Monat", "Bestätigt"):
        assert words in preferences
    for words in ("Stop everything", "How often", "Confirmed", "What may we"):
        assert words not in preferences
    assert "Eine Kopie meiner Daten" in client.get(f"/prefs/{tokens.preferences}/copy").content.decode()
    assert "Was bleibt und warum" in client.get(f"/prefs/{tokens.preferences}/erasure").content.decode()
    leave = f"/u/{tokens.unsubscribe}"
    assert "„What is in season“ abstellen?" in client.get(leave).content.decode()
    assert "Sie sind abgemeldet. Es gilt ab dieser Sekunde." in client.post(leave, {"page": "1"}).content.decode()


def test_english_stays_english_and_the_teams_pages_do_whatever_customers_read(client, bakery):
    topic = make_topic()
    form = make_form(topic)
    url = join_url(bakery, form)
    as_nora = sign_in(client, owner_of(bakery).user)
    today = as_nora.get(reverse("ecosystem:today", kwargs={"slug": bakery.slug})).content.decode()
    assert "How each group is doing" in today
    assert '<html lang="en-us"' in today
    preview = as_nora.get(reverse("campaigns:signup_form_preview", kwargs={"slug": bakery.slug, "id": form.id}))
    assert "Ja, schreibt mir" in preview.content.decode()
    speak(bakery, "en")
    assert "Send me one letter to confirm" in client.get(url).content.decode()


def test_the_letters_that_ask_and_the_privacy_notice_are_in_their_language(bakery):
    plan = confirmation_plan("de")
    assert plan.language == "de"
    said = " ".join(part for part in plan.text if isinstance(part, str))
    assert "jemand, wahrscheinlich Sie, hat" in said
    assert "somebody, most likely you" not in said
    assert "Bitte bestätigen: " in " ".join(part for part in plan.subject if isinstance(part, str))
    profile = BusinessProfile.objects.get()
    assert "# Was wir aufbewahren und warum" in starter_text(LegalText.Kind.PRIVACY, bakery, profile)


def test_the_language_is_chosen_in_the_settings_and_no_other_than_those_that_are_whole(client, bakery):
    as_nora = sign_in(client, owner_of(bakery).user)
    url = reverse("ecosystem:profile", kwargs={"slug": bakery.slug})
    kept = BusinessProfile.objects.get()
    names = ("country", "timezone", "currency", "version", "sender_name", "sender_email", "postal_address")
    said = {name: getattr(kept, name) for name in names} | {"name": bakery.name, "trade": "food"}
    assert as_nora.post(url, said | {"language": "fr"}).status_code == 422
    assert BusinessProfile.objects.get().language == "de"
    assert as_nora.post(url, said | {"language": "en"}).status_code == 302
    assert BusinessProfile.objects.get().language == "en"


def test_the_words_beside_a_box_that_nobody_wrote_are_in_the_language_of_those_who_read_them(client, bakery):
    make_topic("Brot")
    page = sign_in(client, owner_of(bakery).user).get(reverse("campaigns:signup_form_add", args=[bakery.slug]))
    assert "Brot, per E-Mail" in page.content.decode()

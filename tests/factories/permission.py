"""Businesses, people and yeses for tests of permission; made by our services."""

import re
from datetime import timedelta

import time_machine
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from campaigns.models import SenderDomain, Signup, SignupForm
from campaigns.services.signup_forms import FormWords, add_signup_form, publish_signup_form
from contacts.models import Contact, Stage, Topic
from contacts.services.consent import confirm_consent
from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.topics import add_topic
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.middleware import forget_businesses
from ecosystem.models import Business, BusinessProfile, Membership, User
from ecosystem.services.businesses import create_business


def make_business(name: str = "Oat and Ember", owner: str = "nora@example.com") -> Business:
    """A business with its owner, a sender and a postal address: ready to publish an opt-in page."""
    forget_businesses()
    user = User.objects.create_user(owner, None, name="Nora Whitlock")
    business = create_business(owner=user, name=name, trade="bakery", town="Marlow Bend")
    with business_scope(business):
        BusinessProfile.objects.update(
            sender_name=name, sender_email="hello@example.com", postal_address="12 Tulip Street, Marlow Bend"
        )
        prove_domain("example.com")
    return business


def prove_domain(domain: str, **values: object) -> SenderDomain:
    """A domain of the business that is entered, as if DNS had just proved it."""
    found = {"owner": "yes", "spf": "yes", "dkim": "yes", "dmarc": "yes"}
    until = timezone.now() + timedelta(days=365)
    given = {"token": "t" * 32, "found": found, "look_at": until, "checked_at": timezone.now(), "good_until": until}
    return SenderDomain.objects.create(domain=domain, **(given | values))


def make_member(business: Business, role: str = Role.STAFF, email: str = "sam@example.com") -> Membership:
    """Somebody of the team."""
    user = User.objects.create_user(email, None, name="Sam Reed")
    with business_scope(business, user):
        return Membership.objects.create(user=user, role=role)


def owner_of(business: Business) -> Membership:
    """The membership of the business's owner."""
    with business_scope(business):
        return Membership.objects.select_related("user").get(role=Role.OWNER)


def make_topic(name: str = "What is in season", promise: str = "Two letters a month", **values: object) -> Topic:
    """A topic of the business that is entered."""
    return add_topic(name=name, promise=promise, **{"promised_count": 2, "promised_days": 30, **values})


def make_person(email: str = "ana@example.com", name: str = "Ana", stage: str | None = Stage.SUSPECT) -> Contact:
    """A contact of the business that is entered."""
    details = ContactDetails(given_name=name, email=email)
    return add_contact(details, source="staff", actor=None, now=timezone.now() - timedelta(days=30), stage=stage)


def say_yes(contact: Contact, topic: Topic, **values: object) -> None:
    """A confirmed yes by email."""
    confirm_consent(
        contact, address=contact.primary_email, channel="email", topic=topic, wording=topic.promise, **values
    )


def make_form(*topics: Topic, headline: str = "Keep your starter alive", **words: str) -> SignupForm:
    """A published opt-in page with a box for each topic."""
    promises = {
        "intro": "Five short letters from the people who bake at four.",
        "promise_how_often": "Five letters in two weeks, then nothing",
        "promise_no_abuse": "We never share your address",
        "promise_how_to_leave": "Leave with one tap, and we stop at once",
    }
    boxes = {topic.id: f"{topic.name}, by email" for topic in topics}
    form = add_signup_form(FormWords(headline=headline, **{**promises, **words}), boxes=boxes)
    return publish_signup_form(form)


def join_url(business: Business, form: SignupForm) -> str:
    """Where the page stands."""
    return f"/p/{business.slug}/join/{form.slug}/"


def time_token(client: Client, url: str) -> str:
    """The time token of a page that is opened now."""
    return re.search(r'name="token" value="([^"]+)"', client.get(url).content.decode())[1]


def send_form(url: str, *topics: Topic, after: float = 5, token: str | None = None, **values: str) -> HttpResponse:
    """Open an opt-in page and send it so many seconds later, from a fresh browser."""
    client = Client()
    token = time_token(client, url) if token is None else token
    fields = {"email": "ana@example.com", "given_name": "Ana", **values}
    with time_machine.travel(timezone.now() + timedelta(seconds=after), tick=True):
        return client.post(url, {**fields, "token": token, "topics": [str(topic.id) for topic in topics]})


def signups() -> list[Signup]:
    """Everything that was sent to the business that is entered."""
    return list(Signup.objects.order_by("id"))

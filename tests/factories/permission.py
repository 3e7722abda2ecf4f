"""Businesses, people and yeses for tests of permission; made by our services."""

from datetime import timedelta

from django.utils import timezone

from contacts.models import Contact, Stage, Topic
from contacts.services.consent import confirm_consent
from contacts.services.contacts import ContactDetails, add_contact
from contacts.services.topics import add_topic
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile, Membership, User
from ecosystem.services.businesses import create_business


def make_business(name: str = "Oat and Ember", owner: str = "nora@example.com") -> Business:
    """A business with its owner, a sender and a postal address: ready to publish an opt-in page."""
    user = User.objects.create_user(owner, "a long test password", name="Nora Whitlock")
    business = create_business(owner=user, name=name, trade="bakery", town="Marlow Bend")
    with business_scope(business):
        BusinessProfile.objects.update(
            sender_name=name, sender_email="hello@example.com", postal_address="12 Tulip Street, Marlow Bend"
        )
    return business


def make_member(business: Business, role: str = Role.STAFF, email: str = "sam@example.com") -> Membership:
    """Somebody of the team."""
    user = User.objects.create_user(email, "a long test password", name="Sam Reed")
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

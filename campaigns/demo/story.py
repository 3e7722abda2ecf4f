"""Tells the whole story into the database: the business, its team, its people and what passed between them."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from campaigns.demo.cast import STAFF, Person, ladder_people
from campaigns.demo.history import write_history
from campaigns.demo.letters import write_sequence, write_signup_form, write_signups, write_topics, write_walks
from campaigns.demo.people import write_consents, write_firms, write_next_steps, write_people
from campaigns.demo.standing import write_standing
from contacts.models import Contact
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile, Membership, User
from ecosystem.services.businesses import create_business
from ecosystem.services.memberships import add_membership
from ecosystem.services.tallies import fold_tallies

SLUG = "oat-ember"
PASSWORD = "slow-bread-fast-town"  # noqa: S105 - the demo's, printed at the start
OWNER = ("Nora Whitlock", "nora@example.com")


def find_demo() -> Business | None:
    """The demo business, if it stands."""
    return Business.objects.filter(slug=SLUG).first()


def write_demo(now: datetime | None = None) -> Business:
    """Make the demo business whole or not at all."""
    now = now or timezone.now()
    # Before anything is open: on a busy machine inventing people takes longer than a transaction may stand idle.
    return _write(ladder_people(now), now)


@transaction.atomic
def _write(people: list[Person], now: datetime) -> Business:
    owner = _user(*OWNER)
    business = create_business(owner=owner, name="Oat & Ember", trade="food", town="Marlow Bend")
    if business.slug != SLUG:
        Business.objects.filter(id=business.id).update(slug=SLUG)
        business.slug = SLUG
    with business_scope(business, owner):
        _write_profile()
        team = [Membership.objects.get(user=owner)]
        for name, role, _days in STAFF:
            team.append(add_membership(_user(name, f"{name.split()[0].lower()}@example.com"), role=Role(role)))
        starter, season = write_topics()
        form = write_signup_form(starter, season, now)
        contacts = write_people(people)
        write_consents(people, contacts, starter)
        write_signups(form, starter, people, contacts)
        fed = write_firms(now)
        for member, (_name, _role, days) in zip(team[1:], STAFF, strict=True):
            fed[Contact.objects.get(membership=member).id] = days
        write_history(people, contacts, fed, team, now)
        sequence = write_sequence(starter, team[0], now)
        write_walks(sequence, people, contacts, now)
        write_next_steps(contacts, team, now)
        write_standing(sequence, contacts, team, now)
        fold_tallies()
    return business


def logins() -> list[str]:
    """Who may sign in to the demo, as lines to print."""
    others = [f"{name.split()[0].lower()}@example.com ({role})" for name, role, _days in STAFF]
    return [f"{OWNER[1]} / {PASSWORD} (owner)", f"also, with the same password: {', '.join(others)}"]


def _user(name: str, email: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, PASSWORD, name=name)
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _write_profile() -> None:
    BusinessProfile.objects.update(
        core_message="Slow bread for a fast town.",
        core_unique="Naturally leavened, baked at 4am, sold by people who know your name.",
        core_audience="People of Marlow Bend who eat bread every day and want to know who made it.",
        mark_icon="croissant",
        mark_colour="#7a3b12",
        sender_name="Nora at Oat & Ember",
        sender_email="hello@example.com",
        reply_to_email="hello@example.com",
        postal_address="12 Mill Lane\nMarlow Bend, NY 10001",
        setup_step=5,
    )

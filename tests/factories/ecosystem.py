"""Users, businesses and teams for tests, made by our own services."""

import time
from functools import cache
from itertools import count

from allauth.account.internal.flows.login import record_authentication
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest
from django.test import Client

from ecosystem.base.access import Role
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, Membership, User
from ecosystem.queries.memberships import find_membership
from ecosystem.services.businesses import create_business
from ecosystem.services.memberships import add_membership

PASSWORD = "seven warm loaves of rye"
_numbers = count(1)


@cache
def _hashed(password: str) -> str:
    """Hashing takes a third of a second by design; one hash serves the whole run."""
    return make_password(password)


def make_user(name: str = "", *, email: str = "", verified: bool = True, password: str = PASSWORD) -> User:
    """A login whose address is verified, as after sign-up and confirmation."""
    number = next(_numbers)
    name = name or f"Person {number}"
    email = email or f"{name.lower().replace(' ', '.')}.{number}@example.com"
    user = User.objects.create_user(email, name=name)
    user.password = _hashed(password)
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    return user


def make_business(name: str = "", *, owner: User | None = None, trade: str = "food", **said: str) -> Business:
    """A business with its owner, by the same service as the set-up."""
    return create_business(owner=owner or make_user(), name=name or f"Business {next(_numbers)}", trade=trade, **said)


def make_member(business: Business, role: Role | str, user: User | None = None) -> User:
    """Somebody in the team of a business."""
    user = user or make_user(f"{Role(role).label} {next(_numbers)}")
    with business_scope(business, user):
        add_membership(user, role=role)
    return user


def membership_of(business: Business, user: User) -> Membership:
    """The user's membership; the business must be entered for anything further."""
    with business_scope(business, user):
        found = find_membership(user.pk, at=now())
    assert found is not None
    return found


def sign_in(client: Client, user: User) -> Client:
    """Signed in just now by password, so that pages which ask again do not."""
    client.force_login(user)
    session = client.session
    request = HttpRequest()
    request.session, request.user = session, user
    record_authentication(request, user, method="password", email=user.email)
    session["signed_in_at"] = int(time.time())
    session.save()
    return client

"""Asks the public pages as everybody does who comes to them, each visit as if it were the first."""

from django.db import transaction

from campaigns.demo.tenants import DemoTenant
from ecosystem.middleware import forget_businesses
from tests.house.customer_visits import CUSTOMER_VISITS
from tests.house.front_door_visits import FRONT_DOOR_VISITS
from tests.house.questions import Everything
from tests.house.visits import Visit


def ask_the_public_pages(tenant: DemoTenant, asked: Everything) -> None:
    """Make every visit to the same opt-in page, letter and invitation. Nothing of it stays."""
    for visit in (*CUSTOMER_VISITS, *FRONT_DOOR_VISITS):
        forget_businesses()
        with transaction.atomic():
            visit(Visit(tenant, asked, visit.__name__.replace("_", " ")))
            transaction.set_rollback(True)

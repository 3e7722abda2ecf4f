import pytest

from tests.factories.api import Program, make_program
from tests.factories.permission import make_business, owner_of


@pytest.fixture
def bakery(db):
    """A business that may write letters."""
    return make_business()


@pytest.fixture
def till(bakery) -> Program:
    """The bakery's till, which may do everything that a key may."""
    return make_program(bakery, owner_of(bakery).user)


@pytest.fixture
def garage(bakery):
    """Gus's garage next door."""
    return make_business("Hale's Garage", owner="gus@example.com")

import pytest

from tests.factories.api import Program, make_program


@pytest.fixture
def till(bakery, nora) -> Program:
    """The bakery's till, which may do everything that a key may."""
    return make_program(bakery, nora)

"""The two businesses with one of everything: they can be made at any time, and be entered."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from campaigns.demo.tenants import write_tenants

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]


@pytest.mark.parametrize("hour", [2, 12, 22])
def test_the_demo_tenants_can_be_made_at_every_hour(hour):
    """Also while the day of UTC has not come yet where the business is.

    Of tomorrow: what they plan is due by the database's clock, which stays.
    """
    tomorrow = timezone.now() + timedelta(days=1)
    with time_machine.travel(tomorrow.replace(hour=hour), tick=False):
        assert len(write_tenants()) == 2


def test_the_command_prints_how_to_enter(capsys):
    call_command("demo_tenants")
    assert capsys.readouterr().out.count('"api_key": "lw_') == 2

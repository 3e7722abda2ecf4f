"""`manage.py seed_demo`: makes the demo bakery once and prints how to sign in."""

from typing import Any

from django.core.management.base import BaseCommand

from campaigns.demo.story import find_demo, logins, write_demo


class Command(BaseCommand):
    """Writes Oat & Ember unless it is there."""

    help = "Make the demo business Oat & Ember with a year of history, once."

    def handle(self, *args: Any, **options: Any) -> None:
        """A second run changes nothing."""
        if find_demo() is None:
            write_demo()
        for login in logins():
            self.stdout.write(f"Login: {login}")

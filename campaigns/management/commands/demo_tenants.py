"""`manage.py demo_tenants`: makes two businesses with one of everything, to look at the wall between them."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.demo.tenants import MARKERS, PASSWORD, write_tenants
from ecosystem.models import Business


class Command(BaseCommand):
    """Writes the two and prints how to enter them, as JSON."""

    help = "Make two businesses with one of everything, marked ZZTENANTA- and ZZTENANTB-."

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuses to make them twice: their keys are shown once."""
        if Business.objects.filter(name__in=[f"{marker}Bakery" for marker in MARKERS]).exists():
            raise CommandError("They stand already.")
        for tenant in write_tenants():
            line = {
                "marker": tenant.marker,
                "business": tenant.business.slug,
                "owner": tenant.owner.email,
                "staff": tenant.staff.email,
                "helper": tenant.helper.email,
                "password": PASSWORD,
                "api_key": tenant.api_key,
            }
            self.stdout.write(json.dumps(line))

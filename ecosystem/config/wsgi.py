"""The WSGI entry that granian serves."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
os.environ.setdefault("PROCESS_KIND", "web")

application = get_wsgi_application()
# Every page is imported here, before the first request, instead of by several threads at once during it.
import_module(settings.ROOT_URLCONF)

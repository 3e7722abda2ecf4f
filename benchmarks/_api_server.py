"""What granian serves in api.page: our application, with the plain one beside it and nobody counting calls out."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
# As in production: no statement is noted down, no template read anew.
settings.DEBUG = False
settings.ROOT_URLCONF = "benchmarks._plain_api"
application = get_wsgi_application()

# Calls are counted as always; only the numbers at which they are refused lie out of reach.
entry = import_module("ecosystem.rest.entry")
entry.PER_KEY = entry.PER_BUSINESS = 10**9

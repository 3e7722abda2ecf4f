"""The root of all URLs."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from ecosystem.views import operations

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", operations.healthz, name="healthz"),
    path("readyz", operations.readyz, name="readyz"),
    path("metrics", operations.metrics, name="metrics"),
    # Before the pages: a program that copies a list asks thousands of times, and each page's pattern is tried in turn.
    path("api/v1/", include("ecosystem.api.urls")),
    path("api/v1/", include("contacts.api.urls")),
    path("api/v1/", include("campaigns.api.urls")),
    path("api/", include("ecosystem.api.page_urls")),
    path("accounts/", include("ecosystem.account_urls")),
    path("", include("ecosystem.urls")),
    path("", include("contacts.urls")),
    path("", include("campaigns.urls")),
    path("", include("campaigns.public_urls")),
]

handler500 = "ecosystem.views.error_pages.server_error"

# The local mailbox exists only where our own mail sink takes the mails, and never on a public address.
if settings.MAIL_SINK_DIR and (settings.DEBUG or settings.EMBEDDED):
    urlpatterns += [path("dev/mail/", include("ecosystem.config.dev_mail_urls"))]
if settings.TEXT_SINK_DIR and (settings.DEBUG or settings.EMBEDDED):
    urlpatterns += [path("dev/texts/", include("ecosystem.config.dev_text_urls"))]

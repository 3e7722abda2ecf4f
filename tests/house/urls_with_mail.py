"""The root URLs with the local mailbox, as where the mail sink runs."""

from django.urls import include, path

from ecosystem.config.urls import urlpatterns as root

urlpatterns = [path("dev/mail/", include("ecosystem.config.dev_mail_urls")), *root]

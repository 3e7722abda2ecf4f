"""The root URLs with the local telephone, as where the text sink runs."""

from django.urls import include, path

from ecosystem.config.urls import urlpatterns as root

urlpatterns = [path("dev/texts/", include("ecosystem.config.dev_text_urls")), *root]

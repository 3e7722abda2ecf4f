"""The page about the API, and the answer for whatever the API does not have: this stands last."""

from django.urls import path, re_path

from ecosystem.api import schema
from ecosystem.rest import errors

urlpatterns = [
    path("docs", schema.docs, name="api_docs"),
    re_path(r"^.*$", errors.not_found, name="api_not_found"),
]

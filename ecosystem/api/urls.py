"""The addresses of the API that belong to this app."""

from django.urls import path

from ecosystem.api import schema
from ecosystem.api.businesses import BusinessView

app_name = "ecosystem_api"

urlpatterns = [
    path("openapi.json", schema.openapi, name="openapi"),
    path("business", BusinessView.as_view(), name="business"),
]

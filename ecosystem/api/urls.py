"""The addresses of the API that belong to this app."""

from django.urls import path

from ecosystem.api import schema
from ecosystem.api.businesses import BusinessView
from ecosystem.api.health import HealthView
from ecosystem.api.team import TeamView
from ecosystem.api.usage import UsageView

app_name = "ecosystem_api"

urlpatterns = [
    path("openapi.json", schema.openapi, name="openapi"),
    path("health", HealthView.as_view(), name="health"),
    path("team", TeamView.as_view(), name="team"),
    path("usage", UsageView.as_view(), name="usage"),
    path("business", BusinessView.as_view(), name="business"),
]

"""The addresses of the API that belong to this app."""

from django.urls import path

from ecosystem.api import schema
from ecosystem.api.businesses import BusinessView
from ecosystem.api.team import TeamView

app_name = "ecosystem_api"

urlpatterns = [
    path("openapi.json", schema.openapi, name="openapi"),
    path("team", TeamView.as_view(), name="team"),
    path("business", BusinessView.as_view(), name="business"),
]

"""Addresses that customers reach without signing in: opt-in pages, and the links of letters.

Those of letters carry a signed token and no trailing slash: a redirect would break one-click unsubscribing.
"""

from django.urls import path

from campaigns.views import provider_events, public_links, public_signups, tracking

app_name = "public"

urlpatterns = [
    path("p/<slug:slug>/join/<slug:form>/", public_signups.join, name="join"),
    path("c/<str:token>", public_links.confirm, name="confirm"),
    path("c/<str:token>/more", public_links.confirm_trap, name="confirm_trap"),
    path("u/<str:token>", public_links.unsubscribe, name="unsubscribe"),
    path("u/<str:token>/undo", public_links.unsubscribe_undo, name="unsubscribe_undo"),
    path("prefs/<str:token>", public_links.preferences, name="preferences"),
    path("l/<str:token>/<int:number>", tracking.follow, name="link"),
    path("e/<str:token>", provider_events.provider_events, name="provider_events"),
]

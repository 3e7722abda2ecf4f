"""Addresses that customers reach without signing in: opt-in pages, and the links of letters.

Those of letters carry a signed token and no trailing slash: a redirect would break one-click unsubscribing.
"""

from django.urls import path

from campaigns.views import (
    program_signups,
    provider_events,
    public_data,
    public_links,
    public_sent,
    public_signups,
    text_webhooks,
    tracking,
)

app_name = "public"

urlpatterns = [
    path("p/<slug:slug>/join/<slug:form>/", public_signups.join, name="join"),
    path("p/<slug:slug>/join/<slug:form>/embed/", public_signups.join_embedded, name="join_embedded"),
    path("p/<slug:slug>/join/<slug:form>/json/", program_signups.join_by_program, name="join_by_program"),
    path("c/<str:token>", public_links.confirm, name="confirm"),
    path("c/<str:token>/more", public_links.confirm_trap, name="confirm_trap"),
    path("u/<str:token>", public_links.unsubscribe, name="unsubscribe"),
    path("u/<str:token>/undo", public_links.unsubscribe_undo, name="unsubscribe_undo"),
    path("u/<str:token>/more", public_links.unsubscribe_trap, name="unsubscribe_trap"),
    path("prefs/<str:token>/more", public_links.preferences_trap, name="preferences_trap"),
    path("prefs/<str:token>/copy", public_data.ask_copy, name="preferences_copy"),
    path("prefs/<str:token>/erasure", public_data.ask_erasure, name="preferences_erasure"),
    path("d/<str:token>", public_data.copy, name="data_copy"),
    path("f/<str:token>", public_data.erasure, name="data_erasure"),
    path("prefs/<str:token>/sent", public_sent.sent, name="preferences_sent"),
    path("prefs/<str:token>/sent/<uuid:id>", public_sent.sent_letter, name="preferences_sent_letter"),
    path("prefs/<str:token>", public_links.preferences, name="preferences"),
    path("t/<str:token>", text_webhooks.receive, name="texts"),
    path("l/<str:token>/<int:number>", tracking.follow, name="link"),
    path("o/<str:token>", tracking.opened, name="open"),
    path("e/<str:token>", provider_events.provider_events, name="provider_events"),
]

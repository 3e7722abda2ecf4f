"""The addresses of the API that are about people."""

from django.urls import path

from contacts.api.consents import ConsentListView
from contacts.api.contacts import ContactListView, ContactView
from contacts.api.interactions import InteractionListView
from contacts.api.stage_changes import StageChangeListView
from contacts.api.topics import TopicListView, TopicView

app_name = "contacts_api"

urlpatterns = [
    path("contacts", ContactListView.as_view(), name="contacts"),
    path("contacts/<uuid:contact_id>", ContactView.as_view(), name="contact"),
    path("contacts/<uuid:contact_id>/stage-changes", StageChangeListView.as_view(), name="stage_changes"),
    path("contacts/<uuid:contact_id>/interactions", InteractionListView.as_view(), name="interactions"),
    path("contacts/<uuid:contact_id>/consents", ConsentListView.as_view(), name="consents"),
    path("topics", TopicListView.as_view(), name="topics"),
    path("topics/<uuid:topic_id>", TopicView.as_view(), name="topic"),
]

"""The addresses of the API that are about sequences and letters."""

from django.urls import path

from campaigns.api.enrollments import EnrollmentListView, EnrollmentView
from campaigns.api.messages import MessageListView, MessageView
from campaigns.api.sequences import SequenceListView, SequenceView

app_name = "campaigns_api"

urlpatterns = [
    path("sequences", SequenceListView.as_view(), name="sequences"),
    path("sequences/<uuid:sequence_id>", SequenceView.as_view(), name="sequence"),
    path("sequences/<uuid:sequence_id>/enrollments", EnrollmentListView.as_view(), name="enrollments"),
    path("sequences/<uuid:sequence_id>/enrollments/<uuid:enrollment_id>", EnrollmentView.as_view(), name="enrollment"),
    path("messages", MessageListView.as_view(), name="messages"),
    path("messages/<uuid:message_id>", MessageView.as_view(), name="message"),
]

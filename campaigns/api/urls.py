"""The addresses of the API that are about sequences and letters."""

from django.urls import path

from campaigns.api.enrollments import EnrollmentListView, EnrollmentView
from campaigns.api.messages import MessageListView, MessageView
from campaigns.api.sequences import (
    SequenceListView,
    SequencePauseView,
    SequenceResumeView,
    SequenceStartView,
    SequenceView,
)
from campaigns.api.signup_forms import (
    SignupFormCloseView,
    SignupFormListView,
    SignupFormPublishView,
    SignupFormView,
)
from campaigns.api.walks import WalkListView, WalkPauseView, WalkResumeView, WalkView
from campaigns.api.wishes import ConsentRequestListView, WishesView

app_name = "campaigns_api"

urlpatterns = [
    path("sequences", SequenceListView.as_view(), name="sequences"),
    path("sequences/<uuid:sequence_id>", SequenceView.as_view(), name="sequence"),
    path("sequences/<uuid:sequence_id>/enrollments", EnrollmentListView.as_view(), name="enrollments"),
    path("sequences/<uuid:sequence_id>/enrollments/<uuid:enrollment_id>", EnrollmentView.as_view(), name="enrollment"),
    path("sequences/<uuid:sequence_id>/start", SequenceStartView.as_view(), name="sequence_start"),
    path("sequences/<uuid:sequence_id>/pause", SequencePauseView.as_view(), name="sequence_pause"),
    path("sequences/<uuid:sequence_id>/resume", SequenceResumeView.as_view(), name="sequence_resume"),
    path("contacts/<uuid:contact_id>/enrollments", WalkListView.as_view(), name="walks"),
    path("contacts/<uuid:contact_id>/enrollments/<uuid:enrollment_id>", WalkView.as_view(), name="walk"),
    path(
        "contacts/<uuid:contact_id>/enrollments/<uuid:enrollment_id>/pause",
        WalkPauseView.as_view(),
        name="walk_pause",
    ),
    path(
        "contacts/<uuid:contact_id>/enrollments/<uuid:enrollment_id>/resume",
        WalkResumeView.as_view(),
        name="walk_resume",
    ),
    path("contacts/<uuid:contact_id>/wishes", WishesView.as_view(), name="wishes"),
    path("contacts/<uuid:contact_id>/consent-requests", ConsentRequestListView.as_view(), name="consent_requests"),
    path("signup-forms", SignupFormListView.as_view(), name="signup_forms"),
    path("signup-forms/<uuid:form_id>", SignupFormView.as_view(), name="signup_form"),
    path("signup-forms/<uuid:form_id>/publish", SignupFormPublishView.as_view(), name="signup_form_publish"),
    path("signup-forms/<uuid:form_id>/close", SignupFormCloseView.as_view(), name="signup_form_close"),
    path("messages", MessageListView.as_view(), name="messages"),
    path("messages/<uuid:message_id>", MessageView.as_view(), name="message"),
]

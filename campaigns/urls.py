"""Addresses of pages about letters and permission. Everything of a business's dashboard stands under its slug."""

from django.urls import URLPattern, URLResolver, include, path

from campaigns.views import (
    contents,
    permissions,
    quiet_hours,
    sequence_steps,
    sequences,
    signups,
    texts,
    unknown,
)

app_name = "campaigns"

dashboard: list[URLPattern | URLResolver] = [
    path("opt-in/", signups.signup_form_list, name="signup_form_list"),
    path("opt-in/new/", signups.signup_form_add, name="signup_form_add"),
    path("opt-in/<uuid:id>/", signups.signup_form_edit, name="signup_form_edit"),
    path("opt-in/<uuid:id>/preview/", signups.signup_form_preview, name="signup_form_preview"),
    path("opt-in/<uuid:id>/publish/", signups.signup_form_publish, name="signup_form_publish"),
    path("opt-in/<uuid:id>/close/", signups.signup_form_close, name="signup_form_close"),
    path("contacts/<uuid:id>/permission/<uuid:topic_id>/ask/", permissions.consent_ask, name="consent_ask"),
    path("contacts/<uuid:id>/permission/<uuid:topic_id>/proof/", permissions.consent_grant, name="consent_grant"),
    path("contacts/<uuid:id>/permission/withdraw/", permissions.consent_withdraw, name="consent_withdraw"),
    path("contacts/<uuid:id>/prefers/", permissions.channel_prefer, name="channel_prefer"),
    path("contacts/<uuid:id>/permission/export/", permissions.consent_export, name="consent_export"),
    path("letters/", contents.content_list, name="content_list"),
    path("letters/new/", contents.content_add, name="content_add"),
    path("letters/new-text/", contents.content_add_text, name="content_add_text"),
    path("letters/<uuid:id>/", contents.content_edit, name="content_edit"),
    path("letters/<uuid:id>/preview/", contents.content_preview, name="content_preview"),
    path("letters/<uuid:id>/preview/frame/", contents.content_frame, name="content_frame"),
    path("letters/<uuid:id>/test/", contents.content_test, name="content_test"),
    path("letters/<uuid:id>/archive/", contents.content_archive, name="content_archive"),
    path("letters/<uuid:id>/restore/", contents.content_restore, name="content_restore"),
    path("texts/", texts.text_list, name="text_list"),
    path("texts/settings/", texts.text_settings_edit, name="text_settings"),
    path("texts/<uuid:id>/decide/", texts.text_decide, name="text_decide"),
    path("sequences/", sequences.sequence_list, name="sequence_list"),
    path("sequences/new/", sequences.sequence_add, name="sequence_add"),
    path("sequences/<uuid:id>/", sequences.sequence_detail, name="sequence_detail"),
    path("sequences/<uuid:id>/edit/", sequences.sequence_edit, name="sequence_edit"),
    path("sequences/<uuid:id>/people/", sequences.sequence_people, name="sequence_people"),
    path("sequences/<uuid:id>/start/", sequences.sequence_start, name="sequence_start"),
    path("sequences/<uuid:id>/publish/", sequences.sequence_publish, name="sequence_publish"),
    path("sequences/<uuid:id>/pause/", sequences.sequence_pause, name="sequence_pause"),
    path("sequences/<uuid:id>/resume/", sequences.sequence_resume, name="sequence_resume"),
    path("sequences/<uuid:id>/archive/", sequences.sequence_archive, name="sequence_archive"),
    path("sequences/<uuid:id>/unknown/", unknown.unknown_list, name="unknown_list"),
    path("sequences/<uuid:id>/unknown/decide/", unknown.unknown_decide, name="unknown_decide"),
    path("sequences/<uuid:id>/letters/", sequence_steps.letter_add, name="sequence_letter_add"),
    path("sequences/<uuid:id>/waits/", sequence_steps.wait_add, name="sequence_wait_add"),
    path("sequences/<uuid:id>/steps/<uuid:step_key>/wait/", sequence_steps.wait_change, name="sequence_wait_change"),
    path(
        "sequences/<uuid:id>/steps/<uuid:step_key>/letter/",
        sequence_steps.letter_change,
        name="sequence_letter_change",
    ),
    path(
        "sequences/<uuid:id>/steps/<uuid:step_key>/move/<int:position>/",
        sequence_steps.step_move,
        name="sequence_step_move",
    ),
    path("sequences/<uuid:id>/steps/<uuid:step_key>/remove/", sequence_steps.step_remove, name="sequence_step_remove"),
    path("sequences/<uuid:id>/steps/<uuid:step_key>/<str:outcome>/", sequences.step_messages, name="step_messages"),
    path("contacts/<uuid:id>/sequences/", sequence_steps.contact_enroll, name="contact_enroll"),
    path("contacts/<uuid:id>/zone/", quiet_hours.contact_zone, name="contact_zone"),
    path("settings/pace/", quiet_hours.channel_rules, name="channel_rules"),
    path("enrollments/<uuid:id>/exit/", sequence_steps.enrollment_exit, name="enrollment_exit"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("b/<slug:slug>/", include(dashboard))]

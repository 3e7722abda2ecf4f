"""The addresses of this app: the front door, the set-up, and what a business is and whom it lets in."""

from django.urls import path

from ecosystem.views import (
    account,
    account_security,
    api_keys,
    audit,
    core_message,
    dashboard,
    invitations,
    kinds,
    profile,
    sending,
    setup,
    team,
)

app_name = "ecosystem"

urlpatterns = [
    path("", account.home, name="home"),
    path("businesses/", account.business_choice, name="business_choice"),
    path("me/second-step/<slug:slug>/", account_security.second_step_wanted, name="second_step_wanted"),
    path("me/theme/", account.theme, name="theme"),
    path("start/", setup.business_new, name="business_new"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("b/<slug:slug>/", dashboard.today, name="today"),
    path("b/<slug:slug>/health/", dashboard.health_explained, name="health_explained"),
    path("b/<slug:slug>/health/count/", dashboard.health_recount, name="health_recount"),
    path("b/<slug:slug>/core-message/", core_message.core_message, name="core_message"),
    path("b/<slug:slug>/core-message/edit/", core_message.core_message_edit, name="core_message_edit"),
    path("b/<slug:slug>/start/", setup.setup, name="setup"),
    path("b/<slug:slug>/start/business/", setup.setup_business, name="setup_business"),
    path("b/<slug:slug>/start/message/", setup.setup_message, name="setup_message"),
    path("b/<slug:slug>/start/letters/", setup.setup_sender, name="setup_sender"),
    path("b/<slug:slug>/start/people/", setup.setup_people, name="setup_people"),
    path("b/<slug:slug>/start/done/", setup.setup_finish, name="setup_finish"),
    path("b/<slug:slug>/sending/", sending.sending, name="sending"),
    path("b/<slug:slug>/settings/", profile.profile, name="profile"),
    path("b/<slug:slug>/kinds/", kinds.kind_list, name="kind_list"),
    path("b/<slug:slug>/kinds/<slug:kind>/", kinds.kind_edit, name="kind_edit"),
    path("b/<slug:slug>/kinds/<slug:kind>/undo/", kinds.kind_undo, name="kind_undo"),
    path("b/<slug:slug>/team/", team.team_list, name="team"),
    path("b/<slug:slug>/team/leave/", team.team_leave, name="team_leave"),
    path("b/<slug:slug>/team/second-step/", account_security.team_second_step, name="team_second_step"),
    path("b/<slug:slug>/team/acts/", audit.audit_list, name="audit"),
    path("b/<slug:slug>/team/invite/", team.team_invite, name="team_invite"),
    path("b/<slug:slug>/team/<uuid:membership_id>/", team.member_edit, name="member_edit"),
    path("b/<slug:slug>/team/<uuid:membership_id>/remove/", team.member_remove, name="member_remove"),
    path("b/<slug:slug>/invitations/<uuid:invitation_id>/resend/", team.invitation_resend, name="invitation_resend"),
    path("b/<slug:slug>/invitations/<uuid:invitation_id>/revoke/", team.invitation_revoke, name="invitation_revoke"),
    path("b/<slug:slug>/keys/", api_keys.api_key_list, name="api_key_list"),
    path("b/<slug:slug>/keys/new/", api_keys.api_key_new, name="api_key_new"),
    path("b/<slug:slug>/keys/<uuid:key_id>/revoke/", api_keys.api_key_revoke, name="api_key_revoke"),
]

"""Addresses of pages about people. Everything of a business's dashboard stands under its slug."""

from django.urls import URLPattern, URLResolver, include, path

from contacts.views import bulk, contacts, imports, interactions, ladder, next_steps, organizations, roles, tags, topics

app_name = "contacts"

dashboard: list[URLPattern | URLResolver] = [
    path("contacts/", contacts.contact_list, name="contact_list"),
    path("contacts/change/", bulk.bulk_edit, name="bulk_edit"),
    path("contacts/change/<uuid:id>/", bulk.bulk_edit_detail, name="bulk_edit_detail"),
    path("contacts/change/<uuid:id>/stop/", bulk.bulk_edit_cancel, name="bulk_edit_cancel"),
    path("contacts/change/<uuid:id>/undo/", bulk.bulk_edit_undo, name="bulk_edit_undo"),
    path("contacts/new/", contacts.contact_add, name="contact_add"),
    path("contacts/<uuid:id>/", contacts.contact_detail, name="contact_detail"),
    path("contacts/<uuid:id>/edit/", contacts.contact_edit, name="contact_edit"),
    path("contacts/<uuid:id>/delete/", contacts.contact_delete, name="contact_delete"),
    path("contacts/<uuid:id>/restore/", contacts.contact_restore, name="contact_restore"),
    path("contacts/<uuid:id>/timeline/", interactions.timeline, name="timeline"),
    path("contacts/<uuid:id>/interactions/new/", interactions.interaction_add, name="interaction_add"),
    path("contacts/<uuid:id>/notes/", interactions.note_add, name="note_add"),
    path("contacts/<uuid:id>/notes/<uuid:note_id>/edit/", interactions.note_edit, name="note_edit"),
    path("contacts/<uuid:id>/notes/<uuid:note_id>/delete/", interactions.note_delete, name="note_delete"),
    path("contacts/<uuid:id>/notes/<uuid:note_id>/restore/", interactions.note_restore, name="note_restore"),
    path("contacts/<uuid:id>/next-step/", next_steps.next_step_set, name="next_step_set"),
    path("contacts/<uuid:id>/next-step/<uuid:step_id>/close/", next_steps.next_step_close, name="next_step_close"),
    path("contacts/<uuid:id>/next-step/<uuid:step_id>/reopen/", next_steps.next_step_reopen, name="next_step_reopen"),
    path("contacts/<uuid:id>/next-step/<uuid:step_id>/later/", next_steps.next_step_later, name="next_step_later"),
    path("next-steps/", next_steps.next_step_list, name="next_step_list"),
    path("contacts/<uuid:id>/tags/", tags.tag_add, name="tag_add"),
    path("contacts/<uuid:id>/tags/<uuid:tag_id>/", tags.tag_put, name="tag_put"),
    path("contacts/<uuid:id>/tags/<uuid:tag_id>/remove/", tags.tag_remove, name="tag_remove"),
    path("contacts/<uuid:id>/roles/", roles.role_assign, name="role_assign"),
    path("contacts/<uuid:id>/roles/<uuid:role_id>/end/", roles.role_end, name="role_end"),
    path("contacts/<uuid:id>/roles/<uuid:role_id>/reopen/", roles.role_reopen, name="role_reopen"),
    path("contacts/<uuid:id>/affiliations/", organizations.affiliation_add, name="affiliation_add"),
    path(
        "contacts/<uuid:id>/affiliations/<uuid:affiliation_id>/end/",
        organizations.affiliation_end,
        name="affiliation_end",
    ),
    path("contacts/<uuid:id>/stage/", ladder.stage_change, name="stage_change"),
    path("contacts/<uuid:id>/stage/<uuid:change_id>/undo/", ladder.stage_undo, name="stage_undo"),
    path("ladder/", ladder.ladder, name="ladder"),
    path("ladder/<str:stage>/", ladder.ladder_lane, name="ladder_lane"),
    path("organizations/", organizations.organization_list, name="organization_list"),
    path("organizations/new/", organizations.organization_add, name="organization_add"),
    path("organizations/<uuid:id>/", organizations.organization_detail, name="organization_detail"),
    path("organizations/<uuid:id>/edit/", organizations.organization_edit, name="organization_edit"),
    path("organizations/<uuid:id>/delete/", organizations.organization_delete, name="organization_delete"),
    path("organizations/<uuid:id>/restore/", organizations.organization_restore, name="organization_restore"),
    path("organizations/<uuid:id>/roles/", organizations.organization_role, name="organization_role"),
    path("topics/", topics.topic_list, name="topic_list"),
    path("topics/new/", topics.topic_add, name="topic_add"),
    path("topics/<uuid:id>/edit/", topics.topic_edit, name="topic_edit"),
    path("topics/<uuid:id>/archive/", topics.topic_archive, name="topic_archive"),
    path("topics/<uuid:id>/restore/", topics.topic_restore, name="topic_restore"),
    path("contacts/imports/", imports.import_list, name="import_list"),
    path("contacts/imports/<uuid:id>/", imports.import_detail, name="import_detail"),
    path("contacts/imports/<uuid:id>/columns/", imports.import_columns, name="import_columns"),
    path("contacts/imports/<uuid:id>/permission/", imports.import_permission, name="import_permission"),
    path("contacts/imports/<uuid:id>/check/", imports.import_check, name="import_check"),
    path("contacts/imports/<uuid:id>/cancel/", imports.import_cancel, name="import_cancel"),
    path("contacts/imports/<uuid:id>/problems.csv", imports.import_problems, name="import_problems"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("b/<slug:slug>/", include(dashboard))]

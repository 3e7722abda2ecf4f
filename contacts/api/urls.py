"""The addresses of the API that are about people."""

from django.urls import path

from contacts.api.affiliations import AffiliationListView, AffiliationView, OrganizationPeopleView
from contacts.api.bulk_edits import BulkEditListView, BulkEditStopView, BulkEditUndoView, BulkEditView
from contacts.api.consents import ConsentListView, PermissionListView
from contacts.api.contact_batches import ContactBatchView
from contacts.api.contacts import ContactListView, ContactRestoreView, ContactView
from contacts.api.duplicates import DuplicateApartView, DuplicateListView, DuplicateSearchView
from contacts.api.import_checks import ImportCheckView, ImportStartView
from contacts.api.import_files import ImportFileView
from contacts.api.import_reviews import (
    ImportAnswerListView,
    ImportDifferenceListView,
    ImportKeptListView,
    ImportProblemView,
    ImportUndoView,
)
from contacts.api.imports import ImportGoOnView, ImportListView, ImportProblemListView, ImportStopView, ImportView
from contacts.api.interactions import InteractionListView
from contacts.api.merges import MergeListView, MergeLookView, MergeUndoView, MergeView
from contacts.api.next_steps import NextStepListView, NextStepView, OpenNextStepListView
from contacts.api.notes import NoteListView, NoteRestoreView, NoteView
from contacts.api.organizations import (
    OrganizationListView,
    OrganizationRestoreView,
    OrganizationRoleListView,
    OrganizationView,
)
from contacts.api.roles import RoleListView, RoleView
from contacts.api.stage_changes import StageChangeListView, StageChangeUndoView
from contacts.api.tags import ContactTagListView, ContactTagView, TagListView
from contacts.api.topics import TopicArchiveView, TopicListView, TopicRestoreView, TopicView

app_name = "contacts_api"

urlpatterns = [
    path("contacts", ContactListView.as_view(), name="contacts"),
    path("contacts/batch", ContactBatchView.as_view(), name="contact_batch"),
    path("contacts/<uuid:contact_id>", ContactView.as_view(), name="contact"),
    path("contacts/<uuid:contact_id>/stage-changes", StageChangeListView.as_view(), name="stage_changes"),
    path(
        "contacts/<uuid:contact_id>/stage-changes/<uuid:change_id>/undo",
        StageChangeUndoView.as_view(),
        name="stage_change_undo",
    ),
    path("contacts/<uuid:contact_id>/permissions", PermissionListView.as_view(), name="permissions"),
    path("contacts/<uuid:contact_id>/interactions", InteractionListView.as_view(), name="interactions"),
    path("contacts/<uuid:contact_id>/consents", ConsentListView.as_view(), name="consents"),
    path("contacts/<uuid:contact_id>/restore", ContactRestoreView.as_view(), name="contact_restore"),
    path("contacts/<uuid:contact_id>/tags", ContactTagListView.as_view(), name="contact_tags"),
    path("contacts/<uuid:contact_id>/tags/<uuid:tag_id>", ContactTagView.as_view(), name="contact_tag"),
    path("contacts/<uuid:contact_id>/roles", RoleListView.as_view(), name="roles"),
    path("contacts/<uuid:contact_id>/roles/<uuid:role_id>", RoleView.as_view(), name="role"),
    path("contacts/<uuid:contact_id>/affiliations", AffiliationListView.as_view(), name="affiliations"),
    path(
        "contacts/<uuid:contact_id>/affiliations/<uuid:affiliation_id>", AffiliationView.as_view(), name="affiliation"
    ),
    path("contacts/<uuid:contact_id>/notes", NoteListView.as_view(), name="notes"),
    path("contacts/<uuid:contact_id>/notes/<uuid:note_id>", NoteView.as_view(), name="note"),
    path("contacts/<uuid:contact_id>/notes/<uuid:note_id>/restore", NoteRestoreView.as_view(), name="note_restore"),
    path("contacts/<uuid:contact_id>/next-steps", NextStepListView.as_view(), name="next_steps"),
    path("contacts/<uuid:contact_id>/next-steps/<uuid:step_id>", NextStepView.as_view(), name="next_step"),
    path("contacts/<uuid:contact_id>/merges", MergeListView.as_view(), name="merges"),
    path("contacts/<uuid:contact_id>/merges/look/<uuid:other_id>", MergeLookView.as_view(), name="merge_look"),
    path("merges/<uuid:merge_id>", MergeView.as_view(), name="merge"),
    path("merges/<uuid:merge_id>/undo", MergeUndoView.as_view(), name="merge_undo"),
    path("duplicates", DuplicateListView.as_view(), name="duplicates"),
    path("duplicates/search", DuplicateSearchView.as_view(), name="duplicate_search"),
    path("duplicates/<uuid:pair_id>/apart", DuplicateApartView.as_view(), name="duplicate_apart"),
    path("next-steps", OpenNextStepListView.as_view(), name="open_next_steps"),
    path("organizations", OrganizationListView.as_view(), name="organizations"),
    path("organizations/<uuid:organization_id>", OrganizationView.as_view(), name="organization"),
    path("organizations/<uuid:organization_id>/people", OrganizationPeopleView.as_view(), name="organization_people"),
    path("organizations/<uuid:organization_id>/roles", OrganizationRoleListView.as_view(), name="organization_roles"),
    path(
        "organizations/<uuid:organization_id>/restore", OrganizationRestoreView.as_view(), name="organization_restore"
    ),
    path("tags", TagListView.as_view(), name="tags"),
    path("topics", TopicListView.as_view(), name="topics"),
    path("topics/<uuid:topic_id>", TopicView.as_view(), name="topic"),
    path("topics/<uuid:topic_id>/archive", TopicArchiveView.as_view(), name="topic_archive"),
    path("topics/<uuid:topic_id>/restore", TopicRestoreView.as_view(), name="topic_restore"),
    path("bulk-edits", BulkEditListView.as_view(), name="bulk_edits"),
    path("bulk-edits/<uuid:edit_id>", BulkEditView.as_view(), name="bulk_edit"),
    path("bulk-edits/<uuid:edit_id>/undo", BulkEditUndoView.as_view(), name="bulk_edit_undo"),
    path("bulk-edits/<uuid:edit_id>/stop", BulkEditStopView.as_view(), name="bulk_edit_stop"),
    path("imports", ImportListView.as_view(), name="imports"),
    path("imports/files", ImportFileView.as_view(), name="import_files"),
    path("imports/<uuid:import_id>", ImportView.as_view(), name="import"),
    path("imports/<uuid:import_id>/check", ImportCheckView.as_view(), name="import_check"),
    path("imports/<uuid:import_id>/start", ImportStartView.as_view(), name="import_start"),
    path("imports/<uuid:import_id>/problems", ImportProblemListView.as_view(), name="import_problems"),
    path("imports/<uuid:import_id>/problems/<uuid:problem_id>", ImportProblemView.as_view(), name="import_problem"),
    path("imports/<uuid:import_id>/differences", ImportDifferenceListView.as_view(), name="import_differences"),
    path("imports/<uuid:import_id>/answers", ImportAnswerListView.as_view(), name="import_answers"),
    path("imports/<uuid:import_id>/undo", ImportUndoView.as_view(), name="import_undo"),
    path("imports/<uuid:import_id>/kept", ImportKeptListView.as_view(), name="import_kept"),
    path("imports/<uuid:import_id>/go-on", ImportGoOnView.as_view(), name="import_go_on"),
    path("imports/<uuid:import_id>/stop", ImportStopView.as_view(), name="import_stop"),
]

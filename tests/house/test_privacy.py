"""Every table of a business says whose data stands in it, and what an erasure does with that."""

from ecosystem.privacy import HOUSEKEEPING, PERSONAL, NotPersonal, PersonalTable, personal_tables
from tests.house.conftest import tenant_models


def ours() -> set[str]:
    """The tables of a business, by name; those of the tests' own apps are none."""
    return {model._meta.label for model in tenant_models() if model._meta.app_label != "tenantapp"}


def test_rel_42_every_table_of_a_business_is_classified_as_personal_or_not():
    classified = set(PERSONAL.keys())
    assert ours() - classified == set(), "say in personal_tables.py whose data stands in these"
    assert classified - ours() == set(), "these tables are gone"


def test_sec_67_a_table_that_points_to_a_person_is_personal():
    for model in tenant_models():
        points = [
            field.name for field in model._meta.concrete_fields
            if field.is_relation and field.related_model._meta.label == "contacts.Contact"
        ]  # fmt: skip
        if points and model._meta.app_label != "tenantapp":
            assert isinstance(PERSONAL.get(model._meta.label), PersonalTable), (model._meta.label, points)


def test_sec_68_what_is_not_forgotten_says_why_it_is_kept():
    for table in personal_tables():
        assert (table.forget is None) == bool(table.kept), table.model._meta.label
        assert str(table.title), table.model._meta.label
    for name, entry in PERSONAL.items():
        if isinstance(entry, NotPersonal):
            assert entry.reason, name


def test_sec_67_a_copy_withholds_nothing_but_what_is_of_others():
    withheld = {
        f"{table.model._meta.label}.{name}" for table in personal_tables() for name in table.withheld
    }  # fmt: skip
    assert withheld == {
        "contacts.Consent.actor_id",
        "contacts.Contact.membership_id",
        "contacts.Contact.owner_id",
        "contacts.DataRequest.asked_by_id",
        "contacts.DataRequest.sealed_copy",
        "contacts.Import.content",
        "contacts.Import.file_hash",
        "contacts.Import.sample",
        "contacts.Import.uploaded_by_id",
        "contacts.Interaction.actor_id",
        "contacts.MergeOperation.actor_id",
        "contacts.NextStep.assignee_id",
        "contacts.Note.written_by_id",
        "contacts.RoleAssignment.started_by_id",
        "contacts.StageChange.actor_id",
        "ecosystem.AuditEntry.actor_user_id",
    }
    assert {"business_id", "version"} == HOUSEKEEPING

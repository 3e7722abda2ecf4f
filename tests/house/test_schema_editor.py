"""What migrations make of models, change after change, and that they can be taken back."""

import pytest
from django.db import NotSupportedError, connections, migrations, models, transaction
from django.db.migrations.state import ProjectState

from ecosystem.base.fields import BusinessField, TenantForeignKey, TenantUniqueConstraint
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import TenantManager
from tests.house.tenantapp.models import Jar, Tasting

pytestmark = pytest.mark.django_db


def table(name: str, *fields: tuple[str, models.Field], append_only: bool = False, **options) -> migrations.CreateModel:
    return migrations.CreateModel(
        name,
        [
            ("id", models.UUIDField(primary_key=True, default=uuid7, editable=False)),
            ("business_id", BusinessField(append_only=append_only)),
            *fields,
        ],
        options=options,
        managers=[("objects", TenantManager())],
    )


def key(to: str, on_delete=models.CASCADE, **options) -> TenantForeignKey:
    return TenantForeignKey(to, on_delete=on_delete, related_name="+", **options)


class Steps:
    """Migrations one after the other, on the owner's connection, within the test's transaction."""

    def __init__(self) -> None:
        self.states = [ProjectState(real_apps={"ecosystem"})]
        self.done: list[list[migrations.operations.base.Operation]] = []

    def forwards(self, *operations) -> None:
        """One migration."""
        state = self.states[-1].clone()
        with connections["owner"].schema_editor() as editor:
            for operation in operations:
                before = state.clone()
                operation.state_forwards("cellar", state)
                operation.database_forwards("cellar", editor, before, state)
        self.states.append(state)
        self.done.append(list(operations))

    def back_to_zero(self) -> None:
        while self.done:
            operations = self.done.pop()
            self.states.pop()
            states = [self.states[-1].clone()]
            for operation in operations:
                state = states[-1].clone()
                operation.state_forwards("cellar", state)
                states.append(state)
            with connections["owner"].schema_editor() as editor:
                for position in range(len(operations) - 1, -1, -1):
                    operations[position].database_backwards("cellar", editor, states[position + 1], states[position])


@pytest.fixture
def steps(db) -> Steps:
    return Steps()


def keys(catalogue, name: str) -> set[str]:
    """The foreign keys of a table between tenant tables."""
    found = catalogue(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' AND conrelid = to_regclass(%s)",
        [name],
    )
    return {text for (text,) in found if "ecosystem_business" not in text}


WALL = "FOREIGN KEY (business_id, {0}_id) REFERENCES cellar_{1}(business_id, id)"


def test_one_migration_makes_the_whole_wall(steps, catalogue):
    steps.forwards(
        table("Rack", ("name", models.TextField())),
        table("Bottle", ("rack", key("cellar.rack")), ("note", models.TextField())),
    )
    assert keys(catalogue, "cellar_bottle") == {WALL.format("rack", "rack") + " ON DELETE CASCADE"}
    assert catalogue("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = 'cellar_bottle'") == [
        (True, True)
    ]
    assert catalogue("SELECT has_table_privilege('crm_app', 'cellar_bottle', 'DELETE')") == [(True,)]


def business_keys(catalogue, name: str) -> int:
    """How many keys of a table lead to the business itself."""
    (row,) = catalogue(
        "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = to_regclass(%s)"
        " AND confrelid = 'ecosystem_business'::regclass",
        [name],
    )
    return row[0]


def test_a_business_is_proven_once_by_its_own_key_or_by_a_row_pointed_to(steps, catalogue):
    steps.forwards(table("Rack"), table("Bottle", ("rack", key("cellar.rack"))))
    assert (business_keys(catalogue, "cellar_rack"), business_keys(catalogue, "cellar_bottle")) == (1, 0)
    steps.forwards(migrations.AlterField("bottle", "rack", key("cellar.rack", null=True)))
    assert business_keys(catalogue, "cellar_bottle") == 1
    steps.forwards(migrations.AlterField("bottle", "rack", key("cellar.rack")))
    steps.forwards(migrations.RemoveField("bottle", "rack"))
    assert business_keys(catalogue, "cellar_bottle") == 1


def test_a_key_is_added_changed_and_removed(steps, catalogue):
    steps.forwards(table("Rack"), table("Bottle"))
    steps.forwards(migrations.AddField("bottle", "rack", key("cellar.rack", null=True)))
    assert keys(catalogue, "cellar_bottle") == {WALL.format("rack", "rack") + " ON DELETE CASCADE"}
    steps.forwards(migrations.AlterField("bottle", "rack", key("cellar.rack", models.SET_NULL, null=True)))
    assert keys(catalogue, "cellar_bottle") == {WALL.format("rack", "rack") + " ON DELETE SET NULL (rack_id)"}
    steps.forwards(migrations.AlterField("bottle", "rack", key("cellar.rack", models.PROTECT)))
    assert keys(catalogue, "cellar_bottle") == {WALL.format("rack", "rack")}
    steps.forwards(migrations.RemoveField("bottle", "rack"))
    assert keys(catalogue, "cellar_bottle") == set()


def test_a_key_gets_another_target(steps, catalogue):
    steps.forwards(table("Rack"), table("Crate"), table("Bottle", ("place", key("cellar.rack", null=True))))
    steps.forwards(migrations.AlterField("bottle", "place", key("cellar.crate", null=True)))
    assert keys(catalogue, "cellar_bottle") == {WALL.format("place", "crate") + " ON DELETE CASCADE"}


def test_names_change_and_the_keys_follow(steps, catalogue):
    steps.forwards(table("Rack"), table("Bottle", ("rack", key("cellar.rack", models.SET_NULL, null=True))))
    steps.forwards(migrations.RenameField("bottle", "rack", "shelf"), migrations.RenameModel("Rack", "Shelf"))
    assert keys(catalogue, "cellar_bottle") == {WALL.format("shelf", "shelf") + " ON DELETE SET NULL (shelf_id)"}


def test_names_change_within_the_migration_that_makes_them(steps, catalogue):
    """As squashed migrations do: the constraint still waits when its table and column are renamed."""
    steps.forwards(
        table("Rack"),
        table("Bottle", ("rack", key("cellar.rack", models.SET_NULL, null=True)), ("gone", key("cellar.rack"))),
        migrations.RenameField("bottle", "rack", "shelf"),
        migrations.RenameModel("Rack", "Shelf"),
        migrations.RemoveField("bottle", "gone"),
        table("Cork", ("bottle", key("cellar.bottle"))),
        migrations.DeleteModel("Cork"),
        migrations.AlterField("bottle", "shelf", key("cellar.shelf", models.PROTECT)),
    )
    assert keys(catalogue, "cellar_bottle") == {WALL.format("shelf", "shelf")}


def test_a_self_reference_cascades_in_sql_and_a_true_cycle_can_be_deferred(steps, catalogue):
    steps.forwards(
        table("Rack", ("above", key("cellar.rack", null=True))), table("Bottle", ("rack", key("cellar.rack")))
    )
    steps.forwards(migrations.AddField("rack", "best", key("cellar.bottle", models.SET_NULL, null=True)))
    assert keys(catalogue, "cellar_rack") == {
        WALL.format("above", "rack") + " ON DELETE CASCADE",
        WALL.format("best", "bottle") + " ON DELETE SET NULL (best_id) DEFERRABLE",
    }
    assert catalogue("SELECT count(*) FROM pg_constraint WHERE condeferred AND conname LIKE '%%wall%%'") == [(0,)]


def test_a_ledger_is_written_once_and_never_by_a_cascade(steps, catalogue):
    steps.forwards(
        table("Bottle"),
        table("Sip", ("bottle", key("cellar.bottle", models.DO_NOTHING)), append_only=True),
    )
    rights = "SELECT string_agg(p, ' ') FROM unnest(ARRAY['SELECT','INSERT','UPDATE','DELETE','TRUNCATE']) p"
    asked = rights + " WHERE has_table_privilege('crm_app', 'cellar_sip', p)"
    assert keys(catalogue, "cellar_sip") == {WALL.format("bottle", "bottle")}
    assert catalogue(asked) == [("SELECT INSERT",)]
    steps.forwards(migrations.AlterField("sip", "business_id", BusinessField()))
    assert catalogue(asked) == [("SELECT INSERT UPDATE DELETE",)]
    steps.forwards(migrations.AlterField("sip", "business_id", BusinessField(append_only=True)))
    assert catalogue(asked) == [("SELECT INSERT",)]


def test_rows_a_user_may_read_before_a_business_come_and_go(steps, catalogue):
    steps.forwards(table("Pass", ("user_id", models.BigIntegerField())))
    asked = "SELECT polname FROM pg_policy WHERE polrelid = 'cellar_pass'::regclass ORDER BY 1"
    steps.forwards(migrations.AlterField("pass", "business_id", BusinessField(also_readable_by="user_id")))
    assert catalogue(asked) == [("business_wall",), ("own_rows",)]
    steps.forwards(migrations.AlterField("pass", "business_id", BusinessField()))
    assert catalogue(asked) == [("business_wall",)]


def test_everything_can_be_taken_back_to_zero(steps, catalogue):
    steps.forwards(table("Rack", ("above", key("cellar.rack", null=True)), ("name", models.TextField(default=""))))
    steps.forwards(table("Bottle", ("rack", key("cellar.rack"))))
    steps.forwards(migrations.AddField("rack", "best", key("cellar.bottle", models.SET_NULL, null=True)))
    steps.forwards(migrations.AlterField("rack", "above", key("cellar.rack", models.SET_NULL, null=True)))
    steps.forwards(
        migrations.AddConstraint("rack", TenantUniqueConstraint(fields=["business_id", "name"], name="rack_once"))
    )
    steps.forwards(migrations.RenameModel("Bottle", "Flask"), migrations.RemoveField("rack", "best"))
    steps.back_to_zero()
    assert catalogue("SELECT relname FROM pg_class WHERE relname LIKE 'cellar%%'") == []


def test_a_table_stays_on_its_side_of_the_wall(steps):
    steps.forwards(table("Rack"))
    steps.forwards(migrations.CreateModel("Open", [("id", models.BigAutoField(primary_key=True))]))
    for operation in (
        migrations.AddField("open", "business_id", BusinessField()),
        migrations.RemoveField("rack", "business_id"),
        migrations.AlterField("rack", "business_id", models.BigIntegerField()),
    ):
        with pytest.raises(NotSupportedError), transaction.atomic("owner"):
            steps.forwards(operation)


def test_a_unique_constraint_that_forgets_the_business_is_refused():
    with pytest.raises(ValueError, match="must start with business_id"):
        TenantUniqueConstraint(fields=["name"], name="once")


def test_a_ledgers_key_that_would_change_it_is_refused_by_the_checks(tenantapp):
    field = TenantForeignKey(Jar, on_delete=models.CASCADE, related_name="+")
    field.set_attributes_from_name("spoon")
    field.model = Tasting
    assert [message.id for message in field._check_wall()] == ["tenancy.E002"]

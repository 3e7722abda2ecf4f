"""Tasks, commands and data migrations: each says which business it works for."""

import pytest
from celery import shared_task
from django.core.management import BaseCommand, call_command
from django.db import connection, connections, migrations
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from ecosystem.base.errors import Invalid
from ecosystem.base.tasks import BusinessTask, GlobalTask, business_task, global_task
from ecosystem.base.tenancy import (
    BusinessNotSet,
    business_scope,
    current_business_id,
    each_business,
    find_current_business_id,
)
from ecosystem.config.celery import app
from tests.house.tenantapp.models import Shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def task():
    """Makes a task for this test and forgets it afterwards."""
    made = []

    def make(decorator, function):
        function.__name__ = "body"  # Celery writes it into source text, which a lambda's name would break
        made.append(decorator(function))
        app.finalize()
        return made[-1]

    yield make
    for each in made:
        app.tasks.pop(each.name, None)


def test_sec_16_every_task_says_whether_it_works_for_a_business():
    app.loader.import_default_modules()
    app.finalize()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    undeclared = [name for name, task in ours.items() if not isinstance(task, BusinessTask | GlobalTask)]
    assert undeclared == []


@pytest.mark.parametrize("arguments", [(), (None,), ("7",), (0,), (True,), ("x", 7)])
def test_sec_16_a_task_without_a_business_fails_before_its_first_query(task, arguments):
    ran = []
    count = task(business_task(name="test.count"), lambda business_id, *rest: ran.append(business_id))
    with CaptureQueriesContext(connection) as asked, pytest.raises(BusinessNotSet):
        count.apply(args=arguments, throw=True)
    assert (ran, len(asked)) == ([], 0)


def test_sec_16_the_business_of_one_task_is_gone_in_the_next(task, two_businesses):
    seen = []
    look = task(business_task(name="test.look"), lambda business_id: seen.append(current_business_id()))
    sweep = task(global_task(name="test.sweep"), lambda: seen.append(find_current_business_id()))
    bakery, garage = (business.pk for business in two_businesses)
    for call in (lambda: look.apply(args=[bakery]), sweep.apply, lambda: look.apply(kwargs={"business_id": garage})):
        call()
    assert seen == [bakery, None, garage]
    assert find_current_business_id() is None


def test_the_business_may_travel_as_a_header(task, two_businesses):
    seen = []
    look = task(business_task(name="test.look"), lambda: seen.append(current_business_id()))
    look.apply(headers={"business_id": two_businesses[1].pk}, throw=True)
    assert seen == [two_businesses[1].pk]


def test_a_bound_task_enters_the_business_for_each_step_itself(task, two_businesses):
    seen = []

    def steps(business_id: int) -> None:
        seen.append(find_current_business_id())
        with business_scope():
            seen.append(current_business_id())

    task(business_task(name="test.steps", bind_only=True), steps).apply(args=[two_businesses[0].pk], throw=True)
    assert seen == [None, two_businesses[0].pk]


def test_a_broken_rule_ends_a_task_quietly_and_anything_else_loudly(task, two_businesses, tenantapp):
    def refuse(business_id: int) -> None:
        Shelf.objects.create(name="written before the rule was broken")
        raise Invalid("full", "The shelf is full.")

    def fall(business_id: int) -> None:
        Shelf.objects.create(name="lost")
        raise ZeroDivisionError

    business = two_businesses[0]
    assert task(business_task(name="test.refuse"), refuse).apply(args=[business.pk]).successful()
    with pytest.raises(ZeroDivisionError):
        task(business_task(name="test.fall"), fall).apply(args=[business.pk], throw=True)
    with business_scope(business):
        assert list(Shelf.objects.values_list("name", flat=True)) == []


def test_a_task_of_plain_celery_is_noticed(task):
    stray = task(shared_task(name="test.stray"), lambda: None)
    assert not isinstance(app.tasks[stray.name], BusinessTask | GlobalTask)


class CountShelves(BaseCommand):
    """A command as ours are, with `enter`, and as they must not be, without."""

    stealth_options = ("enter",)

    def handle(self, *args, **options):
        if not options.get("enter"):
            return str(Shelf.objects.count())
        return ",".join(str(Shelf.objects.count()) for _ in each_business())


def test_sec_17_a_command_enters_each_business_or_is_refused(tenantapp, two_businesses):
    with business_scope(two_businesses[1]):
        Shelf.objects.create(name="only in the garage")
    with pytest.raises(BusinessNotSet):
        call_command(CountShelves())
    assert call_command(CountShelves(), enter=True) == "0,1"


def shout(apps, schema_editor):
    """A data migration: all shelves of all businesses, by the model of that time."""
    shelf_model = apps.get_model("tenantapp", "Shelf")
    for _ in each_business(using=schema_editor.connection.alias):
        for shelf in shelf_model.objects.using(schema_editor.connection.alias):
            shelf.name = shelf.name.upper()
            shelf.save()


def forget_to_enter(apps, schema_editor):
    """A data migration that would find no row to change, in silence."""
    for shelf in apps.get_model("tenantapp", "Shelf").objects.using(schema_editor.connection.alias):
        shelf.save()


@pytest.mark.django_db(transaction=True)
def test_sec_17_a_data_migration_changes_the_rows_of_every_business(tenantapp, two_businesses):
    for business in two_businesses:
        with business_scope(business):
            Shelf.objects.create(name=business.slug)
    state = ProjectState(real_apps={"tenantapp", "ecosystem"})
    with connections["owner"].schema_editor() as editor:
        migrations.RunPython(shout).database_forwards("tenantapp", editor, state, state)
    names = []
    for business in two_businesses:
        with business_scope(business):
            names += Shelf.objects.values_list("name", flat=True)
    assert names == ["OAT-AND-EMBER", "GARAGE"]
    with pytest.raises(BusinessNotSet), connections["owner"].schema_editor() as editor:
        migrations.RunPython(forget_to_enter).database_forwards("tenantapp", editor, state, state)

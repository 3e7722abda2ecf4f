"""Every statement names its business as a literal: a database distributed by business_id routes by it."""

from uuid import UUID

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.models.sql import DeleteQuery, UpdateQuery
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from ecosystem.base.fields import TenantForeignKey, business_field_of
from ecosystem.base.tenancy import business_scope
from tests.house.conftest import key_name, tenant_models
from tests.house.tenantapp.models import Jar, Label, Shelf, Tasting

pytestmark = pytest.mark.django_db

SOME_ID = UUID("01900000-0000-7000-8000-000000000000")


@pytest.fixture(autouse=True)
def bakery(tenantapp, two_businesses):
    """Inside the bakery."""
    with business_scope(two_businesses[0]):
        yield two_businesses[0]


def literal(model: type[models.Model], business) -> str:
    return f'"{model._meta.db_table}"."business_id" = ({business.pk})'


def one_of(model):
    return model.objects.filter(**{key_name(model): SOME_ID})


def sql_of(query) -> str:
    text, params = query.get_compiler("default").as_sql()
    return text % tuple(params)


def test_selects_of_every_tenant_model_name_the_business(bakery):
    for model in tenant_models():
        for queryset in (model.objects.all(), model._base_manager.all(), one_of(model)):
            assert literal(model, bakery) in sql_of(queryset.query)


def test_deletes_of_every_tenant_model_name_the_business(bakery):
    for model in tenant_models():
        bare = DeleteQuery(model)
        bare.add_filter(f"{key_name(model)}__in", [SOME_ID])
        from_manager = one_of(model).query.clone()
        from_manager.__class__ = DeleteQuery
        nobody = model.objects.filter(**{f"{key_name(model)}__isnull": True})
        either = (one_of(model) | nobody).query.clone()
        either.__class__ = DeleteQuery
        for query in (bare, from_manager, either):
            text = sql_of(query)
            assert text.startswith("DELETE"), text
            assert text.count(literal(model, bakery)) >= 1, text
        assert sql_of(from_manager).count("business_id") == 1


def test_updates_of_every_tenant_model_name_the_business_and_never_set_it(bakery):
    for model in tenant_models():
        column = next(f for f in model._meta.local_fields if not f.primary_key and f is not business_field_of(model))
        bare = UpdateQuery(model)
        bare.add_update_values({column.name: None, "business_id": bakery.pk})
        bare.add_filter(f"{key_name(model)}__in", [SOME_ID])
        text = sql_of(bare)
        before, after = text.split(" WHERE ")
        assert literal(model, bakery) in after, text
        assert "business_id" not in before, text


def test_updates_and_deletes_over_joins_name_the_business_outside_too(bakery):
    for model in tenant_models():
        keys = [f for f in model._meta.local_fields if isinstance(f, TenantForeignKey) and f.related_model is not model]
        for key in keys:
            if not _has_version(key):
                continue
            over_join = model.objects.filter(**{f"{key.name}__version": 7})
            for kind in (DeleteQuery, UpdateQuery):
                query = over_join.query.clone()
                query.__class__ = kind
                if kind is UpdateQuery:
                    query._setup_query()
                    query.add_update_values({key.name: None})
                outside = sql_of(query).replace("U0.", "").rpartition(")")[0]
                assert literal(model, bakery) in outside


def _has_version(key) -> bool:
    return any(field.name == "version" for field in key.related_model._meta.local_fields)


def test_joins_name_the_business_on_both_sides(bakery):
    joined = sql_of(Jar.objects.filter(shelf__name="x").query)
    assert '("tenantapp_jar"."shelf_id" = "tenantapp_shelf"."id" AND ' in joined
    assert '"tenantapp_jar"."business_id" = "tenantapp_shelf"."business_id")' in joined
    reverse = sql_of(Shelf.objects.filter(jars__name="x").query)
    assert '"tenantapp_shelf"."business_id" = "tenantapp_jar"."business_id")' in reverse


def test_the_subquery_of_an_exclude_names_the_business(bakery):
    for queryset in (
        Shelf.objects.exclude(jars__name="x"),
        Shelf.objects.exclude(carries__jars__name="x"),
        Jar.objects.exclude(tastings__verdict="x"),
    ):
        inner = sql_of(queryset.query).split("EXISTS(")[1]
        assert f'"business_id" = ({bakery.pk})' in inner, inner


def test_a_cascade_keeps_the_business_in_every_statement(bakery):
    shelf = Shelf.objects.create(name="top")
    lower = Shelf.objects.create(name="low", stands_on=shelf)
    jars = Jar.objects.bulk_create(Jar(name=f"{n}", shelf=lower) for n in range(3))
    label = Label.objects.create(text="plum", first_jar=jars[0])
    Jar.objects.update(label=label)
    with CaptureQueriesContext(connection) as asked:
        shelf.delete()
    changes = [q["sql"] for q in asked if q["sql"].startswith(("DELETE", "UPDATE", "SELECT"))]
    assert changes
    assert all('"business_id" = (' in text for text in changes), changes
    assert (Shelf.objects.count(), Jar.objects.count(), Label.objects.count()) == (0, 0, 0)


def test_counting_over_a_join_groups_by_every_column(bakery):
    shelf = Shelf.objects.create(name="top")
    Jar.objects.bulk_create(Jar(name=f"{n}", shelf=shelf) for n in range(3))
    assert [s.number for s in Shelf.objects.annotate(number=models.Count("jars"))] == [3]


def test_a_label_that_goes_leaves_the_jar(bakery):
    shelf = Shelf.objects.create(name="top")
    label = Label.objects.create(text="plum")
    jar = Jar.objects.create(name="one", shelf=shelf, label=label)
    label.delete()
    jar.refresh_from_db()
    assert (jar.label_id, jar.business_id) == (None, bakery.pk)


def test_a_ledger_line_keeps_what_it_points_at(bakery):
    jar = Jar.objects.create(name="one", shelf=Shelf.objects.create(name="top"))
    Tasting.objects.create(jar=jar, verdict="sweet")
    for forbidden in (lambda: Tasting.objects.update(verdict="sour"), lambda: Tasting.objects.all().delete()):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            forbidden()
    with pytest.raises(IntegrityError), transaction.atomic():
        jar.delete()
    assert [(t.verdict, t.jar.name) for t in Tasting.objects.all()] == [("sweet", "one")]

"""Entering and leaving a business: what is seen, what is refused, what is put back."""

import threading

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.utils import ProgrammingError

from ecosystem.base import sql
from ecosystem.base.tenancy import (
    BusinessNotSet,
    OtherBusiness,
    UserNotSet,
    bind_business,
    business_scope,
    current_business_id,
    each_business,
    find_current_business_id,
    own_rows,
    user_scope,
)
from ecosystem.models import Business, Membership, User
from tests.house.conftest import key_name, tenant_models
from tests.house.tenantapp.models import Jar, Shelf

pytestmark = pytest.mark.django_db


def setting(name: str = "app.business_id") -> str:
    """What PostgreSQL was told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(current_setting(%s, true), '')", [name])
        return cursor.fetchone()[0]


@pytest.fixture
def shelves(tenantapp, two_businesses):
    """One shelf in each business."""
    for business in two_businesses:
        with business_scope(business):
            Shelf.objects.create(name=f"shelf of {business.slug}")
    return two_businesses


def _write_and_fail() -> None:
    Shelf.objects.create(name="lost")
    raise KeyError


def names() -> list[str]:
    return [shelf.name for shelf in Shelf.objects.order_by("name")]


def test_sec_15_every_tenant_model_raises_without_a_business(tenantapp):
    for model in tenant_models():
        for ask in (
            lambda m: list(m.objects.all()),
            lambda m: m.objects.count(),
            lambda m: m.objects.exists(),
            lambda m: m.objects.filter(**{key_name(m): "00000000-0000-7000-8000-000000000000"}).update(business_id=1),
            lambda m: m.objects.all().delete(),
            lambda m: m._base_manager.first(),
            lambda m: m().save(),
            lambda m: m.objects.bulk_create([m()]),
        ):
            with pytest.raises(BusinessNotSet):
                ask(model)


def test_each_business_sees_its_own_rows_only(shelves):
    bakery, garage = shelves
    with business_scope(bakery):
        assert names() == ["shelf of oat-and-ember"]
    with business_scope(garage.pk):
        assert names() == ["shelf of garage"]


def test_raw_sql_and_unfiltered_querysets_stop_at_the_policy(shelves):
    with business_scope(shelves[0]):
        assert sql.rows("SELECT name FROM tenantapp_shelf") == [{"name": "shelf of oat-and-ember"}]
        assert models.QuerySet(Shelf).count() == 1
        assert sql.execute("UPDATE tenantapp_shelf SET name = name") == 1
    assert sql.rows("SELECT name FROM tenantapp_shelf") == []
    assert models.QuerySet(Shelf).count() == 0


def test_raw_sql_is_given_the_current_business_as_a_literal(shelves):
    query = "SELECT name FROM tenantapp_shelf WHERE business_id = %(business_id)s"
    with business_scope(shelves[1]):
        assert sql.rows(query) == [{"name": "shelf of garage"}]
    with pytest.raises(BusinessNotSet):
        sql.rows(query)


def test_a_queryset_made_in_one_business_answers_for_the_one_it_is_read_in(shelves):
    with business_scope(shelves[0]):
        made_once = Shelf.objects.order_by("name")
    with business_scope(shelves[1]):
        assert [shelf.name for shelf in made_once.all()] == ["shelf of garage"]


def test_scopes_nest_and_put_the_former_business_back(shelves):
    bakery, garage = shelves
    with business_scope(bakery):
        with business_scope(garage):
            assert (current_business_id(), setting()) == (garage.pk, str(garage.pk))
        assert (current_business_id(), setting()) == (bakery.pk, str(bakery.pk))
        assert names() == ["shelf of oat-and-ember"]
    assert (find_current_business_id(), setting()) == (None, "")


def test_an_error_inside_puts_the_former_business_back(shelves):
    bakery, garage = shelves
    with business_scope(bakery):
        with pytest.raises(KeyError), business_scope(garage):
            _write_and_fail()
        assert (current_business_id(), setting()) == (bakery.pk, str(bakery.pk))
        with pytest.raises(IntegrityError), business_scope(garage):
            Shelf.objects.create(name="shelf of garage")
        assert names() == ["shelf of oat-and-ember"]
    with business_scope(garage):
        assert names() == ["shelf of garage"]


def test_a_rolled_back_inner_scope_puts_the_former_business_back(shelves):
    bakery, garage = shelves
    with business_scope(bakery):
        with business_scope(garage):
            transaction.set_rollback(True)
        assert (current_business_id(), setting()) == (bakery.pk, str(bakery.pk))


def test_rows_of_another_business_cannot_be_written(shelves):
    bakery, garage = shelves
    with business_scope(garage):
        theirs = Shelf.objects.get()
    with business_scope(bakery):
        with pytest.raises(OtherBusiness), transaction.atomic():
            Shelf.objects.create(name="x", business_id=garage.pk)
        with pytest.raises(OtherBusiness), transaction.atomic():
            Shelf.objects.update(business_id=garage.pk)
        with pytest.raises(OtherBusiness), transaction.atomic():
            theirs.save()
        with pytest.raises(IntegrityError, match="foreign key"), transaction.atomic():
            Jar.objects.create(name="x", shelf=theirs)
        with pytest.raises(Shelf.DoesNotExist):
            theirs.refresh_from_db()
        assert not Shelf.objects.filter(pk=theirs.pk).exists()
        assert theirs.delete()[0] == 0
    with business_scope(garage):
        assert names() == ["shelf of garage"]


def test_a_row_gets_the_business_it_is_made_in(shelves):
    with business_scope(shelves[0]):
        saved = Shelf.objects.create(name="one")
        made = Shelf.objects.bulk_create([Shelf(name="two"), Shelf(name="three")])
    assert {shelf.business_id for shelf in (saved, *made)} == {shelves[0].pk}


def test_an_upsert_by_business_and_id_stays_inside(shelves):
    bakery, garage = shelves
    with business_scope(bakery):
        shelf = Shelf.objects.get()
    for business in (bakery, garage):
        with business_scope(business):
            Shelf.objects.bulk_create(
                [Shelf(id=shelf.id, name=f"new in {business.slug}")],
                update_conflicts=True,
                unique_fields=["business_id", "id"],
                update_fields=["name"],
            )
    with business_scope(bakery):
        assert names() == ["new in oat-and-ember"]
    with business_scope(garage):
        assert names() == ["new in garage", "shelf of garage"]


def test_binding_opens_no_door_and_names_what_is_entered_later(shelves):
    with bind_business(shelves[1]):
        assert find_current_business_id() is None
        with pytest.raises(BusinessNotSet):
            Shelf.objects.count()
        with business_scope():
            assert names() == ["shelf of garage"]
    with pytest.raises(BusinessNotSet), business_scope():
        pass


def test_each_business_is_entered_in_turn_and_closed_ones_are_left_out(shelves):
    Business.objects.create(slug="gone", name="Gone", state=Business.State.CLOSED)
    assert [(business.slug, *names()) for business in each_business()] == [
        ("oat-and-ember", "shelf of oat-and-ember"),
        ("garage", "shelf of garage"),
    ]
    assert find_current_business_id() is None


def test_a_user_reads_their_own_memberships_before_any_business_and_nobody_elses(two_businesses):
    nora, gus = (User.objects.create_user(f"{name}@example.com") for name in ("nora", "gus"))
    for business, user in zip(two_businesses, (nora, gus), strict=True):
        with business_scope(business):
            Membership.objects.create(user=user, role="owner")
    with user_scope(nora.pk):
        assert [row.business_id for row in own_rows(Membership)] == [two_businesses[0].pk]
        assert sql.rows("SELECT user_id FROM ecosystem_membership") == [{"user_id": nora.pk}]
        assert sql.execute("UPDATE ecosystem_membership SET role = 'staff'") == 0
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            sql.execute(
                "INSERT INTO ecosystem_membership (id, business_id, user_id, role) VALUES (uuidv7(), %(b)s, %(u)s, '')",
                {"b": two_businesses[1].pk, "u": nora.pk},
            )
        with pytest.raises(BusinessNotSet):
            Membership.objects.count()
    with pytest.raises(UserNotSet):
        list(own_rows(Membership))
    assert setting("app.user_id") == ""


@pytest.mark.django_db(transaction=True)
def test_a_commit_hook_finds_no_business_and_may_enter_one(two_businesses):
    seen = []

    def hook() -> None:
        seen.append((find_current_business_id(), setting()))
        with business_scope(two_businesses[1]):
            seen.append(current_business_id())

    with business_scope(two_businesses[0]):
        transaction.on_commit(hook)
    assert seen == [(None, ""), two_businesses[1].pk]


@pytest.mark.django_db(transaction=True)
def test_the_same_connection_forgets_the_business_when_the_transaction_ends(two_businesses):
    with business_scope(two_businesses[0]):
        assert setting() == str(two_businesses[0].pk)
    assert setting() == ""
    with pytest.raises(ZeroDivisionError), business_scope(two_businesses[0]):
        raise ZeroDivisionError
    assert (find_current_business_id(), setting()) == (None, "")


@pytest.mark.django_db(transaction=True)
def test_another_thread_is_in_no_business(two_businesses):
    seen: list[object] = []

    def look() -> None:
        try:
            seen.append(find_current_business_id())
            Membership.objects.count()
        except BusinessNotSet:
            seen.append("refused")
        finally:
            connection.close()

    with business_scope(two_businesses[0]):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert seen == [None, "refused"]

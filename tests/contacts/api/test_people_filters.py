"""Everyone narrowed by a program as on the page, and what its maker may not see not asked by either."""

import pytest

from contacts.models import Affiliation, Contact
from ecosystem.base.access import Role
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from tests.factories.api import make_program
from tests.factories.contacts import make_contact, make_organization, make_talk
from tests.factories.ecosystem import make_member
from tests.factories.permission import make_topic, say_yes


@pytest.fixture
def people(bakery) -> dict[str, Contact]:
    """Ana, Ben, Cleo and Dan, of whom everything differs."""
    ana = make_contact(bakery, "Ana Ruiz", email="ana@example.com", stage="client", tags=["rye"])
    ben = make_contact(bakery, "Ben Ode", stage="client", roles=["vendor"])
    cleo = make_contact(bakery, "Cleo Park", stage="prospect", tags=["rye"])
    dan = make_contact(bakery, "Dan Ek", email="dan@example.com", stage="suspect")
    for person, days_ago in ((ana, 2), (ben, 40), (cleo, 400)):
        make_talk(bakery, person, days_ago=days_ago)
    return {"Ana": ana, "Ben": ben, "Cleo": cleo, "Dan": dan}


def names(program, query: str) -> list[str]:
    """First names in the order of the list, without the team's own."""
    answer = program.get(f"contacts?{query}")
    assert answer.status_code == 200, answer.content
    return [item["given_name"] for item in answer.json()["items"] if item["given_name"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("stage=client", ["Ben", "Ana"]),
        ("stage=client&kind=vendor", ["Ben"]),
        ("stage=client&kind=prospect", []),
        ("touched=week", ["Ana"]),
        ("touched=quarter", ["Ana", "Ben"]),
        ("touched=quarter&sort=quiet", ["Ben", "Ana"]),
        ("touched=not_month", ["Cleo", "Ben"]),
        ("touched=never", ["Dan"]),
        ("source=staff&sort=oldest", ["Ana", "Ben", "Cleo", "Dan"]),
        ("source=import", []),
        ("sort=name", ["Ana", "Ben", "Cleo", "Dan"]),
        ("begins=Cl", ["Cleo"]),
        ("begins=%C3%84na", ["Ana"]),
        ("tag=rye&touched=week", ["Ana"]),
        ("tag=nobody&touched=week", []),
        ("email=Ana%40example.com&stage=client", ["Ana"]),
        ("email=ana%40example.com&stage=suspect", []),
        ("unowned=true", ["Dan", "Cleo", "Ben", "Ana"]),
    ],
)
def test_a_list_holds_those_who_are_everything_that_is_asked_for(till, people, query, found):
    assert names(till, query) == found


def test_a_list_is_narrowed_by_owner_organization_and_yes(till, bakery, people):
    mill = make_organization(bakery, "Marlow Mill")
    with business_scope(bakery):
        topic = make_topic()
        say_yes(people["Ana"], topic)
        owner = Membership.objects.get(role="owner")
        Contact.objects.filter(pk=people["Ben"].pk).update(owner=owner)
        Affiliation.objects.create(contact=people["Cleo"], organization=mill)
    assert names(till, f"topic_id={topic.pk}") == names(till, f"topic_id={topic.pk}&channel=email") == ["Ana"]
    assert names(till, f"topic_id={topic.pk}&channel=sms") == []
    assert names(till, f"owner_id={owner.pk}") == ["Ben"]
    assert names(till, "unowned=true") == ["Dan", "Cleo", "Ana"]
    assert names(till, f"organization_id={mill.pk}") == ["Cleo"]


def test_what_a_maker_may_not_see_a_key_may_not_ask_by(bakery, people):
    with business_scope(bakery):
        topic = make_topic()
    user = make_member(bakery, Role.MANAGER)
    program = make_program(bakery, user, "contacts:read")
    hidden = {
        Role.ADVISER: ("email=ana@example.com&stage=client", "email=ana@example.com"),
        Role.HELPER: (f"topic_id={topic.pk}", "unowned=true", f"owner_id={topic.pk}"),
    }
    for role, queries in hidden.items():
        with business_scope(bakery):
            Membership.objects.filter(user=user).update(role=role)
        for query in queries:
            answer = program.get(f"contacts?{query}")
            assert (answer.status_code, answer.json()["code"]) == (403, "maker_may_not"), (role, query)
        shown = program.get("contacts?touched=week").json()["items"][0]["email"]
        assert shown == ("" if role == Role.ADVISER else "ana@example.com")


@pytest.mark.parametrize("query", ["stage=suspect", "sort=name", "touched=never", "begins=p&sort=name_back"])
def test_pages_of_a_narrowed_list_follow_each_other_without_gap_or_repeat(till, bakery, query):
    for number in range(7):
        make_contact(bakery, f"Pat {number}", stage="suspect")
    pages = till.pages(f"contacts?{query}&limit=3")
    seen = [item["id"] for page in pages for item in page]
    whole = [item["id"] for item in till.get(f"contacts?{query}").json()["items"]]
    assert seen == whole
    assert len(set(seen)) == len(seen) >= 7

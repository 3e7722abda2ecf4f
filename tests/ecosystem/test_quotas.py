"""REL-33: what a business uses and may use; who is told, when, and how a single business gets more."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, Business, Notice
from ecosystem.queries.quotas import Usage, usage_of
from ecosystem.quotas import QUOTAS, READERS
from ecosystem.rest import entry
from ecosystem.services.quotas import set_quotas, work_quotas
from tests.factories.api import make_program
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import make_member, make_user, membership_of, sign_in

pytestmark = pytest.mark.django_db


def give(business, **figures: int | None) -> None:
    with business_scope(business):
        set_quotas(figures)


def page_of(client, business) -> str:
    answer = client.get(reverse("ecosystem:usage", kwargs={"slug": business.slug}))
    assert answer.status_code == 200
    return answer.content.decode()


def told(business, user) -> list[tuple[str, str]]:
    with business_scope(business, user):
        return list(
            Notice.objects.filter(member=membership_of(business, user), kind__startswith="quota")
            .order_by("id")
            .values_list("kind", "about")
        )


def as_used(key: str, used: int, limit: int | None) -> Usage:
    return Usage(key, QUOTAS.get(key), used, limit)


def test_rel_33_every_quota_has_a_name_a_default_and_somebody_who_reads_it():
    assert QUOTAS.keys() == ["people", "storage", "imports", "letters", "texts", "api_calls"]
    for quota in QUOTAS:
        assert (str(quota.label), str(quota.sentence)[-1], str(quota.remedy)[-1]) == (str(quota.label), ".", ".")
        assert quota.usual() >= 0
        assert quota.reader in READERS


@pytest.mark.parametrize(
    ("used", "limit", "percent", "nearly", "full"),
    [
        (79, 100, 79, False, False),
        (80, 100, 80, True, False),
        (999, 1000, 99, True, False),
        (100, 100, 100, False, True),
        (120, 100, 100, False, True),
        (5, None, 0, False, False),
    ],
)
def test_rel_33_four_fifths_are_nearly_full_and_nothing_is_full_before_its_last_place(
    used, limit, percent, nearly, full
):
    usage = as_used("people", used, limit)
    assert (usage.percent, usage.is_nearly_full, usage.is_full) == (percent, nearly, full)


def test_rel_33_figures_are_read_in_words():
    assert as_used("people", 1204, 5000).words == "1,204 of 5,000"
    assert as_used("people", 7, None).words == "7, and there is no limit"
    assert as_used("storage", 812_000, 5_000_000_000).words == "0.81 MB of 5,000 MB"
    assert as_used("storage", 0, 5_000_000_000).words == "0 MB of 5,000 MB"


def test_rel_33_the_page_shows_each_quota_with_its_figures_and_a_bar_that_says_them(as_nora, bakery):
    give(bakery, people=50)
    page = page_of(as_nora, bakery)
    assert "1 of 50" in page
    assert 'aria-label="People: 1 of 50"' in page
    for quota in QUOTAS:
        assert str(quota.label) in page
    assert "no more room" not in page
    give(bakery, people=0)
    assert "1, and there is no limit" in page_of(as_nora, bakery)


def test_rel_33_the_page_says_what_is_nearly_full_and_what_is_full_and_what_to_do(as_nora, bakery):
    give(bakery, people=5)
    for _number in range(3):
        make_contact(bakery)
    assert "People: 4 of 5, 80 in 100. Take people off" in page_of(as_nora, bakery)
    make_contact(bakery)
    page = page_of(as_nora, bakery)
    assert "People: 5 of 5. There is no more room. Take people off" in page
    assert 'role="alert"' in page


def test_rel_33_the_page_is_for_owner_and_manager(bakery, as_sam, as_adviser):
    url = reverse("ecosystem:usage", kwargs={"slug": bakery.slug})
    manager = sign_in(type(as_sam)(), make_member(bakery, "manager", make_user("Mia Moss")))
    assert [client.get(url).status_code for client in (manager, as_sam, as_adviser)] == [200, 403, 403]


def test_rel_33_the_settings_lead_there_and_say_when_something_is_nearly_full(as_nora, bakery):
    index = reverse("ecosystem:settings", kwargs={"slug": bakery.slug})
    url = reverse("ecosystem:usage", kwargs={"slug": bakery.slug})
    page = as_nora.get(index).content.decode()
    assert url in page
    assert "There is room" in page
    give(bakery, people=1)
    work_quotas(bakery.pk, now())
    assert "1 thing is nearly full" in as_nora.get(index).content.decode()
    assert "1 thing that you use is full or nearly so" in as_nora.get(f"/b/{bakery.slug}/").content.decode()
    give(bakery, people=50)
    work_quotas(bakery.pk, now())
    assert "There is room" in as_nora.get(index).content.decode()


def test_rel_33_owner_and_manager_are_told_once_of_four_fifths_and_once_of_the_last_place(bakery, nora, sam):
    manager = make_member(bakery, "manager", make_user("Mia Moss"))
    give(bakery, people=5)
    # Three of the team are people too.
    make_contact(bakery)
    for _time in range(2):
        assert work_quotas(bakery.pk, now()) is not None
    near = ("quota_near", "People: 4 of 5")
    assert told(bakery, nora) == told(bakery, manager) == [near]
    make_contact(bakery)
    for _time in range(2):
        work_quotas(bakery.pk, now())
    assert told(bakery, nora) == told(bakery, manager) == [near, ("quota_full", "People: 5 of 5")]
    assert told(bakery, sam) == []


def test_rel_33_a_business_gets_figures_of_its_own_by_a_command_and_the_usual_ones_back(bakery, garage):
    out = StringIO()
    call_command("set_quota", "people=5", "storage=200", business=bakery.slug, stdout=out)
    assert "people: 1 of 5\nstorage: 0 MB of 200 MB\n" in out.getvalue()
    assert Business.objects.get(pk=bakery.pk).quotas == {"people": 5, "storage": 200}
    with business_scope(garage):
        assert usage_of("people").limit == 2_000_000
    call_command("set_quota", "people=usual", "storage=0", business=bakery.slug, stdout=out)
    with business_scope(bakery):
        assert (usage_of("people").limit, usage_of("storage").limit) == (2_000_000, None)
        acts = AuditEntry.objects.filter(action="quotas_changed").order_by("id")
        assert [act.details for act in acts] == [{"quotas": ["people=5", "storage=200"]}, {"quotas": ["storage=0"]}]


@pytest.mark.parametrize(
    ("figure", "sentence"),
    [
        ("dogs=5", "There is no such quota."),
        ("people=-1", "Write NAME=FIGURE"),
        ("people=x", "Write NAME=FIGURE"),
        ("people", "Write NAME=FIGURE"),
        ("people=1000000001", "Write a whole number"),
    ],
)
def test_rel_33_a_slip_of_the_pen_changes_nothing(bakery, figure, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("set_quota", "storage=7", figure, business=bakery.slug)
    assert Business.objects.get(pk=bakery.pk).quotas == {}


def test_rel_33_a_program_reads_what_is_used_and_another_business_sees_its_own(bakery, nora, garage, gus):
    give(bakery, people=50)
    items = {item["key"]: item for item in make_program(bakery, nora).get("usage").json()["items"]}
    assert list(items) == QUOTAS.keys()
    people = {"key": "people", "label": "People", "used": 1, "limit": 50, "unit": "", "span": "kept"}
    assert items["people"] == people
    assert items["api_calls"]["used"] == 1
    assert items["api_calls"]["limit"] == entry.PER_BUSINESS
    assert items["storage"]["unit"] == "B"
    theirs = make_program(garage, gus).get("usage").json()["items"][0]
    assert theirs == people | {"limit": 2_000_000}


def test_rel_33_calls_of_programs_end_at_the_figure_of_the_business(bakery, nora, garage, gus, as_nora):
    give(bakery, api_calls=2)
    till, theirs = make_program(bakery, nora), make_program(garage, gus)
    assert [till.get("business").status_code for _time in range(3)] == [200, 200, 429]
    refused = till.get("business")
    assert (refused.json()["code"], int(refused["Retry-After"]) > 0) == ("too_often", True)
    assert theirs.get("business").status_code == 200
    assert "2 of 2" in page_of(as_nora, bakery)


def test_rel_33_what_is_used_is_never_counted_row_by_row(as_nora, bakery):
    with CaptureQueriesContext(connection) as asked:
        page_of(as_nora, bakery)
    said = " ".join(query["sql"] for query in asked.captured_queries)
    assert "ecosystem_tally" in said
    for table in ("contacts_contact", "contacts_import", "contacts_exportpiece", "ecosystem_brandimage"):
        assert table not in said

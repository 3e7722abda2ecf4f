"""The last step before a list comes in: every row of it was looked at, however long it is."""

import re
from datetime import date

import pytest
from django.db import connection
from django.urls import reverse

from contacts.models import Contact, ContactPoint, Import, ImportCheck, ImportProblem, Topic
from contacts.queries.imports import preview_import
from contacts.services.consent import withdraw_consent
from contacts.services.contacts import delete_contact
from contacts.services.import_checks import begin_check, work_check
from contacts.services.import_slices import work_import
from contacts.services.imports import cancel_import, map_import, permit_import, start_import, upload_import
from contacts.services.suppression import suppress_address
from ecosystem.base.addresses import address_hashes
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Job, Notice
from ecosystem.services.jobs import work_jobs
from ecosystem.services.quotas import set_quotas
from tests.campaigns.sizes import size
from tests.contacts.test_imports import make_topic
from tests.contacts.test_imports_killed import list_of
from tests.factories.contacts import make_contact
from tests.factories.ecosystem import membership_of
from tests.factories.permission import say_yes
from tests.statements import statements_of

pytestmark = pytest.mark.django_db

# WHOLE=1 has the row to be mended stand in line 150,000.
ROWS = int(size(31_000, 151_000))


def permitted(business, content: bytes, **answers) -> Import:
    """A list of which everything is answered, as the page of permission leaves it."""
    with business_scope(business):
        imported = upload_import(content, file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
        permit_import(imported.id, **{"rule": "none", **answers})
        begin_check(imported.id, actor=None)
        return Import.objects.defer("content").get(id=imported.id)


def looked_through(business, slice_rows: int = 10_000, *, turns: int | None = None) -> ImportCheck:
    """The check of the one list, done to its end; after so many turns the rest of it goes in large slices."""
    with business_scope(business):
        job_id = ImportCheck.objects.get().job_id
    done = 0
    while work_check(business.id, job_id, slice_rows=slice_rows if turns is None or done < turns else 10_000):
        done += 1
    with business_scope(business):
        return ImportCheck.objects.get()


def page_of(imported, business, name: str = "import_check") -> str:
    return reverse(f"contacts:{name}", kwargs={"slug": business.slug, "id": imported.id})


def test_a_row_far_down_is_found_before_anything_comes_in(as_nora, bakery, nora):
    rows = [f"Ana {number}," for number in range(ROWS)]
    rows[-1_002] = "Cy,cy@@example"
    with business_scope(bakery):
        people = Contact.objects.count()
        imported = upload_import("\n".join(["Name,Email", *rows]).encode(), file_name="people.csv")
        map_import(imported.id, mapping=imported.mapping)
    sent = as_nora.post(page_of(imported, bakery, "import_permission"), {"rule": "none", "stage": "suspect"})
    assert sent["Location"] == page_of(imported, bakery)
    waiting = as_nora.get(page_of(imported, bakery)).content.decode()
    assert f"Looked at 0 of {ROWS:,} rows. You may leave this page; it goes on." in waiting
    assert f"Bring in all {ROWS:,} rows" in waiting
    fragment = as_nora.get(page_of(imported, bakery), headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="load delay:1s"' in fragment
    assert "<html" not in fragment
    with business_scope(bakery):
        job = ImportCheck.objects.get().job
    while work_check(bakery.id, job.id, slice_rows=20_000):
        pass
    work_jobs(bakery.id, job.created_at)
    done = as_nora.get(page_of(imported, bakery)).content.decode()
    assert "hx-trigger" not in done.partition('id="import-look"')[2].partition(">")[0]
    assert done.index("Rows that need mending") < done.index("The first people")
    table = done.partition('id="h-problems"')[2].partition("</table>")[0]
    assert [int(line) for line in re.findall(r"</span>(\d+)</td>", table)] == [ROWS - 1_000]
    assert done.partition('id="h-first"')[2].partition("</table>")[0].count("<tr>") == 1 + 50
    assert f"Bring in {ROWS - 1:,} people" in done
    with business_scope(bakery):
        assert Contact.objects.count() == people
        assert bytes(ImportCheck.objects.get().seen) == b""
        assert Notice.objects.get(member=membership_of(bakery, nora)).about == "Looking through a list: Done"


def test_what_was_counted_by_slices_is_what_comes_in(bakery):
    make_contact(bakery, email="p11@example.com")
    with business_scope(bakery):
        topic = make_topic()
    imported = permitted(bakery, list_of(1_200), rule="column", topic=topic, source="Paper form")
    check = looked_through(bakery, slice_rows=70)
    with business_scope(bakery):
        told = list(ImportProblem.objects.order_by("line").values_list("line", "row", "code", "sentence"))
        assert check.problem_count == len(told) == 24
        assert Job.objects.get(id=check.job_id).done == 1_200
        job_id = start_import(imported.id).job_id
        assert not ImportProblem.objects.exists()
    while work_import(bakery.id, job_id, slice_rows=500):
        pass
    with business_scope(bakery):
        done = Import.objects.get()
        assert (check.people_count, check.known_count) == (done.added_count + 1, 1)
        assert check.permitted_count == done.permitted_count > 0
        assert list(ImportProblem.objects.order_by("line").values_list("line", "row", "code", "sentence")) == told


def all_kinds_of_rows(business) -> tuple[bytes, Topic]:
    """A list of everybody whom an import matches in a way of its own, with their yes, and those who said no."""
    make_contact(business, "Ana Ruiz", email="ana@example.com")
    make_contact(business, "Ben Ode", email="ben@example.com", phone="+1 202 555 0142")
    make_contact(business, "Solo")
    gone = make_contact(business, "Gia Gone", email="gia@example.com")
    never = make_contact(business, "Nia Never", email="nia@example.com")
    not_that = make_contact(business, "Tom Topic", email="tom@example.com")
    has_yes = make_contact(business, "Yan Yes", email="yan@example.com")
    two = make_contact(business, "Two Mails", email="two@example.com")
    with business_scope(business):
        topic = make_topic()
        ContactPoint.objects.create(contact=two, kind="email", value="too@example.com", value_norm="too@example.com")
        say_yes(has_yes, topic)
        withdraw_consent(never, channel="email", topic=None, source="link")
        withdraw_consent(not_that, channel="email", topic=topic, source="link")
        stopped = address_hashes("email", "stop@example.com")
        suppress_address(channel="email", hashes=stopped, topic=None, reason="bounced")
        delete_contact(gone, actor=None, now=now())
    lines = [
        "Ana,ana@example.com,,yes", "Ana again,ana@example.com,,yes", "Ben,,+1 202 555 0142,", "Solo,,,",
        "Gia,gia@example.com,,yes", "Nia,nia@example.com,,yes", "Tom,tom@example.com,,yes", "Yan,yan@example.com,,yes",
        "Two,two@example.com,,yes", "Too,too@example.com,,yes", "Stop,stop@example.com,,yes",
        "New,new@example.com,,no", "New again,new@example.com,,yes", "Phone,,+1 202 555 0143,", "Fone,,+12025550143,",
        "Just Name,,,", "just name,,,", "Bad,bad@@example,,yes",
    ]  # fmt: skip
    return "\n".join(["Name,Email,Phone,Newsletter", *lines]).encode(), topic


def brought_in(business, imported) -> Import:
    """The list, taken in to its end."""
    with business_scope(business):
        job_id = start_import(imported.id).job_id
    while work_import(business.id, job_id):
        pass
    with business_scope(business):
        return Import.objects.get(id=imported.id)


# New: stop, new, phone, just name. Known: Ana, Ben, Solo, Gia, Nia, Tom, Yan, Two. A yes: Ana, Gia, Two, New.
PEOPLE, KNOWN, RETURNING, YESES = 12, 8, 1, 4
# Slices of one row take all of these rows and some that fill the list; WHOLE=1 looks at each row of it by itself.
TURNS = int(size(30, 10_000))


def test_a_short_list_would_become_just_what_it_becomes(as_nora, bakery):
    content, topic = all_kinds_of_rows(bakery)
    said_on = date(2026, 1, 5)
    imported = permitted(bakery, content, rule="column", topic=topic, source="Paper form", said_on=said_on)
    with business_scope(bakery):
        told = preview_import(imported)
    counts = (told.people_count, told.known_count, told.returning_count, told.permitted_count, told.problem_count)
    assert counts == (PEOPLE, KNOWN, RETURNING, YESES, 1)
    done = brought_in(bakery, imported)
    assert (done.added_count, done.known_count, done.permitted_count) == (PEOPLE - KNOWN, KNOWN, YESES)


@pytest.mark.parametrize("slice_rows", [1, 5, 10_000])
def test_a_long_list_would_become_just_what_it_becomes(bakery, slice_rows):
    content, topic = all_kinds_of_rows(bakery)
    content += b"\n" + b"Filler,fill@example.com,,no\n" * 1_000
    said_on = date(2026, 1, 5)
    imported = permitted(bakery, content, rule="column", topic=topic, source="Paper form", said_on=said_on)
    # Each row that is matched in a way of its own stands before the filling rows, which are all alike.
    check = looked_through(bakery, slice_rows, turns=TURNS)
    counts = (check.people_count, check.known_count, check.returning_count, check.permitted_count, check.problem_count)
    assert counts == (PEOPLE + 1, KNOWN, RETURNING, YESES, 1)
    done = brought_in(bakery, imported)
    assert (done.added_count, done.known_count, done.permitted_count) == (PEOPLE + 1 - KNOWN, KNOWN, YESES)


@pytest.mark.parametrize(("places", "is_beyond"), [(5, False), (4, True)])
def test_room_is_short_where_it_is_short_for_those_who_need_a_place(bakery, places, is_beyond):
    content, topic = all_kinds_of_rows(bakery)
    imported = permitted(bakery, content, rule="none", topic=topic)
    with business_scope(bakery):
        set_quotas({"people": Contact.objects.filter(deleted_at=None).count() + places})
        told = preview_import(imported)
    assert (told.room, told.is_beyond_room) == (places, is_beyond)
    assert brought_in(bakery, imported).roomless_count == (2 if is_beyond else 0)


def test_rows_to_mend_come_by_pages_at_the_same_cost(as_nora, bakery):
    costs, lines = {}, []
    for bad in (1, 50, 200):
        content = "Name,Email\n" + "Cy,cy@@example\n" * bad + "Ana,\n" * 1_000
        with business_scope(bakery):
            topic = make_topic()
        imported = permitted(
            bakery, content.encode(), rule="all", topic=topic, source="Paper", said_on=date(2026, 1, 5)
        )
        with business_scope(bakery):
            job_id = ImportCheck.objects.get(imported=imported).job_id
        work_jobs(bakery.id, imported.created_at)
        with business_scope(bakery):
            assert Job.objects.get(id=job_id).is_over
        url = page_of(imported, bakery)
        page = as_nora.get(url).content.decode()
        costs[bad] = [sql[:150] for sql in statements_of(as_nora, url)]
    while True:
        lines += [int(line) for line in re.findall(r"</span>(\d+)</td>", page)]
        more = re.search(r'rel="next" href="([^"]+)"', page)
        if more is None:
            break
        page = as_nora.get(page_of(imported, bakery) + more[1].replace("&amp;", "&")).content.decode()
    assert lines == list(range(2, 202))
    assert {len(asked) for asked in costs.values()} == {8}, costs


def test_a_list_begun_meanwhile_is_looked_at_no_more_and_nobody_is_told(bakery, nora):
    imported = permitted(bakery, list_of(1_200))
    with business_scope(bakery):
        job_id = ImportCheck.objects.get().job_id
        Job.objects.update(started_by=membership_of(bakery, nora))
    assert work_check(bakery.id, job_id, slice_rows=500)
    with business_scope(bakery):
        assert ImportProblem.objects.count() == 10
        start_import(imported.id)
    assert not work_check(bakery.id, job_id, slice_rows=500)
    work_jobs(bakery.id, imported.created_at)
    with business_scope(bakery):
        assert Job.objects.get(id=job_id).state == "cancelled"
        assert not Notice.objects.exists()


def test_other_columns_need_another_look(as_nora, bakery):
    imported = permitted(bakery, list_of(1_200))
    looked_through(bakery)
    with business_scope(bakery):
        map_import(imported.id, mapping=imported.mapping)
        assert not ImportProblem.objects.exists()
    again = as_nora.get(page_of(imported, bakery))
    assert again["Location"] == page_of(imported, bakery, "import_permission")


def test_a_list_put_away_leaves_no_rows_behind(bakery):
    imported = permitted(bakery, list_of(1_200))
    looked_through(bakery)
    with business_scope(bakery):
        cancel_import(imported.id)
        assert not ImportProblem.objects.exists()
        assert not ImportCheck.objects.exists()


HTMX = {"HX-Request": "true"}


def test_what_htmx_asks_for_leads_to_a_whole_page_where_the_look_is_no_more(as_nora, bakery):
    imported = permitted(bakery, list_of(1_200))
    url = page_of(imported, bakery)

    def led_to() -> str:
        answer = as_nora.get(url, headers=HTMX)
        assert (answer.status_code, answer.content) == (204, b"")
        return answer["HX-Redirect"]

    with business_scope(bakery):
        Job.objects.update(state="failed", message="It stopped too often.")
    assert led_to() == page_of(imported, bakery, "import_columns")
    assert "It stopped too often." in as_nora.get(page_of(imported, bakery, "import_columns")).content.decode()
    with business_scope(bakery):
        map_import(imported.id, mapping=imported.mapping)
    assert led_to() == page_of(imported, bakery, "import_permission")
    with business_scope(bakery):
        permit_import(imported.id, rule="none")
        start_import(imported.id)
    assert led_to() == page_of(imported, bakery, "import_detail")


def test_only_progress_and_counts_come_anew_and_what_has_the_focus_stays(as_nora, bakery):
    imported = permitted(bakery, list_of(1_200))
    url = page_of(imported, bakery)
    page = " ".join(as_nora.get(url).content.decode().split())
    said_in, _look, rest = page.partition(f'<div id="import-look" hx-get="{url}?said=0"')
    assert said_in.count('<p class="vh" role="status" id="job-said"></p>') == 1
    assert rest
    assert page.count(f'hx-get="{url}') == 1
    assert "<button" not in rest.partition("</dl>")[0]
    assert rest.index("</dl>") < rest.index('id="import-start"')
    part = as_nora.get(f"{url}?said=0", headers=HTMX).content.decode()
    assert "hx-trigger" in part
    assert not any(word in part for word in ("<button", "<form", "aria-live", "hx-swap-oob", "<h2"))
    looked_through(bakery)
    with business_scope(bakery):
        Job.objects.update(state="done")
    last = as_nora.get(f"{url}?said=9", headers=HTMX).content.decode()
    assert "hx-trigger" not in last
    assert '<p id="job-said" hx-swap-oob="innerHTML">Looked at 1,200 of 1,200 rows</p>' in last
    assert not any(word in last for word in ("<button", "<form", "aria-live"))
    with business_scope(bakery):
        people = ImportCheck.objects.get().people_count
    assert f'<span id="import-start-label" hx-swap-oob="true">Bring in {people:,} people' in last
    assert 'id="import-rows" hx-swap-oob="true"' in last
    assert "Rows that need mending" in last


def test_a_look_at_nothing_that_can_come_in_takes_the_button_away(as_nora, bakery):
    imported = permitted(bakery, b"Name,Email\n" + b"Cy,cy@@example\n" * 1_001)
    looked_through(bakery)
    with business_scope(bakery):
        Job.objects.update(state="done")
    last = as_nora.get(page_of(imported, bakery), headers=HTMX).content.decode()
    assert '<div id="import-start" hx-swap-oob="true"></div>' in last
    assert "No row of this list can come in as it is." in last


def test_a_start_that_was_refused_says_so_outside_of_what_comes_anew(as_nora, bakery):
    first, second = permitted(bakery, list_of(5)), permitted(bakery, list_of(1_200))
    with business_scope(bakery):
        set_quotas({"imports": 1})
        start_import(first.id)
    page = as_nora.post(page_of(second, bakery)).content.decode()
    anew, _end, stays = page.partition('id="import-look"')[2].partition('role="alert"')
    assert "hx-trigger" in anew
    # One that is opened is the note's own, and one that is closed is the look's.
    assert anew.count("<div") <= anew.count("</div>")
    assert "Start this one when another is in." in stays


@pytest.mark.parametrize("rows", [5, 1_200])
def test_the_very_same_file_is_told_at_the_columns_and_at_the_check(as_nora, bakery, rows):
    said = "You brought in this very file on"
    first = permitted(bakery, list_of(rows))
    for name in ("import_columns", "import_check"):
        assert said not in as_nora.get(page_of(first, bakery, name)).content.decode()
    assert brought_in(bakery, first).state == "done"
    with business_scope(bakery):
        topic = make_topic()
    again = permitted(bakery, list_of(rows), rule="all", topic=topic, source="Paper form", said_on=date(2026, 1, 5))
    for name in ("import_columns", "import_check"):
        assert said in as_nora.get(page_of(again, bakery, name)).content.decode()
    asked = statements_of(as_nora, page_of(again, bakery))
    assert len(asked) <= 8, "\n".join(sql[:300] + " … " + sql[-200:] for sql in asked)


def test_a_look_that_failed_leads_back_with_its_sentence(as_nora, bakery):
    imported = permitted(bakery, list_of(1_200))
    with business_scope(bakery):
        Job.objects.update(state="failed", message="It stopped too often.")
    page = as_nora.get(page_of(imported, bakery), follow=True)
    assert page.redirect_chain[0][0] == page_of(imported, bakery, "import_columns")
    assert "It stopped too often." in page.content.decode()


def test_a_slice_that_somebody_else_did_meanwhile_is_counted_once(bakery):
    imported = permitted(bakery, list_of(1_200))
    with business_scope(bakery):
        check = ImportCheck.objects.get()
    # Its lease ran out while it read: another worker has done the same rows by then.
    job_id, moved = check.job_id, []

    def meanwhile(execute, sql, params, many, context):
        if "FOR NO KEY UPDATE" in sql and not moved:
            moved.append(True)
            Job.objects.filter(id=job_id).update(cursor=1_200, done=1_200)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(meanwhile):
        assert work_check(bakery.id, job_id)
    with business_scope(bakery):
        assert (ImportCheck.objects.get().people_count, ImportProblem.objects.count()) == (0, 0)
    assert imported.row_count == 1_200


def test_a_short_list_is_looked_through_at_once(as_nora, bakery):
    imported = permitted(bakery, list_of(1_000))
    with business_scope(bakery):
        assert not Job.objects.exists()
    page = as_nora.get(page_of(imported, bakery)).content.decode()
    assert page.index("Rows that need mending") < page.index("The first people")
    table = page.partition('id="h-problems"')[2].partition("</table>")[0]
    assert table.count("<tr>") == 1 + 20
    assert "Looked at" not in page

"""People: the list of everyone, adding, editing, deleting and bringing back."""

import re
import threading
from uuid import uuid4

import pytest
from django.db import connection
from django.urls import reverse

from contacts.events import ContactAdded
from contacts.models import Contact, ContactPoint, StageChange, Tag
from contacts.services.contacts import ContactDetails, EmailTaken, add_contact
from ecosystem.base import sql
from ecosystem.base.clock import now
from ecosystem.base.errors import Invalid
from ecosystem.base.events import on
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, KindSetting
from ecosystem.queries.tallies import tally
from tests.factories.contacts import make_contact, make_contacts
from tests.factories.ecosystem import make_business, make_member, make_user
from tests.statements import statements_of

PLAIN = {
    "given_name": "",
    "family_name": "",
    "display_name": "",
    "email": "",
    "phone": "",
    "stage": "prospect",
    "tags": "",
    "source_detail": "",
    "owner": "",
}


def list_url(business, **query):
    url = reverse("contacts:contact_list", kwargs={"slug": business.slug})
    return url + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")


def add_url(business):
    return reverse("contacts:contact_add", kwargs={"slug": business.slug})


def of(business, contact, name="contact_detail"):
    return reverse(f"contacts:{name}", kwargs={"slug": business.slug, "id": getattr(contact, "pk", contact)})


def names_on(response):
    return re.findall(r'<div class="who">.*?<a href="[^"]+">([^<]+)</a>', response.content.decode(), re.S)


def tabs_on(response):
    nav = re.search(r'<nav class="views".*?</nav>', response.content.decode(), re.S).group()
    return dict(re.findall(r">([^<>]+)<span class=\"count\">([\d,]+)</span>", nav))


def test_somebody_may_be_client_and_vendor_at_once_and_each_list_counts_them(as_nora, bakery):
    make_contact(bakery, "Jonas Mill", stage="client", roles=["vendor"])
    make_contact(bakery, "Cleo Park", stage="client")
    response = as_nora.get(list_url(bakery))
    assert tabs_on(response) == {
        "Everyone": "3",
        "Suspects": "0",
        "Prospects": "0",
        "Clients": "2",
        "Advocates": "0",
        "Associates": "1",
        "Vendors": "1",
        "Partners": "0",
    }
    assert names_on(response) == ["Cleo Park", "Jonas Mill", "Nora Bell"]
    assert names_on(as_nora.get(list_url(bakery, kind="client"))) == ["Cleo Park", "Jonas Mill"]
    assert names_on(as_nora.get(list_url(bakery, kind="vendor"))) == ["Jonas Mill"]
    assert names_on(as_nora.get(list_url(bakery, kind="associate"))) == ["Nora Bell"]


def words_told(page: str) -> dict[str, str]:
    """What stands on a page under `What these words mean`."""
    told = page.partition("What these words mean</summary>")[2].partition("</details>")[0]
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", told))


def test_kinds_are_called_what_the_business_calls_them_and_explained_in_its_words(as_nora, bakery):
    ana = make_contact(bakery, "Ana Ruiz", stage="client")
    with business_scope(bakery):
        KindSetting.objects.filter(kind="client").update(
            label="Patient", label_plural="Patients", definition="Whoever we have treated"
        )
    page = as_nora.get(list_url(bakery)).content.decode()
    assert 'title="Whoever we have treated"' in page
    assert "Patients<span" in page
    assert "Patient</span>" in page
    assert "Clients" not in page
    person = as_nora.get(of(bakery, ana)).content.decode()
    assert "Patient" in person
    assert ">Client<" not in person


def test_what_a_kind_means_is_told_to_whoever_has_no_mouse(as_nora, bakery):
    ana = make_contact(bakery, "Ana Ruiz", stage="client")
    with business_scope(bakery):
        KindSetting.objects.filter(kind="client").update(label="Patient", definition="Whoever we have treated")
        KindSetting.objects.filter(kind="prospect").update(definition="")
        KindSetting.objects.filter(kind="vendor").update(is_on=False)
    person = as_nora.get(of(bakery, ana)).content.decode()
    badge = person.partition('popovertarget="told-client"')[2].partition("</button>")
    assert "Patient" in badge[0]
    assert badge[2].startswith('<span class="told" id="told-client" popover>Whoever we have treated</span>')
    rungs = words_told(person)
    assert rungs["Patient"] == "Whoever we have treated"
    assert "Prospect" not in rungs
    assert "Partner" not in rungs
    everyone = words_told(as_nora.get(list_url(bakery)).content.decode())
    assert everyone["Patient"] == "Whoever we have treated"
    assert everyone.keys() > {"Patient", "Partner"}
    assert "Vendor" not in everyone
    patients = as_nora.get(list_url(bakery, kind="client")).content.decode()
    assert '<p class="sm mut in">Whoever we have treated</p>' in patients
    assert words_told(patients) == {}


def test_a_tag_and_a_kind_narrow_the_list_together_and_are_counted_on_request(as_nora, bakery):
    make_contact(bakery, "Ana Ruiz", stage="client", tags=["Wedding cake"])
    make_contact(bakery, "Ben Ode", stage="prospect", tags=["wedding  CAKE"])
    make_contact(bakery, "Cleo Park", stage="client")
    with business_scope(bakery):
        tag = Tag.objects.get()
    assert names_on(as_nora.get(list_url(bakery, tag=tag.pk))) == ["Ben Ode", "Ana Ruiz"]
    both = as_nora.get(list_url(bakery, tag=tag.pk, kind="client"))
    assert names_on(both) == ["Ana Ruiz"]
    assert "Count them" in both.content.decode()
    assert "1 person" in as_nora.get(list_url(bakery, tag=tag.pk, kind="client", count=1)).content.decode()


def test_names_are_found_by_their_beginning_without_accents_and_emails_whole(as_nora, bakery):
    make_contact(bakery, "Åsa Öberg", email="asa@example.com")
    make_contact(bakery, "Asad Khan")
    make_contact(bakery, "Ben Ode")
    assert names_on(as_nora.get(list_url(bakery, q="asa"))) == ["Åsa Öberg", "Asad Khan"]
    assert names_on(as_nora.get(list_url(bakery, q="ASA@example.com"))) == ["Åsa Öberg"]
    nobody = as_nora.get(list_url(bakery, q="zed"))
    assert names_on(nobody) == []
    assert "Nobody by that name" in nobody.content.decode()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"kind": "wizard"}, "There is no kind of people called “wizard”."),
        ({"tag": "x"}, "There is no such tag here any more."),
        ({"tag": str(uuid4())}, "There is no such tag here any more."),
        ({"sort": "shoe"}, "The list cannot be put in order by “shoe”."),
        ({"q": "n" * 200}, "That is too long for a name."),
        ({"q": "n%00"}, "That is too long for a name."),
        ({"cursor": "rubbish"}, "This place in the list is not known."),
        ({"stage": "partner"}, "There is no rung called “partner”."),
        ({"said": f"email:{uuid4()}"}, "There is nothing like that to say yes to."),
        ({"said": "pigeon:x"}, "There is nothing like that to say yes to."),
        ({"owner": str(uuid4())}, "There is nobody like that in your team."),
        ({"touched": "fortnight"}, "“fortnight” is no span of time that the list knows."),
        ({"source": "stork"}, "Nobody comes in by “stork”."),
        ({"organization": str(uuid4())}, "There is no such organization here any more."),
        ({"kind": "client&kind=vendor"}, "“kind” stands in the address twice."),
    ],
)
def test_a_filter_that_means_nothing_is_named_and_can_be_taken_away(as_nora, bakery, query, sentence):
    make_contact(bakery, "Ana Ruiz")
    response = as_nora.get(list_url(bakery, **query))
    page = response.content.decode()
    assert response.status_code == 400
    assert sentence in page
    assert 'href="?"' in page


def test_fifty_stand_on_a_page_and_nobody_is_missed_or_twice(as_nora, bakery):
    for number in range(119):
        make_contact(bakery, f"Person {number:03}")
    for sort in ("newest", "name"):
        seen, url, sizes = [], list_url(bakery, sort=sort), []
        while url:
            response = as_nora.get(url)
            names = names_on(response)
            sizes.append(len(names))
            seen += names
            found = re.search(r'rel="next" href="([^"]+)"', response.content.decode())
            url = (
                reverse("contacts:contact_list", kwargs={"slug": bakery.slug}) + found.group(1).replace("&amp;", "&")
                if found
                else None
            )
        assert sizes == [50, 50, 20]
        assert len(set(seen)) == 120
        assert seen == sorted(seen) if sort == "name" else seen[0] == "Person 118"


def test_the_list_costs_seven_statements_for_3_people_and_for_30(as_nora, bakery):
    make_contacts(bakery, 3, stage="client")
    asked = statements_of(as_nora, list_url(bakery))
    make_contacts(bakery, 27, stage="client")
    more = statements_of(as_nora, list_url(bakery))
    # profile, kinds, tags, counts, people, the team, the user's businesses
    assert len(more) == len(asked) == 7, more
    assert not any("count(*)" in sql.lower() for sql in more)


def test_while_only_the_team_is_there_the_ways_in_are_shown(as_nora, bakery):
    page = as_nora.get(list_url(bakery)).content.decode()
    assert "Who is around your business?" in page
    for url_name in ("contacts:import_list", "contacts:contact_add", "campaigns:signup_form_add"):
        assert reverse(url_name, kwargs={"slug": bakery.slug}) in page
    make_contact(bakery, "Ana Ruiz")
    assert "Who is around your business?" not in as_nora.get(list_url(bakery)).content.decode()


def test_a_kind_without_anybody_says_who_belongs_there(as_nora, bakery):
    page = as_nora.get(list_url(bakery, kind="partner")).content.decode()
    assert "Partners: nobody yet" in page
    assert f"{add_url(bakery)}?kind=partner" in page


def test_a_person_is_added_with_rung_part_tags_and_addresses(as_nora, bakery, nora):
    heard = []
    on(ContactAdded)(heard.append)
    form = {
        **PLAIN,
        "key": str(uuid7()),
        "given_name": " Ana ",
        "family_name": "Ruiz",
        "email": "Ana@Example.com",
        "phone": "(212) 555-0142",
        "stage": "client",
        "roles": ["vendor", "partner"],
        "tags": "wedding cake, Dark crust, dark CRUST",
        "source_detail": "spring fair",
    }
    response = as_nora.post(add_url(bakery), form)
    assert response.url == of(bakery, form["key"])
    with business_scope(bakery):
        ana = Contact.objects.get(pk=form["key"])
        points = dict(ContactPoint.objects.filter(contact=ana).values_list("kind", "value_norm"))
        change = StageChange.objects.get(contact=ana)
        assert points == {"email": "ana@example.com", "phone": "+12125550142"}
        assert sorted(ana.roles.values_list("kind", flat=True)) == ["partner", "vendor"]
        assert sorted(Tag.objects.values_list("name", flat=True)) == ["Dark crust", "wedding cake"]
        assert tally("people_by_tag", str(Tag.objects.get(name_norm="dark crust").pk)) == 1
    assert (ana.display_name, ana.sort_name, ana.stage, ana.source) == ("Ana Ruiz", "ana ruiz", "client", "staff")
    assert (change.from_stage, change.to_stage, change.reason) == ("", "client", "Added by the team")
    assert [event.contact_id for event in heard] == [ana.pk]
    page = as_nora.get(of(bakery, ana)).content.decode()
    for words in ("Ana Ruiz", "Client", "Vendor", "Partner", "wedding cake", "(212) 555-0142", "spring fair"):
        assert words in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({}, "Write a name, an email or a phone number."),
        ({"email": "ana@gmail"}, "Did you mean ana@gmail.com?"),
        ({"given_name": "Ana", "phone": "123"}, "That number looks cut short. Add the area code."),
        ({"given_name": "Ana", "tags": "x" * 41}, "A tag has at most 40 letters."),
        ({"given_name": "Ana", "tags": ",".join(map(str, range(30)))}, "20 tags are enough for one person."),
        ({"given_name": "Ana", "stage": "king"}, "Choose one of the list."),
        ({"given_name": "Ana", "owner": "me"}, "Choose one of the list."),
        ({"given_name": "A\x00na"}, "There is a sign in it that cannot be kept."),
        ({"given_name": "A" * 81}, "At most 80 letters fit here. These are 81."),
    ],
)
def test_what_cannot_be_taken_is_said_and_what_was_typed_stays(as_nora, bakery, wrong, sentence):
    form = {**PLAIN, "key": str(uuid7()), "source_detail": "typed before", **wrong}
    response = as_nora.post(add_url(bakery), form)
    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert 'value="typed before"' in page
    with business_scope(bakery):
        assert Contact.objects.count() == 1  # Nora herself


def test_an_address_that_is_known_leads_to_who_has_it(as_nora, bakery, ana):
    form = {**PLAIN, "key": str(uuid7()), "given_name": "Anna", "email": "ANA@example.com"}
    response = as_nora.post(add_url(bakery), form)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Ana Ruiz has this address already." in page
    assert of(bakery, ana) in page
    assert 'value="Anna"' in page
    with business_scope(bakery):
        assert Contact.objects.count() == 2


def test_the_address_of_somebody_deleted_offers_to_bring_them_back(as_nora, bakery, ana):
    as_nora.post(of(bakery, ana, "contact_delete"))
    form = {**PLAIN, "key": str(uuid7()), "given_name": "Ana", "email": "ana@example.com"}
    page = as_nora.post(add_url(bakery), form).content.decode()
    assert "Ana Ruiz was deleted with this address." in page
    assert f'formaction="{of(bakery, ana, "contact_restore")}"' in page
    as_nora.post(of(bakery, ana, "contact_restore"))
    assert names_on(as_nora.get(list_url(bakery, q="ana"))) == ["Ana Ruiz"]


def test_a_shared_address_is_nobodys_alone(in_bakery, ana):
    ContactPoint.objects.filter(contact=ana).update(is_shared=True)
    ben = add_contact(ContactDetails(given_name="Ben", email="ana@example.com"), source="staff", actor=None, now=now())
    assert ben.primary_email == "ana@example.com"


def test_a_second_click_on_add_adds_nobody(as_nora, bakery):
    form = {**PLAIN, "key": str(uuid7()), "given_name": "Ana"}
    first, second = (as_nora.post(add_url(bakery), form) for _ in range(2))
    assert first.url == second.url
    with business_scope(bakery):
        assert Contact.objects.filter(given_name="Ana").count() == 1
        assert tally("people") == 2


def test_an_edit_keeps_history_and_frees_the_former_address(as_nora, bakery, ana):
    form = edit_form(as_nora, bakery, ana) | {"family_name": "Ruiz Vega", "email": "vega@example.com", "phone": ""}
    assert as_nora.post(of(bakery, ana, "contact_edit"), form).url == of(bakery, ana)
    with business_scope(bakery):
        ana.refresh_from_db()
        assert (ana.display_name, ana.primary_email, ana.version) == ("Ana Ruiz Vega", "vega@example.com", 3)
        make_contact(bakery, "Other Ana", email="ana@example.com")


def edit_form(client, business, contact):
    """The edit page as a browser would send it back."""
    page = client.get(of(business, contact, "contact_edit")).context["form"]
    return {name: page[name].value() or "" for name in page.fields if name != "do_not_contact"}


def test_a_postal_address_is_kept_line_by_line_shown_and_taken_away(as_nora, bakery, ana):
    typed = "12 Mill Lane \r\n\r\nMarlow Bend, NY 10001"
    assert as_nora.post(of(bakery, ana, "contact_edit"), edit_form(as_nora, bakery, ana) | {"postal": typed}).url
    page = as_nora.get(of(bakery, ana)).content.decode()
    assert "12 Mill Lane<br>Marlow Bend, NY 10001" in page
    with business_scope(bakery):
        point = ContactPoint.objects.get(contact=ana, kind="postal")
        assert (point.value, point.value_norm) == (
            "12 Mill Lane\nMarlow Bend, NY 10001",
            "12 mill lane, marlow bend, ny 10001",
        )
        version = Contact.objects.get(pk=ana.pk).version
    # Saved again as a browser sends it, nothing has changed.
    form = edit_form(as_nora, bakery, ana)
    as_nora.post(of(bakery, ana, "contact_edit"), form | {"postal": form["postal"].replace("\n", "\r\n")})
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).version == version
    refused = as_nora.post(of(bakery, ana, "contact_edit"), edit_form(as_nora, bakery, ana) | {"postal": "x" * 201})
    assert (refused.status_code, "x" * 201 in refused.content.decode()) == (422, True)
    as_nora.post(of(bakery, ana, "contact_edit"), edit_form(as_nora, bakery, ana) | {"postal": ""})
    with business_scope(bakery):
        assert not ContactPoint.objects.filter(contact=ana, kind="postal").exists()


def test_two_who_edit_different_fields_both_keep_theirs(as_nora, as_sam, bakery, ana):
    noras, sams = edit_form(as_nora, bakery, ana), edit_form(as_sam, bakery, ana)
    as_sam.post(of(bakery, ana, "contact_edit"), sams | {"phone": "212 555 0199"})
    as_nora.post(of(bakery, ana, "contact_edit"), noras | {"source_detail": "spring fair"})
    with business_scope(bakery):
        ana.refresh_from_db()
    assert (ana.primary_phone, ana.source_detail) == ("+12125550199", "spring fair")


def test_a_stale_edit_of_the_same_field_shows_both_and_loses_neither(as_nora, as_sam, bakery, ana):
    noras, sams = edit_form(as_nora, bakery, ana), edit_form(as_sam, bakery, ana)
    as_sam.post(of(bakery, ana, "contact_edit"), sams | {"source_detail": "Grace brought her"})
    response = as_nora.post(of(bakery, ana, "contact_edit"), noras | {"source_detail": "spring fair"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Meanwhile somebody saved “Grace brought her” here. Save again to keep yours." in page
    assert 'value="spring fair"' in page
    with business_scope(bakery):
        ana.refresh_from_db()
    assert ana.source_detail == "Grace brought her"
    again = response.context["form"]
    form = {name: again[name].value() or "" for name in again.fields if name != "do_not_contact"}
    assert as_nora.post(of(bakery, ana, "contact_edit"), form).status_code == 302
    with business_scope(bakery):
        ana.refresh_from_db()
    assert ana.source_detail == "spring fair"


def test_a_deleted_person_leaves_every_list_and_count_and_comes_back_as_they_were(as_nora, bakery):
    mill = make_contact(bakery, "Jonas Mill", stage="client", roles=["vendor"], tags=["flour"])
    with business_scope(bakery):
        tag = str(Tag.objects.get().pk)
        before = [
            tally("people"),
            tally("people_by_stage", "client"),
            tally("people_by_role", "vendor"),
            tally("people_by_tag", tag),
        ]
    response = as_nora.post(of(bakery, mill, "contact_delete"), follow=True)
    page = response.content.decode()
    assert "Jonas Mill is deleted." in page
    assert f'action="{of(bakery, mill, "contact_restore")}"' in page
    assert names_on(response) == ["Nora Bell"]
    assert as_nora.get(of(bakery, mill)).status_code == 404
    with business_scope(bakery):
        after = [
            tally("people"),
            tally("people_by_stage", "client"),
            tally("people_by_role", "vendor"),
            tally("people_by_tag", tag),
        ]
        assert AuditEntry.objects.filter(action="contact.deleted", object_id=mill.pk.hex).count() == 1
    assert (before, after) == ([2, 1, 1, 1], [1, 0, 0, 0])
    as_nora.post(of(bakery, mill, "contact_restore"))
    with business_scope(bakery):
        back = [
            tally("people"),
            tally("people_by_stage", "client"),
            tally("people_by_role", "vendor"),
            tally("people_by_tag", tag),
        ]
    assert back == before
    assert as_nora.post(of(bakery, mill, "contact_restore")).status_code == 404


@pytest.mark.parametrize("by_sql", [True, False])
def test_an_erased_row_leaves_the_counts_too(in_bakery, by_sql):
    ana = make_contact(in_bakery, "Ana Ruiz", stage=None, tags=["flour"])
    tag = str(Tag.objects.get().pk)
    assert (tally("people"), tally("people_by_tag", tag)) == (2, 1)
    if by_sql:
        sql.execute("DELETE FROM contacts_contact WHERE id = %(id)s", {"id": ana.pk})
    else:
        ana.delete()
    assert (tally("people"), tally("people_by_tag", tag)) == (1, 0)


def test_staff_may_edit_and_not_delete(as_sam, bakery, ana):
    assert as_sam.get(of(bakery, ana, "contact_edit")).status_code == 200
    assert "Delete this person" not in as_sam.get(of(bakery, ana)).content.decode()
    assert as_sam.post(of(bakery, ana, "contact_delete")).status_code == 403
    with business_scope(bakery):
        assert Contact.objects.get(pk=ana.pk).deleted_at is None


@pytest.mark.parametrize("name", ["contact_detail", "contact_edit", "timeline", "interaction_add"])
def test_the_garages_people_are_the_same_404_as_nobody(as_nora, bakery, garage, name):
    bolt = make_contact(garage, "Bo Bolt")
    theirs, nobodys = (as_nora.get(of(bakery, one, name)) for one in (bolt, uuid4()))
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.content.replace(str(bolt.pk).encode(), b"") == nobodys.content.replace(str(bolt.pk).encode(), b"")


@pytest.mark.parametrize(
    "name", ["contact_delete", "contact_restore", "stage_change", "tag_add", "role_assign", "note_add"]
)
def test_nobody_changes_the_garages_people(as_nora, bakery, garage, name):
    bolt = make_contact(garage, "Bo Bolt")
    form = {"stage": "client", "names": "x", "kind": "vendor", "body": "x", "key": "k"}
    assert as_nora.post(of(bakery, bolt, name), form).status_code == 404
    with business_scope(garage):
        bolt.refresh_from_db()
        assert (bolt.stage, bolt.deleted_at, bolt.version) == ("prospect", None, 2)


def test_gus_sees_no_crumb_of_the_bakery(as_gus, as_nora, bakery, garage, ana):
    assert as_gus.get(list_url(bakery)).status_code == 404
    assert as_gus.get(of(bakery, ana)).status_code == 404
    assert "Ana Ruiz" not in as_gus.get(list_url(garage)).content.decode()


def test_whoever_joins_the_team_becomes_one_of_its_people(bakery, sam):
    with business_scope(bakery):
        them = Contact.objects.get(primary_email="sam@example.com")
        assert list(them.roles.values_list("kind", flat=True)) == ["associate"]
        assert (them.stage, them.source, them.membership.user_id) == (None, "team", sam.pk)
        assert tally("people_by_role", "associate") == 2


def test_a_client_who_joins_the_team_stays_the_same_person(bakery):
    client = make_contact(bakery, "Kit Moss", email="kit@example.com", stage="client")
    make_member(bakery, "staff", make_user("Kit Moss", email="kit@example.com"))
    with business_scope(bakery):
        assert Contact.objects.filter(primary_email="kit@example.com").get().pk == client.pk
        assert list(client.roles.values_list("kind", flat=True)) == ["associate"]


def test_a_nameless_person_is_refused_by_the_service_too(in_bakery):
    with pytest.raises(Invalid) as refused:
        add_contact(ContactDetails(), source="staff", actor=None, now=now())
    assert refused.value.code == "contact_nameless"


@pytest.mark.django_db(transaction=True)
def test_two_who_add_the_same_address_at_once_make_one_person():
    bakery = make_business("Oat & Ember")
    start, outcomes = threading.Barrier(2), []

    def add(name):
        start.wait()
        try:
            with business_scope(bakery):
                add_contact(
                    ContactDetails(given_name=name, email="ana@example.com"),
                    source="staff",
                    actor=None,
                    now=now(),
                    stage="client",
                )
            outcomes.append("added")
        except EmailTaken as taken:
            outcomes.append(taken.contact.given_name)
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(name,)) for name in ("Ana", "Anna")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) in (["Ana", "added"], ["Anna", "added"])
    with business_scope(bakery):
        assert Contact.objects.filter(primary_email="ana@example.com").count() == 1
        assert tally("people_by_stage", "client") == 1


def test_whoever_must_not_be_written_to_has_addresses_to_read_and_none_to_tap(as_nora, bakery, ana):
    page = reverse("contacts:contact_detail", kwargs={"slug": bakery.slug, "id": ana.pk})
    assert 'href="mailto:ana%40example.com"' in as_nora.get(page).content.decode()
    with business_scope(bakery):
        Contact.objects.filter(pk=ana.pk).update(do_not_contact=True)
    told = as_nora.get(page).content.decode()
    assert "ana@example.com" in told
    assert "mailto:" not in told

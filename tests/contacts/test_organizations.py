"""Firms and other bodies, and who belongs to them."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse

from contacts.models import Affiliation, Organization, RoleAssignment
from contacts.services.contacts import delete_contact
from contacts.services.interactions import log_talk
from contacts.services.organizations import affiliate
from contacts.services.roles import assign_role
from ecosystem.base.clock import now
from ecosystem.base.ids import uuid7
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Membership
from ecosystem.queries.tallies import tally
from tests.factories.contacts import make_contact, make_organization
from tests.statements import statements_of


def url(business, name="organization_list", organization=None, **more):
    kwargs = {"slug": business.slug, **more}
    if organization is not None:
        kwargs["id"] = getattr(organization, "pk", organization)
    return reverse(f"contacts:{name}", kwargs=kwargs)


def form_of(client, page_url):
    form = client.get(page_url).context["form"]
    return {name: form[name].value() or "" for name in form.fields if name != "is_context"}


def test_an_organization_is_added_once_also_by_two_clicks(as_nora, bakery):
    form = {"key": str(uuid7()), "version": "1", "name": " Harbor  Mill ", "website": "mill.example.com"}
    answers = [as_nora.post(url(bakery, "organization_add"), form) for _ in range(2)]
    assert {answer.url for answer in answers} == {url(bakery, "organization_detail", form["key"])}
    with business_scope(bakery):
        mill = Organization.objects.get()
        assert (mill.name, mill.sort_name, mill.website) == ("Harbor Mill", "harbor mill", "https://mill.example.com")
        assert tally("organizations") == 1
    page = as_nora.get(url(bakery)).content.decode()
    assert "Harbor Mill" in page
    assert "1 firm, school or association." in page


def test_a_broken_form_keeps_what_was_typed(as_nora, bakery):
    response = as_nora.post(url(bakery, "organization_add"), {"name": "", "website": "no site at all"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Write its name." in page
    assert "That does not look like a web address." in page
    assert 'value="no site at all"' in page
    with business_scope(bakery):
        assert not Organization.objects.exists()


def test_the_first_person_added_becomes_the_main_contact(as_nora, bakery):
    mill = make_organization(bakery)
    add = reverse("contacts:contact_add", kwargs={"slug": bakery.slug}) + f"?organization={mill.pk}"
    assert "One of the people of Harbor Mill." in as_nora.get(add).content.decode()
    for name in ("Jonas", "Mara"):
        as_nora.post(add, {"key": str(uuid7()), "given_name": name, "stage": ""})
    page = as_nora.get(url(bakery, "organization_detail", mill)).content.decode()
    people = re.findall(r'<b><a href="[^"]+">(\w+)</a></b>', page)
    assert people == ["Jonas", "Mara"]
    assert page.count(">Main contact</span>") == 1
    with business_scope(bakery):
        assert Organization.objects.get(pk=mill.pk).main_contact.display_name == "Jonas"


def test_a_person_joins_an_organization_by_its_name_known_or_new(as_nora, bakery, ana):
    mill = make_organization(bakery)
    join = reverse("contacts:affiliation_add", kwargs={"slug": bakery.slug, "id": ana.pk})
    as_nora.post(join, {"organization": "HARBOR mill", "title": "Miller"})
    as_nora.post(join, {"organization": "Elm Hill Barn", "title": ""})
    with business_scope(bakery):
        places = dict(Affiliation.objects.filter(contact=ana).values_list("organization__name", "title"))
        assert places == {"Harbor Mill": "Miller", "Elm Hill Barn": ""}
        assert Organization.objects.count() == 2
        assert Organization.objects.get(pk=mill.pk).main_contact_id == ana.pk
    response = as_nora.post(join, {"organization": " "})
    assert response.status_code == 422
    assert "Write its name." in response.content.decode()


def test_the_main_contact_stays_until_there_is_another(as_nora, bakery, ana):
    mill = make_organization(bakery, main_contact=ana)
    ben = make_contact(bakery, "Ben Ode")
    with business_scope(bakery):
        place, other = Affiliation.objects.get(contact=ana), affiliate(ben, mill)
    end = reverse("contacts:affiliation_end", kwargs={"slug": bakery.slug, "id": ana.pk, "affiliation_id": place.pk})
    assert "They are the main contact. Choose another one first." in as_nora.post(end, follow=True).content.decode()
    form = form_of(as_nora, url(bakery, "organization_edit", mill)) | {"main_contact": str(ben.pk)}
    assert as_nora.post(url(bakery, "organization_edit", mill), form).status_code == 302
    as_nora.post(end)
    with business_scope(bakery):
        assert list(Affiliation.objects.filter(ended_on=None)) == [other]


def test_a_new_main_contact_takes_the_parts_over(as_nora, bakery, ana):
    mill = make_organization(bakery, main_contact=ana)
    ben = make_contact(bakery, "Ben Ode")
    with business_scope(bakery):
        affiliate(ben, mill)
        role = assign_role("vendor", organization=mill, actor=None, now=now())
    form = form_of(as_nora, url(bakery, "organization_edit", mill)) | {"main_contact": str(ben.pk)}
    as_nora.post(url(bakery, "organization_edit", mill), form)
    with business_scope(bakery):
        moved = RoleAssignment.objects.get(pk=role.pk)
        assert (moved.contact_id, moved.started_at) == (ben.pk, role.started_at)
        assert tally("people_by_role", "vendor") == 1
    form = form_of(as_nora, url(bakery, "organization_edit", mill)) | {"main_contact": ""}
    response = as_nora.post(url(bakery, "organization_edit", mill), form)
    assert response.status_code == 422
    assert "It is something to you now. End that first." in response.content.decode()


def sent_again(response):
    """The form that was refused, as a browser would send it once more."""
    form = response.context["form"]
    return {name: form[name].value() or "" for name in form.fields if name != "is_context"}


def test_two_who_edit_different_fields_of_a_firm_both_keep_theirs(as_nora, as_sam, bakery, ana):
    mill = make_organization(bakery, main_contact=ana)
    noras, sams = (form_of(client, url(bakery, "organization_edit", mill)) for client in (as_nora, as_sam))
    as_sam.post(url(bakery, "organization_edit", mill), sams | {"website": "https://mill.example.com"})
    as_nora.post(url(bakery, "organization_edit", mill), noras | {"name": "The Mill"})
    with business_scope(bakery):
        mill.refresh_from_db()
    assert (mill.name, mill.website, mill.main_contact_id) == ("The Mill", "https://mill.example.com", ana.pk)


def test_a_stale_edit_of_the_same_fields_shows_both_and_loses_neither(as_nora, as_sam, bakery, ana):
    mill = make_organization(bakery, main_contact=ana)
    ben = make_contact(bakery, "Ben Ode")
    with business_scope(bakery):
        affiliate(ben, mill)
        affiliate(cleo := make_contact(bakery, "Cleo Park"), mill)
    noras, sams = (form_of(client, url(bakery, "organization_edit", mill)) for client in (as_nora, as_sam))
    sams |= {"name": "Harbour Mill", "main_contact": str(ben.pk)}
    as_sam.post(url(bakery, "organization_edit", mill), sams)
    noras |= {"name": "The Mill", "main_contact": str(cleo.pk)}
    response = as_nora.post(url(bakery, "organization_edit", mill), noras)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Meanwhile somebody saved “Harbour Mill” here. Save again to keep yours." in page
    assert "Meanwhile somebody saved “Ben Ode” here. Save again to keep yours." in page
    assert 'value="The Mill"' in page
    assert f'value="{cleo.pk}" selected' in page
    with business_scope(bakery):
        mill.refresh_from_db()
    assert (mill.name, mill.main_contact_id) == ("Harbour Mill", ben.pk)
    assert as_nora.post(url(bakery, "organization_edit", mill), sent_again(response)).status_code == 302
    with business_scope(bakery):
        mill.refresh_from_db()
    assert (mill.name, mill.main_contact_id) == ("The Mill", cleo.pk)


def test_a_stale_edit_that_lost_what_it_read_asks_about_every_difference(as_nora, as_sam, bakery):
    mill = make_organization(bakery)
    noras, sams = (form_of(client, url(bakery, "organization_edit", mill)) for client in (as_nora, as_sam))
    as_sam.post(url(bakery, "organization_edit", mill), sams | {"name": "Harbour Mill"})
    refused = as_nora.post(url(bakery, "organization_edit", mill), noras | {"was": "[broken"})
    assert refused.status_code == 422
    assert "Meanwhile somebody saved “Harbour Mill” here." in refused.content.decode()


def test_a_deleted_organization_leaves_the_list_and_comes_back(as_nora, bakery, ana):
    mill = make_organization(bakery, main_contact=ana)
    page = as_nora.post(url(bakery, "organization_delete", mill), follow=True).content.decode()
    restore = url(bakery, "organization_restore", mill)
    assert f'action="{restore}"' in page
    assert "Which firms are around you?" in page
    with business_scope(bakery):
        assert tally("organizations") == 0
    as_nora.post(restore)
    assert as_nora.get(url(bakery, "organization_detail", mill)).status_code == 200


def test_an_organization_that_is_something_to_us_is_not_deleted(as_nora, bakery, ana):
    mill = make_organization(bakery, main_contact=ana)
    with business_scope(bakery):
        assign_role("partner", organization=mill, actor=None, now=now())
    page = as_nora.post(url(bakery, "organization_delete", mill), follow=True).content.decode()
    assert "It is still something to you. End that first, then delete it." in page
    with business_scope(bakery):
        assert Organization.objects.get(pk=mill.pk).deleted_at is None


def test_the_list_costs_four_statements_for_3_and_for_30(as_nora, bakery):
    def fill(how_many):
        for number in range(how_many):
            make_organization(bakery, f"Firm {number}", main_contact=make_contact(bakery))

    fill(3)
    asked = statements_of(as_nora, url(bakery))
    fill(27)
    more = statements_of(as_nora, url(bakery))
    # kinds, organizations, count, profile, the user's businesses
    assert len(asked) == len(more) == 5, more


def test_the_garages_firms_are_the_same_404_as_none(as_nora, bakery, garage):
    theirs = make_organization(garage, "Spring & Co")
    for organization in (theirs, uuid4()):
        for name in ("organization_detail", "organization_edit"):
            assert as_nora.get(url(bakery, name, organization)).status_code == 404
        for name in ("organization_delete", "organization_restore", "organization_role"):
            assert as_nora.post(url(bakery, name, organization), {"kind": "vendor"}).status_code == 404
    assert "Spring" not in as_nora.get(url(bakery)).content.decode()


def test_what_was_between_us_and_its_people_stands_together_newest_first(as_nora, as_adviser, bakery, nora):
    mill = make_organization(bakery)
    people = [make_contact(bakery, name, email=f"{name.lower()}@example.com") for name in ("Jonas", "Mara", "Zoe")]
    with business_scope(bakery, nora):
        member = Membership.objects.get(user=nora)
        for number, person in enumerate(people[:2]):
            affiliate(person, mill)
            when = now() - timedelta(hours=3 - number)
            log_talk(person, kind="call", occurred_at=when, actor=member, now=now(), said=f"rye {number}")
        log_talk(people[2], kind="call", occurred_at=now(), actor=member, now=now(), said="not of the mill")
    page = as_nora.get(url(bakery, "organization_detail", mill)).content.decode()
    assert 0 < page.index("rye 1") < page.index("rye 0")
    assert "not of the mill" not in page
    assert "rye" not in as_adviser.get(url(bakery, "organization_detail", mill)).content.decode()


def test_the_page_costs_the_same_for_three_people_as_for_thirty(as_nora, bakery, nora):
    mill = make_organization(bakery)
    costs = []
    for many in (3, 27):
        for _turn in range(many):
            person = make_contact(bakery, "Jo")
            with business_scope(bakery, nora):
                affiliate(person, mill)
        costs.append(len(statements_of(as_nora, url(bakery, "organization_detail", mill))))
    assert costs[0] == costs[1]


def test_edit_in_place_begins_at_the_edit_page_and_only_for_those_who_may(as_nora, as_adviser, bakery):
    mill = make_organization(bakery)
    detail, edit = url(bakery, "organization_detail", mill), url(bakery, "organization_edit", mill)
    assert f'data-edit-in-place href="{edit}"' in as_nora.get(detail).content.decode()
    assert "data-edit-form" in as_nora.get(edit).content.decode()
    assert "data-edit-in-place" not in as_adviser.get(detail).content.decode()


@pytest.fixture
def vendor_without_anybody(bakery, ana):
    """The mill, which is a vendor by Ana, who was taken off the list."""
    mill = make_organization(bakery, main_contact=ana)
    with business_scope(bakery):
        assign_role("vendor", organization=mill, actor=None, now=now())
        delete_contact(ana, actor=None, now=now())
    return mill


def test_a_firm_whose_main_contact_is_gone_says_so_and_leads_to_nobody(as_nora, bakery, ana, vendor_without_anybody):
    listed = as_nora.get(url(bakery)).content.decode()
    assert "Ana Ruiz, who is off your list" in listed
    assert url(bakery, "contact_detail", ana) not in listed
    page = as_nora.get(url(bakery, "organization_detail", vendor_without_anybody)).content.decode()
    assert "Ana Ruiz, the main contact, is off your list." in page
    assert url(bakery, "contact_detail", ana) + '"' not in page


def test_a_firm_whose_main_contact_is_gone_is_edited_and_handed_to_somebody_else(
    as_nora, bakery, ana, vendor_without_anybody
):
    mill, edit = vendor_without_anybody, url(bakery, "organization_edit", vendor_without_anybody)
    form = form_of(as_nora, edit) | {"name": "The Mill"}
    assert as_nora.post(edit, form).status_code == 302
    with business_scope(bakery):
        kept = Organization.objects.get(pk=mill.pk)
        assert (kept.name, kept.main_contact_id) == ("The Mill", ana.pk)
    ben = make_contact(bakery, "Ben Ode")
    with business_scope(bakery):
        affiliate(ben, mill)
    assert as_nora.post(edit, form_of(as_nora, edit) | {"main_contact": str(ben.pk)}).status_code == 302
    with business_scope(bakery):
        assert RoleAssignment.objects.get(organization=mill).contact_id == ben.pk
    assert "off your list" not in as_nora.get(edit).content.decode()


def test_what_a_firm_is_by_somebody_gone_is_ended_and_then_it_is_deleted(as_nora, bakery, vendor_without_anybody):
    page = url(bakery, "organization_detail", vendor_without_anybody)
    end = re.search(r'action="([^"]+/end/)"', as_nora.get(page).content.decode())[1]
    done = as_nora.post(end, HTTP_REFERER=f"http://testserver{page}", follow=True)
    assert done.redirect_chain[-1][0].endswith(page)
    assert "Ana Ruiz is no longer one of your" in done.content.decode()
    assert "/reopen/" not in done.content.decode()
    again = as_nora.post(url(bakery, "organization_role", vendor_without_anybody), {"kind": "vendor"}, follow=True)
    assert "Choose a main contact first" in again.content.decode()
    as_nora.post(url(bakery, "organization_delete", vendor_without_anybody))
    with business_scope(bakery):
        assert Organization.objects.get().deleted_at is not None
        assert RoleAssignment.objects.get(organization=vendor_without_anybody).ended_at is not None


def test_what_somebody_gone_was_by_themselves_is_nowhere_to_be_ended(as_nora, bakery, ana):
    with business_scope(bakery):
        role = assign_role("vendor", contact=ana, actor=None, now=now())
        delete_contact(ana, actor=None, now=now())
    assert as_nora.post(url(bakery, "role_end", ana, role_id=role.pk)).status_code == 404


def test_a_kind_stands_once_in_the_head_however_many_people_stand_for_it(as_nora, bakery):
    mill = make_organization(bakery)
    with business_scope(bakery):
        for name in ("Ana Ruiz", "Ben Ode"):
            RoleAssignment.objects.create(kind="vendor", contact=make_contact(bakery, name), organization=mill)
    page = as_nora.get(url(bakery, "organization_detail", mill)).content.decode()
    assert page.count('id="told-vendor"') == 1

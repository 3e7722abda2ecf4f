"""Setting up a business, and who sees which."""

from django.test import Client
from django.urls import reverse

from ecosystem.base.access import Role
from ecosystem.base.events import on
from ecosystem.base.tenancy import business_scope
from ecosystem.events import BusinessCreated, MembershipCreated
from ecosystem.models import AuditEntry, Business, BusinessProfile, KindSetting, Membership
from ecosystem.queries.businesses import businesses_of
from tests.factories.ecosystem import make_business, make_member, make_user, sign_in

STEP_ONE = {
    "name": "Oat & Ember Bakery",
    "trade": "food",
    "known_kinds": ["client", "vendor"],
    "timezone": "Europe/London",
}


def test_four_steps_make_a_business_and_each_is_kept(db):
    nora = make_user("Nora")
    client = sign_in(Client(), nora)
    response = client.post(reverse("ecosystem:business_new"), STEP_ONE)
    slug = "oat-ember-bakery"
    assert response.url == reverse("ecosystem:setup_message", kwargs={"slug": slug})
    response = client.post(response.url, {"core_message": "Bread from grain you can visit."})
    assert response.url == reverse("ecosystem:setup_sender", kwargs={"slug": slug})
    sender = {
        "sender_name": "Nora",
        "sender_email": "Nora@Example.com",
        "postal_address": "1 Mill Lane",
        "town": "Bath",
    }
    response = client.post(response.url, sender)
    assert response.url == reverse("ecosystem:setup_people", kwargs={"slug": slug})
    assert client.get(response.url).status_code == 200
    business = Business.objects.get(slug=slug)
    assert business.name == "Oat & Ember Bakery"
    with business_scope(business):
        profile = BusinessProfile.objects.get()
        assert profile.setup_step == 4
    response = client.post(reverse("ecosystem:setup_finish", kwargs={"slug": slug}), {"way": "later"})
    assert response.url == reverse("ecosystem:today", kwargs={"slug": slug})
    with business_scope(business):
        profile = BusinessProfile.objects.get()
        assert profile.setup_is_complete
        assert (profile.trade, profile.mark_icon, profile.known_kinds) == ("food", "croissant", ["client", "vendor"])
        assert (profile.timezone, profile.country, profile.currency) == ("Europe/London", "GB", "GBP")
        assert (profile.sender_email, profile.reply_to_email) == ("nora@example.com", "nora@example.com")
        assert Membership.objects.get().role == Role.OWNER
        assert KindSetting.objects.count() == 8
        assert not KindSetting.objects.get(kind="online_user").is_on
        assert KindSetting.objects.get(kind="client").cadence_days == 60
        assert "setup_finished" in set(AuditEntry.objects.values_list("action", flat=True))


def test_going_back_shows_what_was_kept_and_loses_nothing(as_nora, bakery):
    url = reverse("ecosystem:setup_business", kwargs={"slug": bakery.slug})
    response = as_nora.get(url)
    assert b'value="Oat &amp; Ember"' in response.content
    as_nora.post(url, {"name": "Oat and Ember", "trade": "shop", "known_kinds": ["partner"]})
    bakery.refresh_from_db()
    assert (bakery.name, bakery.slug) == ("Oat and Ember", "oat-ember")
    with business_scope(bakery):
        assert BusinessProfile.objects.get().known_kinds == ["partner"]


def test_setup_goes_on_where_it_was_left(as_nora, bakery):
    assert as_nora.get("/").url == reverse("ecosystem:setup", kwargs={"slug": bakery.slug})
    here = as_nora.get(reverse("ecosystem:setup", kwargs={"slug": bakery.slug}))
    assert here.url == reverse("ecosystem:setup_message", kwargs={"slug": bakery.slug})


def test_a_second_click_on_the_first_step_makes_no_second_business(db):
    nora = make_user("Nora")
    client = sign_in(Client(), nora)
    first = client.post(reverse("ecosystem:business_new"), STEP_ONE)
    second = client.post(reverse("ecosystem:business_new"), STEP_ONE)
    assert first.url == second.url
    assert len(businesses_of(nora)) == 1


def test_an_empty_name_is_told_beside_the_field_and_makes_nothing(db):
    client = sign_in(Client(), make_user("Nora"))
    response = client.post(reverse("ecosystem:business_new"), STEP_ONE | {"name": " "})
    assert response.status_code == 422
    assert response.context["form"].errors.keys() == {"name"}
    assert Business.objects.count() == 0


def test_a_time_zone_that_does_not_exist_does_no_harm(db):
    client = sign_in(Client(), make_user("Nora"))
    assert client.post(reverse("ecosystem:business_new"), STEP_ONE | {"timezone": "Mars/Base"}).status_code == 302
    with business_scope(Business.objects.get()):
        assert BusinessProfile.objects.get().timezone == "America/New_York"


def test_two_businesses_of_one_name_get_short_names_of_their_own(db):
    slugs = [make_business("Café Ångström").slug for _number in range(3)]
    assert slugs == ["cafe-angstrom", "cafe-angstrom-2", "cafe-angstrom-3"]
    assert make_business("Café Ångström", town="Bath").slug == "cafe-angstrom-bath"
    assert make_business("パン屋").slug == "business"


def test_a_new_business_is_announced_inside_itself(db):
    heard = []
    on(BusinessCreated)(heard.append)
    on(MembershipCreated)(heard.append)
    nora = make_user("Nora")
    business = make_business("Bakery", owner=nora)
    mine = [event for event in heard if event.business_id == business.pk]
    assert [type(event) for event in mine] == [BusinessCreated, MembershipCreated]
    assert (mine[1].user_id, mine[1].email) == (nora.pk, nora.email)


def test_switcher_lists_only_businesses_of_the_user(nora, bakery, garage):
    assert [found.name for found in businesses_of(nora)] == ["Oat & Ember"]
    make_member(garage, Role.ADVISER, nora)
    assert [(found.name, found.role) for found in businesses_of(nora)] == [
        ("Hale's Garage", Role.ADVISER),
        ("Oat & Ember", Role.OWNER),
    ]


def test_first_page_leads_a_member_of_two_to_the_choice_and_then_to_the_last_one(as_nora, nora, bakery, garage):
    make_member(garage, Role.ADVISER, nora)
    assert as_nora.get("/").url == reverse("ecosystem:business_choice")
    page = as_nora.get(reverse("ecosystem:business_choice"))
    assert page.content.count(b"/b/hales-garage/") == 1
    as_nora.get(reverse("ecosystem:team", kwargs={"slug": garage.slug}))
    assert as_nora.get("/").url == reverse("ecosystem:today", kwargs={"slug": garage.slug})


def test_going_over_to_another_business_stands_in_its_audit_trail(as_nora, nora, bakery, garage):
    make_member(garage, Role.ADVISER, nora)
    as_nora.get(reverse("ecosystem:team", kwargs={"slug": bakery.slug}))
    for _click in range(2):
        as_nora.get(reverse("ecosystem:team", kwargs={"slug": garage.slug}))
    with business_scope(garage):
        assert AuditEntry.objects.filter(action="business_switched", actor_user_id=nora.pk).count() == 1
    with business_scope(bakery):
        assert not AuditEntry.objects.filter(action="business_switched").exists()


def test_visitor_sees_what_this_is_and_two_doors(client, db):
    page = client.get("/").content.decode()
    assert reverse("account_signup") in page
    assert reverse("account_login") in page


def test_somebody_without_a_business_is_led_to_the_first_step(db):
    assert sign_in(Client(), make_user()).get("/").url == reverse("ecosystem:business_new")


def test_a_renamed_kind_is_said_on_other_pages(as_nora, bakery):
    url = reverse("ecosystem:kind_edit", kwargs={"slug": bakery.slug, "kind": "vendor"})
    changed = {"label": "Miller", "label_plural": "Millers", "definition": "Grain", "cadence_days": 40, "is_on": "on"}
    assert as_nora.post(url, changed).status_code == 302
    page = as_nora.get(reverse("ecosystem:setup_people", kwargs={"slug": bakery.slug})).content.decode()
    assert "Millers" in page
    assert "Vendors" not in page
    with business_scope(bakery):
        assert KindSetting.objects.get(kind="vendor").cadence_days == 40


def test_a_rung_of_the_ladder_cannot_be_switched_off(as_nora, bakery):
    url = reverse("ecosystem:kind_edit", kwargs={"slug": bakery.slug, "kind": "client"})
    as_nora.post(url, {"label": "Client", "label_plural": "Clients", "cadence_days": 60})
    with business_scope(bakery):
        assert KindSetting.objects.get(kind="client").is_on


def test_a_cadence_of_nothing_is_refused_and_changes_nothing(as_nora, bakery):
    url = reverse("ecosystem:kind_edit", kwargs={"slug": bakery.slug, "kind": "vendor"})
    response = as_nora.post(url, {"label": "V", "label_plural": "Vs", "cadence_days": 0, "is_on": "on"})
    assert response.status_code == 422
    with business_scope(bakery):
        assert KindSetting.objects.get(kind="vendor").cadence_days == 90


def profile_fields(business: Business, **changes: object) -> dict[str, object]:
    with business_scope(business):
        kept = BusinessProfile.objects.get()
    said = {name: getattr(kept, name) for name in ("trade", "country", "timezone", "language", "currency", "version")}
    return said | {"name": business.name} | changes


def test_profile_is_kept_and_the_new_name_is_shown(as_nora, bakery):
    url = reverse("ecosystem:profile", kwargs={"slug": bakery.slug})
    response = as_nora.post(url, profile_fields(bakery, name="Ember", town="Bath", phone="+1 202 555 0143"))
    assert response.status_code == 302
    with business_scope(bakery):
        profile = BusinessProfile.objects.get()
        assert (profile.town, profile.phone, profile.version) == ("Bath", "+1 202 555 0143", 2)
    assert "Ember" in as_nora.get(url).content.decode()


def test_an_edit_on_an_old_page_overwrites_nothing(as_nora, bakery):
    url = reverse("ecosystem:profile", kwargs={"slug": bakery.slug})
    old = profile_fields(bakery, town="Old")
    as_nora.post(url, profile_fields(bakery, town="New"))
    response = as_nora.post(url, old)
    assert response.status_code == 409
    with business_scope(bakery):
        assert BusinessProfile.objects.get().town == "New"

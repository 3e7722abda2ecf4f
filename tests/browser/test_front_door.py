"""The front door, the set-up and the settings as people see them; and the whole way in, with and without scripts."""

import pytest
from django.urls import reverse

from ecosystem.base.links import INVITATION, sign_link
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile, Membership, User
from ecosystem.services.api_keys import make_api_key
from ecosystem.services.invitations import invite
from tests.ecosystem.test_accounts import letters, link_in
from tests.factories.ecosystem import PASSWORD, membership_of

WORDS = {"name": "Nora Bell", "email": "new@example.com", "password1": PASSWORD}

PAGES = [
    "setup_business",
    "setup_message",
    "setup_sender",
    "setup_people",
    "profile",
    "kind_list",
    "team",
    "team_invite",
    "api_key_list",
    "api_key_new",
]


@pytest.fixture
def slug(nora: User, bakery, sam: User) -> str:
    """A bakery with a team of two, an invitation on its way and a key."""
    owner = membership_of(bakery, nora)
    with business_scope(bakery, nora):
        invite(email="ana@example.com", role="helper", actor=owner)
        make_api_key(name="Till in the shop", scopes=["contacts:read"], expires_at=None, actor=owner)
    return bakery.slug


@pytest.mark.parametrize("name", ["ecosystem:home", "api_docs"])
def test_a_visitor_can_read_the_first_pages(looks_right, transactional_db, name: str):
    looks_right(None, reverse(name), name=name.replace(":", "-"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_readable_by_everybody_everywhere(looks_right, nora: User, slug: str, name: str):
    looks_right(nora, reverse(f"ecosystem:{name}", kwargs={"slug": slug}), name=name)


def test_forms_of_one_row_are_readable_too(looks_right, nora: User, sam: User, bakery, slug: str):
    looks_right(nora, reverse("ecosystem:kind_edit", kwargs={"slug": slug, "kind": "online_user"}), name="kind")
    member = membership_of(bakery, sam).pk
    looks_right(nora, reverse("ecosystem:member_edit", kwargs={"slug": slug, "membership_id": member}), name="member")
    looks_right(nora, reverse("ecosystem:business_new"), name="business_new")
    looks_right(nora, reverse("ecosystem:business_choice"), name="choice")


def test_an_invitation_is_readable_open_and_over(looks_right, slug: str):
    looks_right(None, link_in(letters()[0]), name="invitation")
    over = sign_link(INVITATION, 1, b"x" * 48)
    looks_right(None, reverse("ecosystem:invitation", kwargs={"token": over}), name="invitation-over")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_somebody_new_walks_from_the_first_page_to_today(visit, transactional_db, scripts: bool):
    visitor = visit(scripts=scripts)
    page = visitor.open("/")
    page.click("main a.btn.p")
    for name, value in WORDS.items():
        page.fill(f"input[name={name}]", value)
    page.click("main button.p")
    page.wait_for_url("**/accounts/confirm-email/")
    page.goto(visitor.base + link_in(letters()[0]))
    page.click("main button.p")
    page.wait_for_url("**/start/")
    page.fill("input[name=name]", "Oat & Ember Bakery")
    page.check("input[value=client]")
    if scripts:
        assert page.text_content("[data-setup-name]") == "Oat & Ember"
        assert "later" not in page.get_attribute("[data-setup-kind][data-kind=client]", "class").split()
        assert "later" in page.get_attribute("[data-setup-kind][data-kind=vendor]", "class").split()
    page.click("form[data-setup] button.p")
    page.wait_for_url("**/start/message/")
    page.click("form[data-setup] button.p")
    page.wait_for_selector("[role=alert]")
    page.fill("textarea", "Bread from grain you can visit.")
    page.click("form[data-setup] button.p")
    page.wait_for_url("**/start/letters/")
    page.fill("textarea", "1 Mill Lane")
    page.click("form[data-setup] button.p")
    page.wait_for_url("**/start/people/")
    page.click("button[value=later]")
    page.wait_for_url("**/b/oat-ember-bakery/")
    assert visitor.complaints == []
    with business_scope(Business.objects.get()):
        assert BusinessProfile.objects.get().setup_is_complete
        assert Membership.objects.count() == 1

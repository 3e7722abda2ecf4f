"""What is asked at the front door: by whoever is invited, signs in or begins, and by machines of the operator."""

from django.urls import reverse

from campaigns.demo.tenants import PASSWORD
from tests.factories.ecosystem import make_user, sign_in
from tests.house.doors import OF_ACCOUNTS, filled, public_routes
from tests.house.visits import Visit


def somebody_invited_joins(visit: Visit) -> None:
    url = reverse("ecosystem:invitation", kwargs={"token": visit.tokens["invitations"]})
    visit.get(url)
    visit.post(url, status=302)
    sign_in(visit.client, make_user("Zz", email=f"{visit.tenant.marker.lower()}invited@example.com"))
    visit.get(url)
    assert visit.post(url, status=302).headers["Location"] == f"/b/{visit.tenant.business.slug}/"


def somebody_signs_in_and_out(visit: Visit) -> None:
    visit.get(reverse("account_login"))
    answer = visit.post(reverse("account_login"), {"login": visit.tenant.owner.email, "password": PASSWORD}, status=302)
    assert answer.headers["Location"] == "/"
    visit.get(reverse("ecosystem:home"), status=302)
    visit.post(reverse("account_logout"), status=302)


def somebody_begins_a_business(visit: Visit) -> None:
    url = reverse("ecosystem:business_new")
    visit.get(url, status=302)
    sign_in(visit.client, make_user("Zz"))
    visit.get(url)
    visit.post(url, {"name": "Zz", "trade": "food"}, status=302)
    visit.get(reverse("ecosystem:home"), status=302)


def a_member_looks_around(visit: Visit) -> None:
    sign_in(visit.client, visit.tenant.owner)
    visit.get(reverse("ecosystem:business_choice"))
    visit.post(reverse("ecosystem:business_choice"), status=405)
    wanted = reverse("ecosystem:second_step_wanted", kwargs={"slug": visit.tenant.business.slug})
    visit.get(wanted)
    visit.post(wanted, status=405)
    visit.get(reverse("ecosystem:theme"), status=405)
    visit.post(reverse("ecosystem:theme"), {"theme": "dark"}, status=None)


def a_machine_looks_around(visit: Visit) -> None:
    for name in ("healthz", "readyz", "metrics", "ecosystem:home", "ecosystem_api:openapi", "api_docs"):
        visit.get(reverse(name))
        visit.post(reverse(name), status=405)
    visit.get("/api/nothing", status=404)
    visit.post("/api/nothing", status=404)


def a_mail_program_fetches_the_mark(visit: Visit) -> None:
    given = {"slug": visit.tenant.business.slug, "file": visit.tokens["file"]}
    visit.get(reverse("ecosystem:public_file", kwargs=given))
    visit.get(reverse("ecosystem:public_file", kwargs=given | {"file": "nothing"}), status=404)
    visit.post(reverse("ecosystem:public_file", kwargs=given), status=405)


def a_stranger_reads_what_is_promised(visit: Visit) -> None:
    slug = visit.tenant.business.slug
    for kind in ("privacy", "terms"):
        for name, more in ((f"public_{kind}", {}), (f"old_{kind}", {"number": 1})):
            url = reverse(f"ecosystem:{name}", kwargs={"slug": slug, **more})
            visit.get(url)
            visit.post(url, status=405)
        visit.get(reverse(f"ecosystem:old_{kind}", kwargs={"slug": slug, "number": 9}), status=404)


def everybody_asks_the_account_pages(visit: Visit) -> None:
    """The pages of the sign-in, which nobody lists: by a visitor, and by somebody signed in."""
    for route in public_routes():
        if route.path.startswith("accounts/"):
            url = filled(route, OF_ACCOUNTS)
            for is_known in (False, True):
                for ask in (visit.get, visit.post):
                    visit.client.logout()
                    if is_known:
                        sign_in(visit.client, visit.tenant.owner)
                    ask(url, status=None)


FRONT_DOOR_VISITS = (
    somebody_invited_joins,
    somebody_signs_in_and_out,
    somebody_begins_a_business,
    a_member_looks_around,
    a_machine_looks_around,
    a_mail_program_fetches_the_mark,
    a_stranger_reads_what_is_promised,
    everybody_asks_the_account_pages,
)

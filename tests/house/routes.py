"""Every route there is, read from the resolver, with what fills its parameters; nothing here is a list of routes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.urls import URLPattern, get_resolver, reverse

from ecosystem.base.access import Action
from ecosystem.base.fields import business_field_of
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business

# What stands behind a parameter: by its own name, or (for `id`) by the words of the path before it.
OWN_NAMES = {
    "membership_id": "ecosystem.Membership",
    "invitation_id": "ecosystem.Invitation",
    "notice_id": "ecosystem.Notice",
    "key_id": "ecosystem.ApiKey",
    "tag_id": "contacts.Tag",
    "role_id": "contacts.RoleAssignment",
    "affiliation_id": "contacts.Affiliation",
    "change_id": "contacts.StageChange",
    "topic_id": "contacts.Topic",
    "step_id": "contacts.NextStep",
    "note_id": "contacts.Note",
    "other_id": "contacts.Contact",
    "pair_id": "contacts.DuplicateCandidate",
    "merge_id": "contacts.MergeOperation",
    "problem_id": "contacts.ImportProblem",
    "object_id": "campaigns.Message",
    "step_key": "campaigns.Step",
}
PATHS = {
    "contacts/change": "contacts.BulkEdit",
    "contacts/imports": "contacts.Import",
    "contacts/exports": "contacts.PeopleExport",
    "contacts/data": "contacts.DataRequest",
    "contacts/views": "contacts.PeopleView",
    "contacts": "contacts.Contact",
    "organizations": "contacts.Organization",
    "topics": "contacts.Topic",
    "opt-in": "campaigns.SignupForm",
    "sequences": "campaigns.Sequence",
    "enrollments": "campaigns.Enrollment",
    "letters": "campaigns.Content",
    "texts": "campaigns.IncomingText",
    "messages": "campaigns.Message",
    "interactions": "contacts.Interaction",
    "consents": "contacts.Consent",
}
PLAIN = {
    "kind": "client",
    "stage": "client",
    "position": 0,
    "outcome": "sent",
    "number": 1,
    "provider": "smtp",
    "what": "letter",
    "card": "permission",
}
_PARAMETER = re.compile(r"<(?:(?P<type>\w+):)?(?P<name>\w+)>")


@dataclass(frozen=True)
class Route:
    """One named address with the action that it asks for (None: no membership is asked for)."""

    name: str
    path: str
    action: Action | None
    view: Any

    @property
    def parameters(self) -> list[str]:
        """The names of its parameters, the slug left out."""
        return [match["name"] for match in _PARAMETER.finditer(self.path) if match["name"] != "slug"]

    @property
    def uuids(self) -> dict[str, str]:
        """Which model stands behind each parameter that is an id; a KeyError tells of a route that nobody filled."""
        found = {}
        for match in _PARAMETER.finditer(self.path):
            if match["type"] == "uuid":
                found[match["name"]] = OWN_NAMES.get(match["name"]) or self._model_before(match.start())
        return found

    def _model_before(self, position: int) -> str:
        before = self.path[:position].rstrip("/").split("/")
        for words in ("/".join(before[-2:]), before[-1]):
            if words in PATHS:
                return PATHS[words]
        raise KeyError(f"{self.name}: say in tests/house/routes.py which model {self.path} means.")

    def url(self, slug: str, ids: dict[str, Any]) -> str:
        """Its address with everything filled in."""
        given = {**{name: PLAIN[name] for name in self.parameters if name in PLAIN}, **ids}
        return reverse(self.name, kwargs={"slug": slug, **{name: given[name] for name in self.parameters}})


def dashboard_routes() -> list[Route]:
    """Every route below /b/<slug>/."""
    return [route for route in all_routes() if route.path.startswith("b/<slug:slug>/")]


def all_routes() -> list[Route]:
    """Every named route."""
    return list(_walk(get_resolver(), "", ""))


def _walk(resolver: Any, prefix: str, namespace: str) -> Iterator[Route]:
    for found in resolver.url_patterns:
        path = prefix + str(found.pattern)
        if isinstance(found, URLPattern):
            yield Route(
                f"{namespace}{found.name}", path, getattr(found.callback, "required_action", None), found.callback
            )
        else:
            inner = f"{namespace}{found.namespace}:" if found.namespace else namespace
            yield from _walk(found, path, inner)


def ids_of(business: Business, route: Route) -> dict[str, Any]:
    """Ids of a business's own rows for a route; rows that hang on another parameter hang on the right one.

    A row whose address holds a word of its own gives that too.
    """
    with business_scope(business):
        ids: dict[str, Any] = {}
        for name, label in route.uuids.items():
            model: Any = apps.get_model(label)
            row = _row_that_hangs_on(model, ids, route)
            if row is None:
                row = model.objects.order_by("id").first()
                assert row is not None, f"{label} has no row in the demo tenants"
                _hang_on(row, ids, route)
            ids[name] = row.step_key if name == "step_key" else row.pk
            if "token" in route.parameters:
                ids["token"] = row.token
        return ids


def _row_that_hangs_on(model: Any, ids: dict[str, UUID], route: Route) -> Any:
    """The row that belongs to the parameter before, e.g. the role of that very contact."""
    if not ids:
        return None
    owner = apps.get_model(route.uuids[next(iter(ids))])
    for field in model._meta.local_fields:
        if field.related_model is owner:
            return model.objects.filter(**{field.name: next(iter(ids.values()))}).order_by("id").first()
    return None


def _hang_on(row: Any, ids: dict[str, UUID], route: Route) -> None:
    """Have the parameter before name what this row hangs on."""
    if not ids:
        return
    first = next(iter(ids))
    owner = apps.get_model(route.uuids[first])
    for field in row._meta.local_fields:
        if field.related_model is owner and getattr(row, field.attname) is not None:
            ids[first] = getattr(row, field.attname)


def random_ids(route: Route) -> dict[str, UUID]:
    """Ids of nothing."""
    return {name: uuid4() for name in [*route.uuids, "token"]}


def tenant_models() -> list[Any]:
    """Every model of ours that has a business; the tables that other tests make for themselves are not."""
    ours = ("ecosystem", "contacts", "campaigns")
    return [model for app in ours for model in apps.get_app_config(app).get_models() if business_field_of(model)]


def contents_of(business: Business) -> dict[str, list[str]]:
    """Every row of a business as text, by table: what must not change, and where nothing foreign may stand."""
    with business_scope(business):
        return {model._meta.db_table: _texts(model._meta.db_table) for model in tenant_models()}


def _texts(table: str) -> list[str]:
    statement = f"SELECT t::text AS text FROM {table} t WHERE business_id = %(business_id)s ORDER BY 1"  # noqa: S608
    return [row["text"] for row in rows(statement)]

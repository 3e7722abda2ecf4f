"""The same page of people as one writes it with Django REST framework by its own manual, on the same server.

A ModelSerializer with nested ones, prefetching as it should, pages with a count, a token in the header; the business is
entered, so that the policies hold here too.
"""

import hashlib
from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.urls import include, path
from rest_framework import authentication, exceptions, pagination, permissions, renderers, serializers, viewsets
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from contacts.models import Contact, ContactPoint, ContactTag, RoleAssignment
from ecosystem.base.tenancy import business_scope
from ecosystem.config.urls import urlpatterns as ours
from ecosystem.models import ApiKey, ApiKeyIndex, KindSetting


class TokenAuthentication(authentication.BaseAuthentication):
    """One look-up of the token and its user, as in rest_framework.authtoken."""

    def authenticate(self, request: Any) -> tuple[Any, Any]:
        text = request.headers.get("Authorization", "").removeprefix("Bearer ")
        entry = ApiKeyIndex.objects.filter(secret_hash=hashlib.sha256(text.encode()).hexdigest()).first()
        if entry is None:
            raise exceptions.AuthenticationFailed
        with business_scope(entry.business_id):
            key = ApiKey.objects.select_related("made_by__user").get(pk=entry.key_id)
        request.business_id = entry.business_id
        return key.made_by.user, key


class TagSerializer(serializers.ModelSerializer):
    name = serializers.CharField(source="tag.name")

    class Meta:
        model = ContactTag
        fields = ("name",)


class RoleSerializer(serializers.ModelSerializer):
    class Meta:
        model = RoleAssignment
        fields = ("kind",)


class PostalSerializer(serializers.ModelSerializer):
    class Meta:
        model = ContactPoint
        fields = ("value",)


class ContactSerializer(serializers.ModelSerializer):
    contact_tags = TagSerializer(many=True)
    roles = RoleSerializer(many=True)
    points = PostalSerializer(many=True)
    kinds = serializers.SerializerMethodField()

    def get_kinds(self, person: Contact) -> list[dict[str, str]]:
        """What somebody is, in the words of the business, which the view has read once."""
        return [self.context["kinds"][kind] for kind in (person.stage, *(role.kind for role in person.roles.all()))]

    class Meta:
        model = Contact
        fields = (
            "id", "given_name", "family_name", "display_name", "language", "primary_email", "primary_phone", "stage",
            "stage_since", "roles", "kinds", "contact_tags", "points", "source", "source_detail", "do_not_contact",
            "last_touch_at", "owner_id", "fed_at", "created_at", "updated_at", "version",
        )  # fmt: skip


class Pages(pagination.PageNumberPagination):
    page_size = 50


class ContactViewSet(viewsets.ModelViewSet):
    serializer_class = ContactSerializer
    authentication_classes = (TokenAuthentication,)
    permission_classes = (permissions.IsAuthenticated,)
    renderer_classes = (renderers.JSONRenderer,)
    pagination_class = Pages

    def get_queryset(self) -> Any:
        people = Contact.objects.filter(deleted_at=None).order_by("-id")
        postal = ContactPoint.objects.filter(kind=ContactPoint.Kind.POSTAL, is_primary=True)
        return people.prefetch_related("contact_tags__tag", "roles", Prefetch("points", queryset=postal))

    def get_serializer_context(self) -> dict[str, Any]:
        words = KindSetting.objects.values("kind", "label", "definition")
        return {**super().get_serializer_context(), "kinds": {row["kind"]: row for row in words}}

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        with business_scope(request.business_id):
            return super().list(request, *args, **kwargs)


router = SimpleRouter()
router.register("contacts", ContactViewSet, basename="plain-contact")


def hello(_request: Any) -> HttpResponse:
    """The least that a call of this server costs."""
    return HttpResponse("hello")


urlpatterns = [path("plain/hello/", hello), path("plain/", include(router.urls)), *ours]

"""The API with one call that writes, to see what writing calls share."""

import time

from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from ecosystem.models import AuditEntry
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, page_of
from ecosystem.scopes import Scope


class ActIn(In):
    action = serializers.CharField(max_length=60)


class LongActIn(ActIn):
    times = serializers.IntegerField(required=False)
    is_loud = serializers.BooleanField(required=False)
    about = serializers.UUIDField(required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    more = ActIn(required=False)


class ActOut(Out):
    id = serializers.UUIDField()
    action = serializers.CharField()


class ActsView(ApiView):
    scopes = {"get": Scope.CONTACTS_READ, "post": Scope.CONTACTS_WRITE}

    def get(self, request: Request) -> Response:
        paging = self.asked(Paging)
        assert page_of(ActOut).__name__ == "ActOutPage"
        return answer_page(request, AuditEntry.objects.all(), ActOut, order=("-id",), paging=paging)

    def post(self, request: Request) -> Response:
        entry = AuditEntry.objects.create(action=self.read(LongActIn)["action"])
        if entry.action == "slow":
            time.sleep(0.3)
        if entry.action == "broken":
            raise ZeroDivisionError
        return answer(ActOut, entry, status=201)


urlpatterns = [path("api/v1/acts", ActsView.as_view()), path("", include("ecosystem.config.urls"))]

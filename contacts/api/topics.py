"""What people can say yes to."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Topic
from contacts.queries.topics import get_topic, topics
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, example, page_of
from ecosystem.scopes import Scope


@example(
    {
        "id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66",
        "name": "What is in season",
        "key": "what-is-in-season",
        "promise": "Two letters a month",
        "promised_count": 2,
        "promised_days": 30,
        "message_class": "marketing",
        "archived_at": None,
    }
)
class TopicOut(Out):
    """Something people can say yes to, with its promise."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    key = serializers.CharField()
    promise = serializers.CharField(help_text="What is promised, in words.")
    promised_count = serializers.IntegerField(help_text="At most so many letters ...")
    promised_days = serializers.IntegerField(help_text="... in so many days.")
    message_class = serializers.ChoiceField(choices=Topic.MessageClass.choices)
    archived_at = serializers.DateTimeField(allow_null=True, help_text="Put away: nobody new can say yes to it.")


class TopicListView(ApiView):
    """The topics."""

    scopes = {"get": Scope.CONSENTS_READ}

    @extend_schema(operation_id="topic_list", parameters=[Paging], responses=page_of(TopicOut), tags=["Permission"])
    def get(self, request: Request) -> Response:
        """What people can say yes to, the newest first."""
        return answer_page(request, topics(), TopicOut, order=("-id",), paging=self.asked(Paging))


class TopicView(ApiView):
    """One topic."""

    scopes = {"get": Scope.CONSENTS_READ}

    @extend_schema(operation_id="topic_read", responses=TopicOut, tags=["Permission"])
    def get(self, request: Request, topic_id: UUID) -> Response:
        """One topic with its promise."""
        self.asked(In)
        return answer(TopicOut, get_topic(topic_id))

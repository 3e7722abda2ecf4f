"""What people can say yes to."""

from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.models import Topic
from contacts.queries.topics import get_topic, topics
from contacts.services.topics import add_topic, archive_topic, edit_topic, hold_topic, restore_topic
from ecosystem.rest.base import ApiView, In, Out, Paging, answer, answer_page, etag, example, expect_version, page_of
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
        "version": 1,
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
    version = serializers.IntegerField()


WORDS = {
    "name": "What is in season",
    "promise": "Two letters a month",
    "promised_count": 2,
    "promised_days": 30,
}


@example(WORDS)
class TopicIn(In):
    """Something people can say yes to, with its promise."""

    name = serializers.CharField(max_length=80)
    promise = serializers.CharField(max_length=200, help_text="What they get and how often; it stands on the pages.")
    promised_count = serializers.IntegerField(min_value=1, max_value=31, help_text="At most so many letters ...")
    promised_days = serializers.IntegerField(min_value=1, max_value=365, help_text="... in so many days.")


@example({"promise": "Three letters a month", "promised_count": 3, "version": 1})
class TopicChange(In):
    """The fields that are to change. What people said yes to before stays as it was then."""

    name = serializers.CharField(required=False, max_length=80)
    promise = serializers.CharField(required=False, max_length=200)
    promised_count = serializers.IntegerField(required=False, min_value=1, max_value=31)
    promised_days = serializers.IntegerField(required=False, min_value=1, max_value=365)
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you read; If-Match does the same."
    )


class TopicListView(ApiView):
    """The topics."""

    scopes = {"get": Scope.CONSENTS_READ, "post": Scope.TOPICS_WRITE}

    @extend_schema(operation_id="topic_list", parameters=[Paging], responses=page_of(TopicOut), tags=["Permission"])
    def get(self, request: Request) -> Response:
        """What people can say yes to, the newest first."""
        return answer_page(request, topics(), TopicOut, order=("-id",), paging=self.asked(Paging))

    @extend_schema(operation_id="topic_add", request=TopicIn, responses={201: TopicOut}, tags=["Permission"])
    def post(self, request: Request) -> Response:
        """Make something that people can say yes to, with its promise."""
        return _one(add_topic(**self.read(TopicIn), actor=self.member), status=201)


class TopicView(ApiView):
    """One topic."""

    scopes = {"get": Scope.CONSENTS_READ, "patch": Scope.TOPICS_WRITE}

    @extend_schema(operation_id="topic_read", responses=TopicOut, tags=["Permission"])
    def get(self, request: Request, topic_id: UUID) -> Response:
        """One topic with its promise."""
        self.asked(In)
        return _one(get_topic(topic_id))

    @extend_schema(operation_id="topic_change", request=TopicChange, responses=TopicOut, tags=["Permission"])
    def patch(self, request: Request, topic_id: UUID) -> Response:
        """Word a topic anew. From an older `version` it is a 409, with an older If-Match a 412."""
        held, given = hold_topic(topic_id), self.read(TopicChange)
        expect_version(request, held.version, current=TopicOut(held).data, given=given.pop("version", None))
        words = {name: getattr(held, name) for name in WORDS}
        return _one(edit_topic(held, **{**words, **given}, version=held.version, actor=self.member))


class TopicArchiveView(ApiView):
    """Putting one away."""

    scopes = {"post": Scope.TOPICS_WRITE}

    @extend_schema(operation_id="topic_archive", request=None, responses={200: TopicOut}, tags=["Permission"])
    def post(self, request: Request, topic_id: UUID) -> Response:
        """Put a topic away: nobody can say yes to it any more. Those who did can still leave it."""
        return _one(archive_topic(hold_topic(topic_id), actor=self.member))


class TopicRestoreView(ApiView):
    """Bringing one back."""

    scopes = {"post": Scope.TOPICS_WRITE}

    @extend_schema(operation_id="topic_restore", request=None, responses={200: TopicOut}, tags=["Permission"])
    def post(self, request: Request, topic_id: UUID) -> Response:
        """Bring a topic back that was put away."""
        return _one(restore_topic(hold_topic(topic_id), actor=self.member))


def _one(topic: Topic, *, status: int = 200) -> Response:
    headers = {"ETag": etag(topic.version)}
    if status == 201:
        headers["Location"] = reverse("contacts_api:topic", kwargs={"topic_id": topic.pk})
    return answer(TopicOut, topic, status=status, **headers)

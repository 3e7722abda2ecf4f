"""Opt-in pages: what people can sign up for, read and made by another program."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.models import SignupForm
from campaigns.queries.signup_shapes import SignupFormShape, signup_form_shapes, signup_forms
from campaigns.queries.signups import boxes_of, get_signup_form, usual_words
from campaigns.services.frame_sites import MOST_SITES, read_sites
from campaigns.services.signup_forms import (
    FormWords,
    add_signup_form,
    close_signup_form,
    edit_signup_form,
    hold_signup_form,
    publish_signup_form,
    words_of,
)
from contacts.queries.topics import open_topics
from ecosystem.base.errors import NotFound
from ecosystem.rest.base import ApiView, In, Out, Paging, answer_page, etag, example, expect_version, page_of
from ecosystem.scopes import Scope

MOST_BOXES = 50
STARTER = {
    "headline": "Keep your starter alive",
    "intro": "Five short letters from the people who bake at four.",
    "promise_how_often": "Five letters in two weeks, then nothing",
    "promise_no_abuse": "We never share your address",
    "promise_how_to_leave": "Leave with one tap, and we stop at once",
    "thank_you": "See you in the first letter.",
    "asks_name": True,
    "offers_texts": False,
    "frame_sites": ["https://www.example.com"],
}
BOXES = [{"topic_id": "0199f3a2-6a10-7e20-9f41-0a2b4c6d8e66", "wording": "The starter letters, by email"}]


class BoxOut(Out):
    """A box on the page; it always starts empty."""

    topic_id = serializers.UUIDField()
    wording = serializers.CharField(help_text="The words beside the box, kept with each yes.")


class MissingOut(Out):
    """What a page still lacks before anybody may see it."""

    field = serializers.CharField()
    title = serializers.CharField(source="sentence")


@example(
    {
        "id": "0199f3a2-d9e4-7a16-8b55-2c7f4e1d0b33",
        "address": "https://crm.example.com/p/oat-ember/join/keep-your-starter-alive/",
        **STARTER,
        "boxes": BOXES,
        "is_live": True,
        "published_at": "2026-01-10T08:00:00Z",
        "missing": [],
        "shown": 311,
        "asked": 140,
        "confirmed": 128,
        "created_at": "2026-01-09T17:30:00Z",
        "version": 1,
    }
)
class SignupFormOut(Out):
    """An opt-in page with its numbers."""

    id = serializers.UUIDField(source="form.id")
    address = serializers.SerializerMethodField(help_text="Where people find it while it is live.")
    headline = serializers.CharField(source="form.headline")
    intro = serializers.CharField(source="form.intro")
    promise_how_often = serializers.CharField(source="form.promise_how_often")
    promise_no_abuse = serializers.CharField(source="form.promise_no_abuse")
    promise_how_to_leave = serializers.CharField(source="form.promise_how_to_leave")
    thank_you = serializers.CharField(source="form.thank_you")
    asks_name = serializers.BooleanField(source="form.asks_name")
    offers_texts = serializers.BooleanField(source="form.offers_texts")
    frame_sites = serializers.SerializerMethodField(help_text="The sites that may show it inside of their own.")
    boxes = BoxOut(many=True)
    is_live = serializers.BooleanField(source="form.is_open", help_text="Whether people may use it.")
    published_at = serializers.DateTimeField(source="form.published_at", allow_null=True)
    missing = MissingOut(many=True, help_text="What it lacks before it can go live; empty when nothing.")
    shown = serializers.IntegerField(help_text="How often it was looked at.")
    asked = serializers.IntegerField(help_text="How many sent it.")
    confirmed = serializers.IntegerField(help_text="How many of them confirmed.")
    created_at = serializers.DateTimeField(source="form.created_at")
    version = serializers.IntegerField(source="form.version")

    def get_address(self, shape: SignupFormShape) -> str:
        """Under the public address of the business."""
        where = reverse("public:join", kwargs={"slug": self.context["slug"], "form": shape.form.slug})
        return settings.PUBLIC_URL.rstrip("/") + where

    def get_frame_sites(self, shape: SignupFormShape) -> list[str]:
        """One in a line as they are kept."""
        return shape.form.frame_sites.split()


class BoxIn(In):
    """A box: what people can say yes to, and the words beside it."""

    topic_id = serializers.UUIDField()
    wording = serializers.CharField(required=False, max_length=300, help_text="Usually the topic's name, by email.")


class SignupFormWords(In):
    """The words of an opt-in page."""

    intro = serializers.CharField(required=False, allow_blank=True, max_length=600, help_text="What they get.")
    promise_how_often = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="How often you write."
    )
    promise_no_abuse = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="What you will never do."
    )
    promise_how_to_leave = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="How they leave."
    )
    thank_you = serializers.CharField(
        required=False, allow_blank=True, max_length=300, help_text="Shown after they have confirmed."
    )
    asks_name = serializers.BooleanField(required=False, help_text="Ask for a first name.")
    offers_texts = serializers.BooleanField(required=False, help_text="Also offer each as texts.")
    frame_sites = serializers.ListField(
        child=serializers.CharField(max_length=300),
        required=False,
        max_length=MOST_SITES,
        help_text="Sites that may show it inside of their own, as https://www.example.com.",
    )
    boxes = serializers.ListField(
        child=BoxIn(), required=False, max_length=MOST_BOXES, help_text="What they can say yes to; shown by name."
    )

    def validate_frame_sites(self, sites: list[str]) -> str:
        """As they are kept: one in a line."""
        return read_sites("\n".join(sites))

    def validate_boxes(self, boxes: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """One box for one topic."""
        if len({box["topic_id"] for box in boxes}) < len(boxes):
            raise serializers.ValidationError([_("Name each topic once.")])
        return boxes


@example({**STARTER, "boxes": BOXES})
class SignupFormIn(SignupFormWords):
    """An opt-in page to be drafted."""

    headline = serializers.CharField(max_length=120, help_text="What they gain.")


@example({"thank_you": "The first letter is on its way.", "version": 1})
class SignupFormChange(SignupFormWords):
    """The fields that are to change; `boxes`, where they are sent, are all that it has then."""

    headline = serializers.CharField(required=False, max_length=120, help_text="What they gain.")
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="The version you read; If-Match does the same."
    )


class SignupFormFilters(Paging):
    """Which pages."""

    state = serializers.ChoiceField(
        choices=[("live", "live"), ("off", "off")],
        required=False,
        help_text="Only those that people may use now, or only the others.",
    )


class SignupFormListView(ApiView):
    """The opt-in pages."""

    scopes = {"get": Scope.SIGNUP_FORMS_READ, "post": Scope.SIGNUP_FORMS_WRITE}

    @extend_schema(
        operation_id="signup_form_list",
        parameters=[SignupFormFilters],
        responses=page_of(SignupFormOut),
        tags=["Opt-in pages"],
    )
    def get(self, request: Request) -> Response:
        """Your opt-in pages with their boxes and numbers, the newest first."""
        asked = self.asked(SignupFormFilters)
        forms = signup_forms(is_live=asked["state"] == "live" if "state" in asked else None)
        return answer_page(request, forms, lambda found: _shown(request, found), order=("-id",), paging=asked)

    @extend_schema(
        operation_id="signup_form_add", request=SignupFormIn, responses={201: SignupFormOut}, tags=["Opt-in pages"]
    )
    def post(self, request: Request) -> Response:
        """Draft an opt-in page. Nobody sees it before it is published; `missing` says what it lacks until then."""
        given = self.read(SignupFormIn)
        boxes = _boxes(given.pop("boxes", []))
        return _one(request, add_signup_form(FormWords(**given), boxes=boxes, actor=self.member), status=201)


class SignupFormView(ApiView):
    """One opt-in page."""

    scopes = {"get": Scope.SIGNUP_FORMS_READ, "patch": Scope.SIGNUP_FORMS_WRITE}

    @extend_schema(operation_id="signup_form_read", responses=SignupFormOut, tags=["Opt-in pages"])
    def get(self, request: Request, form_id: UUID) -> Response:
        """One opt-in page with its boxes and numbers."""
        self.asked(In)
        return _one(request, get_signup_form(form_id))

    @extend_schema(
        operation_id="signup_form_change", request=SignupFormChange, responses=SignupFormOut, tags=["Opt-in pages"]
    )
    def patch(self, request: Request, form_id: UUID) -> Response:
        """Word an opt-in page anew; what people ticked before stays as it was then.

        A page that is live keeps its promises: a change that takes one away is a 400. From an older `version` it is a
        409, with an older If-Match a 412.
        """
        held, given = hold_signup_form(form_id), self.read(SignupFormChange)
        expect_version(request, held.version, current=_shown(request, [held])[0], given=given.pop("version", None))
        sent = given.pop("boxes", None)
        boxes = {box.topic_id: box.wording for box in boxes_of(held)} if sent is None else _boxes(sent)
        words = replace(words_of(held), **given)
        return _one(request, edit_signup_form(held, words, boxes=boxes, version=held.version, actor=self.member))


class SignupFormPublishView(ApiView):
    """Going live."""

    scopes = {"post": Scope.SIGNUP_FORMS_WRITE}

    @extend_schema(
        operation_id="signup_form_publish", request=None, responses={200: SignupFormOut}, tags=["Opt-in pages"]
    )
    def post(self, request: Request, form_id: UUID) -> Response:
        """Let people use a page. A 400 names what it still lacks: a promise, a box, who writes, where you are."""
        return _one(request, publish_signup_form(get_signup_form(form_id), actor=self.member))


class SignupFormCloseView(ApiView):
    """Going offline."""

    scopes = {"post": Scope.SIGNUP_FORMS_WRITE}

    @extend_schema(
        operation_id="signup_form_close", request=None, responses={200: SignupFormOut}, tags=["Opt-in pages"]
    )
    def post(self, request: Request, form_id: UUID) -> Response:
        """Switch a page off: nobody can use it any more. Who has asked already can still confirm."""
        return _one(request, close_signup_form(get_signup_form(form_id), actor=self.member))


def _boxes(sent: list[dict[str, Any]]) -> dict[UUID, str]:
    """The words beside each box by topic; NotFound for a topic that nobody can say yes to here."""
    names = {topic.id: topic.name for topic in open_topics()} if sent else {}
    if any(box["topic_id"] not in names for box in sent):
        raise NotFound("topic_unknown", _("There is no such topic."))
    return {box["topic_id"]: box.get("wording") or usual_words(names[box["topic_id"]]) for box in sent}


def _shown(request: Request, forms: list[SignupForm]) -> list[Any]:
    slug = request._request.business.slug  # type: ignore[attr-defined]
    return list(SignupFormOut(signup_form_shapes(forms), many=True, context={"slug": slug}).data)


def _one(request: Request, form: SignupForm, *, status: int = 200) -> Response:
    headers = {"ETag": etag(form.version)}
    if status == 201:
        headers["Location"] = reverse("campaigns_api:signup_form", kwargs={"form_id": form.pk})
    return Response(_shown(request, [form])[0], status=status, headers=headers)

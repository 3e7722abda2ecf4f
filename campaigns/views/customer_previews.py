"""What customers see, drawn with a profile that nobody has saved yet. Nobody is asked, counted or written to."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Message, SignupForm, SignupFormTopic
from campaigns.queries.preferences import PreferencePage, TopicSwitch
from campaigns.queries.signups import boxes_of, find_newest_form
from campaigns.queries.texts import text_settings
from campaigns.rendering.letters import Letter, compile_letter
from campaigns.rendering.preview import frame_policy, render_preview, sample_person
from campaigns.rendering.texts import finish_text
from campaigns.services.rendering import sender_identity
from campaigns.views.public_signups import public_form
from contacts.models import Channel, Contact, Topic
from contacts.queries.topics import open_topics
from ecosystem.customer_previews import CUSTOMER_PREVIEWS, CustomerPreview
from ecosystem.manners import customer_tongue_of
from ecosystem.models import BusinessProfile

SAMPLE_TOKEN = "sample"  # noqa: S105 - leads nowhere: the frame lets nothing be pressed
MOST_TOPICS = 4


def draw_opt_in(request: HttpRequest, profile: BusinessProfile) -> HttpResponse:
    """The newest opt-in page, or an example where there is none."""
    page = find_newest_form()
    boxes: Sequence[SignupFormTopic] = boxes_of(page) if page else []
    if page is None:
        page = SignupForm(
            headline=profile.core_message or _("Your headline stands here"),
            promise_how_often=_("How often you write stands here."),
            promise_how_to_leave=_("How people leave stands here."),
        )
        boxes = [SignupFormTopic(form=page, topic=topic, wording=topic.name) for topic in _topics()]
    return _drawn(request, profile, "campaigns/public/join.html", page=page, form=public_form(page, boxes=boxes))


def draw_preferences(request: HttpRequest, profile: BusinessProfile) -> HttpResponse:
    """The page on which an invented person chooses what they get."""
    switches = [
        TopicSwitch(Channel.EMAIL, topic, is_on=number == 0, can_turn_on=True, received=1 if number == 0 else 0)
        for number, topic in enumerate(_topics())
    ]
    person = Contact(given_name=sample_person()["contact.first_name"])
    page = PreferencePage(Message(), person, "a••••@example.com", switches, (), is_stopped=False, history=())
    return _drawn(request, profile, "campaigns/public/preferences.html", page=page)


def draw_leave(request: HttpRequest, profile: BusinessProfile) -> HttpResponse:
    """The page that the leave link of a letter leads to."""
    context: dict[str, Any] = {"topic": _topics()[0], "preferences": SAMPLE_TOKEN, "is_out": False}
    return _drawn(request, profile, "campaigns/public/leave.html", **context)


def draw_letter(request: HttpRequest, profile: BusinessProfile) -> HttpResponse:
    """A short letter to an invented person, bare, as a mail program shows it."""
    body = _(
        "Hello {{ contact.first_name }},\n\n"
        "this is how your letters begin and end. What you write stands here.\n\n"
        "{{ sender.name }}"
    )
    letter = Letter(_("A letter of yours"), body, button_label=_("One button"), button_url="https://example.com/")
    plan = compile_letter(letter, language=profile.language)
    html = render_preview(plan, sender_identity(profile, topics=_topics()[:1]).values(), sample_person()).html
    return HttpResponse(html, headers={"Content-Security-Policy": frame_policy(html)})


def draw_text(request: HttpRequest, profile: BusinessProfile) -> HttpResponse:
    """The first text about a topic, with all that the law wants in it."""
    topic = _topics()[0]
    voice = text_settings().voice(topic, promise=topic.promise)
    words = finish_text(_("What you write stands here."), voice, is_first=True)
    return _drawn(request, profile, "campaigns/previews/text.html", words=words)


def _topics() -> list[Topic]:
    """The business's own topics, or one as an example."""
    found = open_topics()[:MOST_TOPICS]
    example = Topic(name=_("A topic of yours"), promise=_("Two letters a month"), promised_count=2, promised_days=30)
    return found or [example]


def _drawn(request: HttpRequest, profile: BusinessProfile, template: str, **context: Any) -> HttpResponse:
    # Nothing runs in the frame.
    given = {"profile": profile, "token": SAMPLE_TOKEN, "here": request.path, "is_framed": True, **context}
    with translation.override(customer_tongue_of(profile)):
        return render(request, template, given)


CUSTOMER_PREVIEWS.add("opt_in", CustomerPreview(gettext_lazy("The opt-in page"), draw_opt_in))
CUSTOMER_PREVIEWS.add("preferences", CustomerPreview(gettext_lazy("The preference page"), draw_preferences))
CUSTOMER_PREVIEWS.add("leave", CustomerPreview(gettext_lazy("The page for leaving"), draw_leave))
CUSTOMER_PREVIEWS.add("letter", CustomerPreview(gettext_lazy("A letter"), draw_letter))
CUSTOMER_PREVIEWS.add("text", CustomerPreview(gettext_lazy("A text"), draw_text))

"""Opt-in pages and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Signup, SignupForm, SignupFormTopic
from contacts.models import Topic
from ecosystem.base.errors import NotFound
from ecosystem.base.links import CONFIRM, sign_link
from ecosystem.base.tenancy import current_business_id
from ecosystem.manners import manners_of
from ecosystem.models import BusinessProfile
from ecosystem.queries.tallies import tallies

CONFIRM_WITHIN = timedelta(days=7)
SHOWN, ASKED, CONFIRMED = "signup.shown", "signup.asked", "signup.confirmed"


@dataclass(frozen=True)
class FormRow:
    """An opt-in page with its numbers: how often it was shown, how many asked, how many confirmed."""

    form: SignupForm
    shown: int
    asked: int
    confirmed: int


@dataclass(frozen=True)
class Missing:
    """What still keeps an opt-in page from going live, and the field or page where it is put right."""

    field: str
    sentence: Promise


def form_rows() -> list[FormRow]:
    """Every opt-in page with its numbers, the newest first, those put away last."""
    sums = tallies((SHOWN, ASKED, CONFIRMED))
    forms = sorted(SignupForm.objects.order_by("-id")[:200], key=lambda form: form.archived_at is not None)
    return [FormRow(form, *(sums.get((name, form.id.hex), 0) for name in (SHOWN, ASKED, CONFIRMED))) for form in forms]


def get_signup_form(form_id: UUID) -> SignupForm:
    """An opt-in page of this business; NotFound for anybody else's."""
    form = SignupForm.objects.filter(id=form_id).first()
    if form is None:
        raise NotFound("signup_form_unknown", _("There is no such page."))
    return form


def find_open_form(slug: str) -> SignupForm | None:
    """The opt-in page of that address while people may use it, or None."""
    return SignupForm.objects.filter(slug=slug, published_at__isnull=False, archived_at__isnull=True).first()


def find_newest_form() -> SignupForm | None:
    """The opt-in page that was published last, or else the newest draft; None where there is none."""
    newest_first = SignupForm.objects.filter(archived_at__isnull=True).order_by("-id")
    return newest_first.filter(published_at__isnull=False).first() or newest_first.first()


def boxes_of(form: SignupForm) -> list[SignupFormTopic]:
    """The boxes of a page in their order; a topic that was put away has none."""
    found = SignupFormTopic.objects.filter(form=form, topic__archived_at__isnull=True)
    return list(found.select_related("topic").order_by("position", "id"))


def missing_for_publishing(form: SignupForm, profile: BusinessProfile, boxes: Sequence[object]) -> list[Missing]:
    """What a page needs before anybody may see it: what, how often, how to leave, who, and where you are."""
    rules = (
        (form.intro, "intro", _("Say what they get.")),
        (form.promise_no_abuse, "promise_no_abuse", _("Promise what you will never do with their address.")),
        (form.promise_how_often, "promise_how_often", _("Say how often you write.")),
        (form.promise_how_to_leave, "promise_how_to_leave", _("Say how they leave.")),
        (boxes, "boxes", _("Offer at least one thing to say yes to.")),
        (profile.sender_name and profile.sender_email, "sender", _("Say who writes: a name and an address.")),
        (profile.postal_address.strip(), "postal_address", _("Add your postal address. The law wants it in letters.")),
    )
    return [Missing(field, sentence) for value, field, sentence in rules if not value]


def find_signup(signup_id: UUID, *, now: datetime) -> Signup | None:
    """A submission that was confirmed or still can be; None when it was purged or its seven days are over."""
    signup = Signup.objects.select_related("form").filter(id=signup_id).first()
    return signup if signup is not None and is_confirmable(signup, now=now) else None


def is_confirmable(signup: Signup, *, now: datetime) -> bool:
    """True when it was confirmed, or still can be."""
    return signup.state == Signup.State.CONFIRMED or now - signup.created_at < CONFIRM_WITHIN


def topics_of(signup: Signup) -> list[tuple[Topic, str]]:
    """What was ticked, with the words that stood beside the box; topics that are gone are left out."""
    words = {UUID(topic_id): wording for topic_id, wording in signup.topics}
    topics = Topic.objects.in_bulk(list(words))
    return [(topics[topic_id], wording) for topic_id, wording in words.items() if topic_id in topics]


def confirm_url(business_id: int, signup_id: UUID) -> str:
    """The link by which a submission is confirmed; made when the letter is built and kept nowhere.

    Always the same one: its time is that of the id, a uuid7.
    """
    asked_at = int.from_bytes(signup_id.bytes[:6]) / 1000
    token = sign_link(CONFIRM, business_id, signup_id.bytes, issued_at=asked_at)
    return f"{settings.PUBLIC_URL.rstrip('/')}/c/{token}"


def usual_words(topic_name: str) -> str:
    """The words beside a box where nobody wrote any, in the language of those who read them."""
    with translation.override(manners_of(current_business_id()).customer_tongue):
        return gettext("%(topic)s, by email") % {"topic": topic_name}

"""Making opt-in pages. None goes live before its promises are written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from campaigns.models import SignupForm, SignupFormTopic
from campaigns.queries.signups import boxes_of, missing_for_publishing
from contacts.queries.topics import open_topics
from ecosystem.base import clock
from ecosystem.base.errors import Conflict, Invalid, NotFound
from ecosystem.base.ids import uuid7
from ecosystem.models import BusinessProfile, Membership
from ecosystem.services.audit import record_act
from ecosystem.services.once import made_before


@dataclass(frozen=True)
class FormWords:
    """What stands on an opt-in page."""

    headline: str
    intro: str = ""
    promise_no_abuse: str = ""
    promise_how_often: str = ""
    promise_how_to_leave: str = ""
    thank_you: str = ""
    asks_name: bool = True
    offers_texts: bool = False
    frame_sites: str = ""


def words_of(form: SignupForm) -> FormWords:
    """What stands on a page now."""
    return FormWords(**{name: getattr(form, name) for name in FormWords.__dataclass_fields__})


def hold_signup_form(form_id: UUID) -> SignupForm:
    """An opt-in page of this business, held until the transaction ends; NotFound for every other id."""
    held = SignupForm.objects.select_for_update(no_key=True).filter(id=form_id).first()
    if held is None:
        raise NotFound("signup_form_unknown", _("There is no such page."))
    return held


@transaction.atomic
def add_signup_form(
    words: FormWords, *, boxes: Mapping[UUID, str], form_id: UUID | None = None, actor: Membership | None = None
) -> SignupForm:
    """Draft an opt-in page. `boxes` holds the words beside each box by topic. Its address is made from the headline.

    `form_id` is the id it will have: the same one again (a second click) returns the first.
    """
    if standing := made_before(SignupForm, form_id):
        return standing
    form = SignupForm.objects.create(id=form_id or uuid7(), slug=_free_slug(words.headline), **vars(words))
    _keep_boxes(form, boxes)
    record_act("signup_form_added", actor=actor, subject=form)
    return form


@transaction.atomic
def edit_signup_form(
    form: SignupForm, words: FormWords, *, boxes: Mapping[UUID, str], version: int, actor: Membership | None = None
) -> SignupForm:
    """Word an opt-in page anew; what people ticked before stays in the ledger as it was.

    Invalid where a page that is live would lose a promise; Conflict when somebody else edited it in between.
    """
    held = SignupForm.objects.select_for_update(no_key=True).get(id=form.id)
    if held.version != version:
        raise Conflict("signup_form_changed", _("Somebody else changed this page just now. Look at it again."))
    for name, value in vars(words).items():
        setattr(held, name, value)
    held.version += 1
    _keep_boxes(held, boxes)
    if held.is_open:
        _refuse_unfinished(held)
    held.save()
    record_act("signup_form_edited", actor=actor, subject=held)
    return held


@transaction.atomic
def publish_signup_form(
    form: SignupForm, *, actor: Membership | None = None, now: datetime | None = None
) -> SignupForm:
    """Let people use an opt-in page. Invalid, with the field, while a promise, the sender or the address is missing."""
    held = SignupForm.objects.select_for_update(no_key=True).get(id=form.id)
    if held.is_open:
        return held
    _refuse_unfinished(held)
    held.published_at, held.archived_at = now or clock.now(), None
    held.save(update_fields=["published_at", "archived_at", "updated_at"])
    record_act("signup_form_published", actor=actor, subject=held)
    return held


@transaction.atomic
def close_signup_form(form: SignupForm, *, actor: Membership | None = None) -> SignupForm:
    """Take an opt-in page offline. Who has asked already can still confirm."""
    held = SignupForm.objects.select_for_update(no_key=True).get(id=form.id)
    if held.published_at is not None:
        held.published_at = None
        held.save(update_fields=["published_at", "updated_at"])
        record_act("signup_form_closed", actor=actor, subject=held)
    return held


def _refuse_unfinished(form: SignupForm) -> None:
    missing = missing_for_publishing(form, BusinessProfile.objects.get(), boxes_of(form))
    if missing:
        raise Invalid("signup_form_unfinished", missing[0].sentence, field=missing[0].field)


def _keep_boxes(form: SignupForm, boxes: Mapping[UUID, str]) -> None:
    """Have exactly these boxes, in the order of the topics' names."""
    known = {topic.id: topic for topic in open_topics()}
    wanted: Sequence[UUID] = [topic_id for topic_id in known if topic_id in boxes]
    SignupFormTopic.objects.filter(form=form).exclude(topic__in=wanted).delete()
    SignupFormTopic.objects.bulk_create(
        [
            SignupFormTopic(form=form, topic=known[topic_id], wording=boxes[topic_id].strip()[:300], position=place)
            for place, topic_id in enumerate(wanted)
        ],
        update_conflicts=True,
        unique_fields=["business_id", "form", "topic"],
        update_fields=["wording", "position"],
    )


def _free_slug(headline: str) -> str:
    base = slugify(headline)[:40].strip("-") or "letters"
    taken = set(SignupForm.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(
        slug for number in range(1, 10_000) if (slug := base if number == 1 else f"{base}-{number}") not in taken
    )

"""The filter of everyone as a program asks for it, as wide as that of the page."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from contacts.models import Channel, Contact, Stage, Tag
from contacts.queries.people_filter import NOBODY, ORDERS, TOUCHES, PeopleFilter
from contacts.services.tags import LONGEST_TAG
from ecosystem.base.addresses import normalise_email
from ecosystem.models import LADDER, SIDE_KINDS
from ecosystem.rest.base import Paging

KINDS = [(str(kind), str(kind)) for kind in (*LADDER, *SIDE_KINDS)]
# What the filter calls as an address does.
PLAIN = ("kind", "stage", "topic_id", "channel", "organization_id", "source", "touched", "sort")


class ContactFilters(Paging):
    """Which people: all who are everything that is asked for, and in which order."""

    kind = serializers.ChoiceField(choices=KINDS, required=False, help_text="A rung of the ladder, or a role.")
    stage = serializers.ChoiceField(choices=Stage.choices, required=False, help_text="A rung, beside a role as `kind`.")
    tag = serializers.CharField(required=False, max_length=LONGEST_TAG, help_text="The tag's words; capitals are one.")
    email = serializers.CharField(required=False, max_length=254, help_text="Exactly this address.")
    begins = serializers.CharField(required=False, max_length=120, help_text="How their name begins; no address.")
    topic_id = serializers.UUIDField(required=False, help_text="Who said yes to it, on `channel`.")
    channel = serializers.ChoiceField(choices=Channel.choices, required=False, help_text="For topic_id; email if none.")
    owner_id = serializers.UUIDField(required=False, help_text="Whom this member looks after.")
    unowned = serializers.BooleanField(required=False, help_text="true: whom nobody looks after.")
    organization_id = serializers.UUIDField(required=False, help_text="Who has an open place there.")
    source = serializers.ChoiceField(choices=Contact.Source.choices, required=False, help_text="Where they came from.")
    touched = serializers.ChoiceField(
        choices=[(one, one) for one in TOUCHES],
        required=False,
        help_text="When something last happened between you: within a week, not_month: not for a month, never.",
    )
    sort = serializers.ChoiceField(choices=[(one, one) for one in ORDERS], required=False)

    def validate(self, attrs: Any) -> Any:
        """One way to ask for each thing."""
        odd = {}
        if "channel" in attrs and "topic_id" not in attrs:
            odd["channel"] = ["Send it with topic_id."]
        if "owner_id" in attrs and attrs.get("unowned"):
            odd["unowned"] = ["Send this or owner_id, one of them."]
        if "begins" in attrs and ("email" in attrs or "@" in attrs["begins"]):
            odd["begins"] = ["Ask for an address by email."]
        if odd:
            raise serializers.ValidationError(odd)
        if "topic_id" in attrs:
            attrs.setdefault("channel", Channel.EMAIL.value)
        return attrs


def people_filter(asked: Mapping[str, Any], *, tag: Tag | None) -> PeopleFilter:
    """What is asked for, with the tag that its words have led to."""
    plain = {name: asked[name] for name in PLAIN if name in asked}
    owner = NOBODY if asked.get("unowned") else str(asked.get("owner_id", ""))
    begins = normalise_email(asked["email"]) if "email" in asked else asked.get("begins", "")
    return PeopleFilter(**plain, tag_id=tag.pk if tag else None, owner=owner, begins=begins)

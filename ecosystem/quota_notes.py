"""What Today says of quotas that are nearly or quite full."""

from django.urls import reverse
from django.utils.translation import ngettext

from ecosystem.attention import ATTENTION, Notice
from ecosystem.base.access import Action

QUOTAS_NEAR = "quotas"


def near_notice(slug: str, number: int) -> Notice:
    """How many there are, with the page that shows them."""
    words = ngettext(
        "%(n)s thing that you use is full or nearly so. Look before it stops you.",
        "%(n)s things that you use are full or nearly so. Look before they stop you.",
        number,
    )
    return Notice(words % {"n": number}, reverse("ecosystem:usage", kwargs={"slug": slug}), Action.EDIT_SETTINGS)


ATTENTION.add(QUOTAS_NEAR, near_notice)

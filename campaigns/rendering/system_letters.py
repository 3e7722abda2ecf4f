"""The letters that the house itself writes: no advertising, at most one button, the same for every business."""

from functools import cache

from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.rendering.letters import ACTION, TRANSACTIONAL, Letter, compile_letter
from campaigns.rendering.plan import RenderPlan

CONFIRM_SIGNUP = "confirm_signup"
RECEIPT = "receipt"


@cache
def system_plan(template: str, language: str) -> RenderPlan:
    """The compiled letter of that name. KeyError for a name that we do not write."""
    letter_of = {CONFIRM_SIGNUP: _confirmation, RECEIPT: _receipt}[template]
    with translation.override(language):
        letter = letter_of()
    return compile_letter(
        letter,
        message_class=TRANSACTIONAL if template == CONFIRM_SIGNUP else "relationship",
        language=language,
        is_system=True,
    )


def _confirmation() -> Letter:
    """Asks for the second yes. Reads `action.url`, `topic.names`, `topic.promises`."""
    return Letter(
        subject=_("Please confirm: {{ topic.names }} from {{ business.name }}"),
        preheader=_("One tap and it is settled. Was it not you? Then do nothing."),
        body=_(
            "Hello {{ contact.first_name }},\n\n"
            "somebody, most likely you, asked {{ business.name }} for **{{ topic.names }}** at this address.\n\n"
            "{{ topic.promises }}\n\n"
            "Press the button to say yes. It works for 7 days. "
            "If it was not you, do nothing: without your yes nobody writes to you."
        ),
        button_label=_("Yes, write to me"),
        button_url=ACTION,
    )


def _receipt() -> Letter:
    """Says thank you for a yes: what comes, how often, how to stop."""
    return Letter(
        subject=_("Thank you. This is what comes: {{ topic.names }}"),
        preheader=_("What you said yes to, and how to stop."),
        body=_(
            "Hello {{ contact.first_name }},\n\n"
            "you said yes to **{{ topic.names }}** from {{ business.name }}. Thank you.\n\n"
            "{{ topic.promises }}\n\n{{ promise.how_often }}\n\n{{ promise.no_abuse }}\n\n{{ promise.leave }}\n\n"
            "To stop, use the link at the foot of this letter or of any other. One tap is enough."
        ),
    )

"""The letters that the house itself writes: no advertising, at most one button, the same for every business."""

from functools import cache

from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.rendering.letters import ACTION, TRANSACTIONAL, Letter, compile_letter
from campaigns.rendering.plan import RenderPlan


@cache
def confirmation_plan(language: str) -> RenderPlan:
    """Asks for the second yes. Merge value `action.url`; constants `topic.name`, `topic.promise`."""
    with translation.override(language):
        letter = _confirmation()
    return compile_letter(letter, message_class=TRANSACTIONAL, language=language, is_system=True)


@cache
def receipt_plan(language: str) -> RenderPlan:
    """Says thank you for a yes: what comes, how often, how to stop.

    Merge values are the promises of the form; constants `topic.name`, `topic.promise`.
    """
    with translation.override(language):
        letter = _receipt()
    return compile_letter(letter, message_class="relationship", language=language, is_system=True)


@cache
def data_copy_plan(language: str) -> RenderPlan:
    """Says where the copy of somebody's data lies. Merge value `action.url`."""
    with translation.override(language):
        letter = Letter(
            subject=_("Your data at {{ business.name }}"),
            preheader=_("The copy you asked for is ready."),
            body=_(
                "Hello {{ contact.first_name }},\n\n"
                "you asked {{ business.name }} for a copy of what is known of you. It is ready.\n\n"
                "The button leads to it. It can be fetched once, within 7 days. "
                "If it was not you who asked, do nothing: only this mailbox gets the link."
            ),
            button_label=_("Fetch my data"),
            button_url=ACTION,
        )
    return compile_letter(letter, message_class=TRANSACTIONAL, language=language, is_system=True)


@cache
def erasure_plan(language: str) -> RenderPlan:
    """Asks whether it was they who want to be forgotten. Merge value `action.url`."""
    with translation.override(language):
        letter = Letter(
            subject=_("Shall {{ business.name }} forget you?"),
            preheader=_("Nothing is erased before you say so once more."),
            body=_(
                "Hello {{ contact.first_name }},\n\n"
                "somebody, most likely you, asked {{ business.name }} to erase everything that is known of you.\n\n"
                "The button leads to the last step. It works for 7 days. "
                "If it was not you, do nothing: without your word nothing is erased."
            ),
            button_label=_("To the last step"),
            button_url=ACTION,
        )
    return compile_letter(letter, message_class=TRANSACTIONAL, language=language, is_system=True)


def _confirmation() -> Letter:
    return Letter(
        subject=_("Please confirm: {{ topic.name }} from {{ business.name }}"),
        preheader=_("One tap and it is settled. Was it not you? Then do nothing."),
        body=_(
            "Hello {{ contact.first_name }},\n\n"
            "somebody, most likely you, asked {{ business.name }} for **{{ topic.name }}** at this address.\n\n"
            "{{ topic.promise }}\n\n"
            "Press the button to say yes. It works for 7 days. "
            "If it was not you, do nothing: without your yes nobody writes to you."
        ),
        button_label=_("Yes, write to me"),
        button_url=ACTION,
    )


def _receipt() -> Letter:
    return Letter(
        subject=_("Thank you. This is what comes: {{ topic.name }}"),
        preheader=_("What you said yes to, and how to stop."),
        body=_(
            "Hello {{ contact.first_name }},\n\n"
            "you said yes to **{{ topic.name }}** from {{ business.name }}. Thank you.\n\n{{ topic.promise }}\n\n"
            "{% if promise_how_often %}\n\n{{ promise_how_often }}\n\n{% endif %}\n\n"
            "{% if promise_no_abuse %}\n\n{{ promise_no_abuse }}\n\n{% endif %}\n\n"
            "{% if promise_how_to_leave %}\n\n{{ promise_how_to_leave }}\n\n{% endif %}\n\n"
            "To stop, use the link at the foot of this letter or of any other. One tap is enough."
        ),
    )

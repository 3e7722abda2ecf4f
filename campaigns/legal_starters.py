"""What a privacy notice and terms begin with, from the topics and channels that a business really has."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from campaigns.queries.mail_accounts import mail_page
from campaigns.queries.texts import has_text_account
from contacts.models import Topic
from contacts.queries.topics import open_topics
from ecosystem.legal_starters import LEGAL_STARTERS
from ecosystem.models import BusinessProfile, LegalText


def begin(kind: str, name: str, profile: BusinessProfile) -> Sequence[str]:
    """The sections of a text of that kind, whole sentences in plain words."""
    topics, has_texts = open_topics(), has_text_account()
    if kind == LegalText.Kind.TERMS:
        return [
            _("# What you get"),
            _promises(topics),
            *_text_terms(name, has_texts=has_texts),
            _("# How you leave"),
            _way_out(has_texts=has_texts),
            *_who(name, profile),
        ]
    return [
        *_who(name, profile),
        _("# What we keep, and why"),
        _(
            "- Your name and address, to write to you about what you said yes to.\n"
            "- The day, the page and the connection of each yes, to prove that you said it.\n"
            "- What we sent you and what became of it, so that we do not write too often.\n"
            "- What you tell us, and what we talked about."
        ),
        _promises(topics),
        _("# Who else sees it"),
        _carriers(has_texts=has_texts),
        _("# How long"),
        _(
            "As long as you want to hear from us. A yes that is not confirmed within 30 days is deleted. Whoever "
            "leaves is written to no more; to keep to that we keep a sealed mark of the address, "
            "from which it cannot be read."
        ),
        _("# What you can do"),
        _way_out(has_texts=has_texts)
        + " "
        + _("The link in each letter also gives you a copy of your data, and deletes it if you ask for that."),
    ]


def _who(name: str, profile: BusinessProfile) -> list[str]:
    lines = [line.strip() for line in profile.postal_address.splitlines() if line.strip()]
    address = [*lines, profile.phone, profile.reply_to_email or profile.sender_email]
    return [_("# Who we are"), "\n".join(line for line in (name, *address) if line)]


def _promises(topics: Sequence[Topic]) -> str:
    if not topics:
        return _("We write only about what you said yes to.")
    lines = "\n".join(f"- **{topic.name}**: {topic.promise}" for topic in topics)
    return _("We write only about what you said yes to:") + "\n\n" + lines


def _text_terms(name: str, *, has_texts: bool) -> list[str]:
    if not has_texts:
        return []
    words = _(
        "%(name)s sends recurring automated marketing messages to the number you gave, if you said yes to that. Msg & "
        "data rates may apply. Reply STOP to end, HELP for help. Consent is not a condition of purchase."
    )
    return [_("# Texts"), words % {"name": name}]


def _way_out(*, has_texts: bool) -> str:
    words = _("Every letter has a link that stops it at once, and one that shows what you agreed to.")
    return f"{words} {_('Answer a text with STOP and no more come.')}" if has_texts else words


def _carriers(*, has_texts: bool) -> str:
    used = mail_page().used
    carrier = str(used.get_provider_display()) if used else _("the provider of our mail")
    words = _("Letters go out through %(carrier)s, which sees your address for that.") % {"carrier": carrier}
    more = _("Texts go out through a telephone provider, which sees your number for that.")
    sold = _("Nobody else: we sell and lend no address.")
    return " ".join([words, more, sold] if has_texts else [words, sold])


LEGAL_STARTERS.add("campaigns", begin)

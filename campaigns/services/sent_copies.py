"""The words of a letter or text that somebody was sent, without anything that counts or tells."""

from campaigns.models import Message
from campaigns.queries.texts import text_settings
from campaigns.rendering.liquid import RenderTooLarge
from campaigns.rendering.plan import RenderPlan
from campaigns.rendering.preview import render_preview
from campaigns.rendering.texts import TextVoice, compile_text, finish_text, print_text
from campaigns.services.rendering import sender_identity
from contacts.models import Channel
from ecosystem.base.errors import Invalid
from ecosystem.queries.businesses import get_profile


def words_of(message: Message) -> str:
    """What a message said, as plain text with links that lead straight to their targets; empty where it is not kept."""
    version = message.content_version
    if version is None:
        return ""
    profile = get_profile()
    topics = [message.topic] if message.topic is not None else []
    constants = sender_identity(profile, topics=topics).values()
    merge = {name: value for name, value in message.merge.items() if isinstance(value, str)}
    try:
        if message.channel != Channel.SMS:
            return render_preview(RenderPlan.from_json(version.plan), constants, merge).text.strip()
        parts = compile_text(version.text_body, profile.language)
        voice = TextVoice(brand=text_settings().brand or constants["business.name"], language=profile.language)
        return finish_text(print_text(parts, constants, merge), voice)
    except (RenderTooLarge, Invalid):
        return ""

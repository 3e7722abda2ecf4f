"""Publishing what a business promises about data, and its terms."""

from django.utils.translation import gettext as _

from ecosystem.base.errors import Conflict, Invalid
from ecosystem.base.rich_text import page_html
from ecosystem.models import BusinessProfile, LegalText, Membership
from ecosystem.queries.legal_texts import find_legal_text
from ecosystem.services.audit import record_act


def publish_legal_text(kind: str, body: str, *, after: int, actor: Membership) -> LegalText:
    """Publish a new version of a text; the versions before it stay to be read. The same words make no new version.

    `after` is the number that was shown while it was written: Conflict, code `stale`, where a later one came meanwhile.
    Invalid for a text without words.
    """
    body = body.replace("\r\n", "\n").strip()
    if not page_html(body).strip():
        raise Invalid("text_missing", _("Write something: the text is still empty."), "body")
    profile = BusinessProfile.objects.select_for_update().get()
    newest = find_legal_text(kind)
    number = newest.number if newest else 0
    if number != after:
        raise Conflict("stale", _("Somebody else published meanwhile. Publish once more to put yours after it."))
    if newest is not None and newest.body == body:
        return newest
    text = LegalText.objects.create(kind=kind, number=number + 1, body=body)
    setattr(profile, f"{LegalText.Kind(kind).value}_number", text.number)
    profile.save(update_fields=["privacy_number", "terms_number", "updated_at"])
    record_act(f"{LegalText.Kind(kind).value}_published", actor=actor, subject=text, number=text.number)
    return text

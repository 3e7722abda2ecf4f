"""The privacy notice and the terms of a business: the newest, each older one, and a text to begin with."""

from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from ecosystem.base.errors import NotFound
from ecosystem.legal_starters import LEGAL_STARTERS
from ecosystem.models import Business, BusinessProfile, LegalText

Kind = LegalText.Kind


def find_legal_text(kind: str) -> LegalText | None:
    """The newest version; None before the first one."""
    return LegalText.objects.filter(kind=kind).order_by("-number").first()


def get_legal_text(kind: str, number: int) -> LegalText:
    """One version of a text; NotFound where there is none."""
    found = LegalText.objects.filter(kind=kind, number=number).order_by("number").first() if number < 2**31 else None
    if found is None:
        raise NotFound("legal_text_unknown", _("There is no such version."))
    return found


def starter_text(kind: str, business: Business, profile: BusinessProfile) -> str:
    """A text to begin with, made of what the business really does; whoever publishes it answers for it."""
    with translation.override(profile.language):
        sections = [section for ask in LEGAL_STARTERS for section in ask(kind, business.name, profile)]
    return "\n\n".join(sections) + "\n"


def shown_with_a_yes(profile: BusinessProfile) -> str:
    """Which versions stand beside a box that somebody ticks, as it is kept with the yes; empty where there is none."""
    with translation.override(profile.language):
        shown = [
            (Kind.PRIVACY, profile.privacy_number),
            (Kind.TERMS, profile.terms_number),
        ]
        return "\n".join(
            _("%(text)s: version %(number)s") % {"text": kind.label, "number": number}
            for kind, number in shown
            if number
        )


def legal_url(slug: str, kind: str, number: int) -> str:
    """The whole address of a text for letters; empty while none is published."""
    return urljoin(settings.PUBLIC_URL, reverse(f"ecosystem:public_{kind}", args=[slug])) if number else ""

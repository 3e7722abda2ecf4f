"""Who a business is in texts, whether it can send any, and what came in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from campaigns.gateways.sms_address import read_sms_url
from campaigns.models import IncomingText, Message, QueuedMessage, TextSender
from campaigns.queries.accounts import account_for
from campaigns.rendering.texts import TextVoice
from contacts.models import Channel, Contact, ContactPoint, Topic
from ecosystem.base.addresses import address_hashes
from ecosystem.base.errors import NotFound
from ecosystem.base.keyset import Page, keyset_page
from ecosystem.base.links import TEXTS, sign_link
from ecosystem.base.tenancy import current_business_id
from ecosystem.models import Business, BusinessProfile, LegalText
from ecosystem.queries.legal_texts import legal_url, shown_with_a_yes

ORDER = ("-id",)
# Nobody reads a text and answers it so soon.
TOO_SOON = timedelta(seconds=5)
SAME_WORDS_WITHIN = timedelta(days=1)


@dataclass(frozen=True)
class TextSettings:
    """Everything that a business's texts are spoken with."""

    sender: TextSender
    brand: str
    help_line: str
    language: str
    country: str
    terms_url: str
    privacy_url: str
    # The versions of the business's own texts that stand beside a box, as they are kept with a yes.
    shown_versions: str

    def voice(self, topic: Topic | None = None, *, promise: str = "") -> TextVoice:
        """Who speaks, and for which topic."""
        return TextVoice(self.brand, promise or (topic.promise if topic else ""), self.help_line, self.language)

    @property
    def number(self) -> str:
        """From which number texts come: their own, or the account's."""
        url = account_for(Channel.SMS).url
        return self.sender.number or (read_sms_url(url).number if url else "")

    @property
    def may_offer_boxes(self) -> bool:
        """Whether everything that must stand beside a box for texts is known."""
        return bool(self.terms_url and self.privacy_url)


def text_settings(profile: BusinessProfile | None = None) -> TextSettings:
    """How the current business speaks in texts; its profile is read unless it was before.

    Its own links to terms and privacy go before what it published here.
    """
    profile = profile or BusinessProfile.objects.get()
    business = Business.objects.only("name", "slug").get(pk=current_business_id())
    name = business.name
    sender = TextSender.objects.first() or TextSender()
    return TextSettings(
        sender=sender,
        brand=sender.brand or name,
        help_line=sender.help_line or profile.reply_to_email or profile.sender_email or name,
        language=profile.language,
        country=profile.country,
        terms_url=sender.terms_url or legal_url(business.slug, LegalText.Kind.TERMS, profile.terms_number),
        privacy_url=sender.privacy_url or legal_url(business.slug, LegalText.Kind.PRIVACY, profile.privacy_number),
        shown_versions=shown_with_a_yes(profile),
    )


def has_text_account() -> bool:
    """Whether there is a provider that could carry a text."""
    return bool(account_for(Channel.SMS).url)


def reply_url(business_id: int) -> str:
    """Where a provider reports and brings answers to, always the same for a business."""
    token = sign_link(TEXTS, business_id, b"texts", issued_at=0)
    return f"{settings.PUBLIC_URL.rstrip('/')}/t/{token}"


def people_with_number(number: str) -> list[Contact]:
    """Everybody whose number this is: a couple may share one."""
    points = ContactPoint.objects.filter(kind=ContactPoint.Kind.PHONE, value_norm=number, contact__isnull=False)
    people = Contact.objects.filter(id__in=points.values("contact"), deleted_at__isnull=True)
    return list(people.order_by("id"))


def incoming_page(*, cursor: str | None = None, limit: int = 30) -> Page[IncomingText]:
    """What came in, the newest first."""
    return keyset_page(IncomingText.objects.select_related("contact"), ORDER, cursor, limit)


def get_incoming(text_id: UUID) -> IncomingText:
    """A text that came in; NotFound for anybody else's."""
    text = IncomingText.objects.select_related("contact").filter(id=text_id).first()
    if text is None:
        raise NotFound("text_not_found", _("There is no such text."))
    return text


def is_automatic(text: IncomingText) -> bool:
    """Whether a text looks like a machine's: back within seconds of ours, or word for word what came within a day."""
    hashes = address_hashes(Channel.SMS, text.number)
    since = text.received_at - TOO_SOON
    ours = Message.objects.filter(channel=Channel.SMS, address_hash__in=hashes)
    just_sent = QueuedMessage.objects.filter(handed_at__gt=since, id__in=ours.values("id"))
    if ours.filter(accepted_at__gt=since).exists() or just_sent.exists():
        return True
    if text.contact_id is None:
        return False
    before = IncomingText.objects.filter(contact=text.contact_id, received_at__gt=text.received_at - SAME_WORDS_WITHIN)
    return before.filter(body=text.body).exclude(id=text.id).exists()


def undecided(before: datetime | None = None) -> QuerySet[IncomingText]:
    """Texts that may have meant stop and that nobody has decided about, the oldest first."""
    open_ones = IncomingText.objects.filter(meaning=IncomingText.Meaning.MAYBE_STOP, settled_at__isnull=True)
    if before is not None:
        open_ones = open_ones.filter(received_at__lte=before)
    return open_ones.order_by("received_at", "id")

"""From which address letters come: the business's own where DNS proves its domain, otherwise the shared one."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.gateways.dns import dkim_name, dmarc_name, owner_name, owner_text
from campaigns.models import SenderDomain
from ecosystem.models import BusinessProfile

# What the SPF record of a domain has to let in, by the provider that sends for it.
_INCLUDES = {
    "ses": "amazonses.com",
    "postmark": "spf.mtasv.net",
    "mailgun": "mailgun.org",
    "brevo": "spf.brevo.com",
    "resend": "amazonses.com",
}
# Under which name providers mostly keep their key; the others name one of their own for each account.
SELECTORS = {"mailgun": "mx", "brevo": "mail", "resend": "resend"}

# Whether the domain of an address is proved just now: for statements that know the profile as `profile`.
IS_PROVED_SQL = """EXISTS (
        SELECT FROM campaigns_senderdomain AS proved
         WHERE proved.business_id = %(business_id)s AND proved.good_until > clock_timestamp()
           AND proved.domain = lower(split_part(profile.sender_email, '@', 2)))"""


@dataclass(frozen=True)
class DnsRecord:
    """One record to write down at whoever keeps the domain; `state` is yes, no, unknown or empty before a look."""

    key: str
    title: str | Promise
    why: str | Promise
    name: str
    text: str
    state: str = ""
    is_needed: bool = False


def shared_address() -> str:
    """The address that letters come from where no domain is proved."""
    return settings.DEFAULT_FROM_EMAIL.rpartition("<")[2].rstrip("> ")


def domain_of(profile: BusinessProfile) -> str:
    """The domain of the address that the business wants its letters to come from; empty where it names none."""
    return profile.sender_email.rpartition("@")[2].lower()


def find_domain(domain: str) -> SenderDomain | None:
    """What is known of a domain of the current business."""
    return SenderDomain.objects.filter(domain=domain).first() if domain else None


def include_for(provider: str) -> str:
    """What SPF has to let in for a provider; empty where only the owner of the mail server knows."""
    if provider == "smtp":
        return ""
    return _INCLUDES.get(provider) or shared_address().rpartition("@")[2]


def records_of(kept: SenderDomain, *, provider: str) -> list[DnsRecord]:
    """The records of a domain, those that are needed first."""
    include, selector = include_for(provider), kept.selector or _("name")
    sends = f"include:{include} " if include else "include:… "
    return [
        DnsRecord(
            "owner",
            _("That the domain is yours"),
            _("Needed. Nobody else can then write in your name here."),
            owner_name(kept.domain),
            owner_text(kept.token),
            kept.found.get("owner", ""),
            is_needed=True,
        ),
        DnsRecord(
            "spf",
            _("Who may send for it (SPF)"),
            _("This or the next is needed. If you have such a record already, add the part in the middle to it."),
            kept.domain,
            f"v=spf1 {sends}~all",
            kept.found.get("spf", ""),
        ),
        DnsRecord(
            "dkim",
            _("The key of your signatures (DKIM)"),
            _("Your provider shows its name and its value. Write down its name below."),
            dkim_name(kept.domain, str(selector)),
            "v=DKIM1; k=rsa; p=…",
            kept.found.get("dkim", ""),
        ),
        DnsRecord(
            "dmarc",
            _("What others do with fakes (DMARC)"),
            _("Needed together with both of the above to send more than 5,000 letters a day."),
            dmarc_name(kept.domain),
            "v=DMARC1; p=none",
            kept.found.get("dmarc", ""),
        ),
    ]

"""How the settings about writing stand, read together for the index of the settings."""

from dataclasses import dataclass

from campaigns.models import ProviderAccount
from campaigns.queries.accounts import OWN
from campaigns.queries.sender_domains import domain_of
from contacts.models import Channel
from ecosystem.base.sql import rows
from ecosystem.models import BusinessProfile

_FACTS = """
SELECT (SELECT account.provider FROM campaigns_provideraccount AS account
         WHERE account.business_id = %(business_id)s AND account.channel = %(email)s AND account.carries
         LIMIT 1) AS provider,
       EXISTS (SELECT FROM campaigns_accountsuspension AS suspended
                WHERE suspended.account_key = (SELECT %(own)s || account.id FROM campaigns_provideraccount AS account
                                                WHERE account.business_id = %(business_id)s
                                                  AND account.channel = %(email)s AND account.carries
                                                LIMIT 1)) AS is_suspended,
       EXISTS (SELECT FROM campaigns_senderdomain AS domain
                WHERE domain.business_id = %(business_id)s AND domain.domain = %(domain)s
                  AND domain.good_until > clock_timestamp()) AS is_proved,
       (%(has_terms)s OR EXISTS (SELECT FROM campaigns_textsender AS sender
                WHERE sender.business_id = %(business_id)s AND sender.terms_url <> ''))
       AND (%(has_privacy)s OR EXISTS (SELECT FROM campaigns_textsender AS sender
                WHERE sender.business_id = %(business_id)s AND sender.privacy_url <> '')) AS texts_are_ready,
       (SELECT count(*) FROM campaigns_channelrule AS rule WHERE rule.business_id = %(business_id)s) AS own_rules,
       (SELECT count(*)
          FROM (SELECT FROM campaigns_signupform AS form
                 WHERE form.business_id = %(business_id)s
                   AND form.published_at IS NOT NULL AND form.archived_at IS NULL
                 LIMIT 100) AS open) AS open_pages"""


@dataclass(frozen=True)
class WritingFacts:
    """How a business's letters and texts leave, as far as the index says it."""

    provider: str
    is_suspended: bool
    domain: str
    is_proved: bool
    texts_are_ready: bool
    own_rules: int
    open_pages: int


def writing_facts(profile: BusinessProfile) -> WritingFacts:
    """All of it in one statement."""
    domain = domain_of(profile)
    published = {"has_terms": bool(profile.terms_number), "has_privacy": bool(profile.privacy_number)}
    (row,) = rows(_FACTS, {"email": Channel.EMAIL, "own": f"{OWN}:", "domain": domain, **published})
    provider = ProviderAccount.Provider(row["provider"]).label if row["provider"] else ""
    return WritingFacts(**{**row, "provider": str(provider), "domain": domain})

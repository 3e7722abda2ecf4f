"""The doors of the product through which providers tell what became of letters and texts, and who may knock."""

import os
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, urlsplit

from django.db import connections

from campaigns.models import ProviderAccount
from campaigns.services.accounts import add_account, events_url
from ecosystem.base.sealing import seal
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Business, BusinessProfile
from tests.factories.mail import connect_provider
from tests.rig.plans import Plan
from tests.rig.receivers import BY_SMTP
from tests.simulator.webhooks import write_doors
from tests.sms_server import SECRET as TEXT_SECRET
from tests.web import web

# What each proves itself by. Letters by SMTP are told of as Mailgun does, which names them by their Message-ID.
BY_SMTP_TELLS = "mailgun"
SECRETS = {
    "mailgun": "zz-canary-signing-key",
    "postmark": "letters:zz-canary-password",
    "resend": "whsec_enotY2FuYXJ5LW9mLXJlc2VuZA==",
}


def connect(plan: Plan, businesses: list[Business], running: ExitStack, folder: Path) -> None:
    """Give the businesses the provider of a plan, and open the product's own doors where something is told."""
    doors = {}
    for business in businesses:
        with business_scope(business):
            carries = plan.provider not in BY_SMTP
            account = connect_provider(plan.provider) if carries else None
            if plan.told:
                sender = BusinessProfile.objects.get().sender_email
                doors[sender] = _door(account, plan.provider if carries else BY_SMTP_TELLS)
    if plan.told:
        texts = f"sms+http://acc:{quote(TEXT_SECRET)}@127.0.0.1:9/texts?from=+12025550100"
        base = running.enter_context(web(DATABASE_URL=database_url("DATABASE_URL"), SMS_URL=texts))
        write_doors(folder, base, doors, TEXT_SECRET)


def database_url(name: str) -> str:
    """The database of this run, as one of the roles in the environment."""
    database = str(connections["default"].settings_dict["NAME"])
    return urlsplit(os.environ[name])._replace(path=f"/{database}").geturl()


def _door(account: ProviderAccount | None, provider: str) -> tuple[str, str, str]:
    """The provider of a business, the path where it tells, and its proof."""
    if account is None:
        account = add_account(provider=provider, name=provider.title(), secret=SECRETS[provider])
    else:
        account.sealed_secret = seal(SECRETS[provider].encode())
        account.save(update_fields=["sealed_secret"])
    return provider, urlsplit(events_url(account)).path, SECRETS[provider]

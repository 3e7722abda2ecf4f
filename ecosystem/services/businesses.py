"""Setting up a business and saying what it is."""

import secrets
from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Role
from ecosystem.base.addresses import fold, normalise_email
from ecosystem.base.errors import Conflict, Invalid
from ecosystem.base.events import publish
from ecosystem.base.tenancy import business_scope
from ecosystem.events import BusinessCreated, MembershipCreated
from ecosystem.models import Business, BusinessProfile, Kind, Membership, User
from ecosystem.queries.businesses import current_business, get_profile, taken_slugs
from ecosystem.services.audit import record_act
from ecosystem.services.kinds import make_kind_settings
from ecosystem.trades import trade_of

SLUG_LENGTH = 50
STEP_MESSAGE, STEP_SENDER, STEP_PEOPLE, STEP_DONE = 2, 3, 4, 5


def create_business(
    *,
    owner: User,
    name: str,
    trade: str,
    town: str = "",
    country: str = "US",
    timezone: str = "America/New_York",
    language: str = "en",
    currency: str = "USD",
    known_kinds: Iterable[str] = (),
) -> Business:
    """Set up a business with its owner, its profile and its eight kinds, in one transaction.

    Publishes BusinessCreated and MembershipCreated within the new business.
    """
    with transaction.atomic():
        business = _claim_slug(name.strip(), town)
        with business_scope(business, owner):
            BusinessProfile.objects.create(
                trade=trade,
                town=town,
                country=country,
                timezone=timezone,
                language=language,
                currency=currency,
                mark_icon=trade_of(trade).icon,
                sender_name=business.name[:80],
                known_kinds=_kinds_in_order(known_kinds),
                setup_step=STEP_MESSAGE,
            )
            make_kind_settings(trade)
            membership = Membership.objects.create(user=owner, role=Role.OWNER)
            record_act("business_created", actor=membership, subject=business)
            publish(BusinessCreated(business.pk, owner.pk, business.name, trade))
            publish(MembershipCreated(business.pk, membership.pk, owner.pk, owner.name, owner.email))
    return business


def describe_business(*, name: str, trade: str, known_kinds: Iterable[str], actor: Membership) -> BusinessProfile:
    """Say anew what the business is called, what it does and whom it knows already."""
    profile = get_profile()
    if profile.trade != trade:
        profile.mark_icon = trade_of(trade).icon
    profile.trade = trade
    profile.known_kinds = _kinds_in_order(known_kinds)
    profile.save()
    rename_business(name, actor=actor)
    return profile


def rename_business(name: str, *, actor: Membership) -> Business:
    """Give the business another name. Its address on our pages stays as it was."""
    business = current_business()
    name = name.strip()
    if not name:
        raise Invalid("name_missing", _("What is your business called?"), "name")
    if name != business.name:
        business.name = name
        business.save(update_fields=["name"])
        record_act("business_renamed", actor=actor, subject=business)
    return business


def set_core_message(text: str, *, actor: Membership) -> BusinessProfile:
    """Keep the one sentence that says what is unique about the business."""
    profile = get_profile()
    profile.core_message = " ".join(text.split())
    return _save_step(profile, STEP_SENDER, "core_message_changed", actor)


def set_sender(
    *, sender_name: str, sender_email: str, postal_address: str, town: str, actor: Membership
) -> BusinessProfile:
    """Keep who letters come from. Answers go to the same address unless the profile says otherwise."""
    profile = get_profile()
    email = normalise_email(sender_email) if sender_email else ""
    if profile.reply_to_email in ("", profile.sender_email):
        profile.reply_to_email = email
    profile.sender_name = sender_name.strip()
    profile.sender_email = email
    profile.postal_address = postal_address.strip()
    profile.town = town.strip()
    return _save_step(profile, STEP_PEOPLE, "sender_changed", actor)


def finish_setup(*, actor: Membership) -> BusinessProfile:
    """The four steps are done; doing it twice changes nothing."""
    profile = get_profile()
    if profile.setup_is_complete:
        return profile
    return _save_step(profile, STEP_DONE, "setup_finished", actor)


def change_profile(changed: BusinessProfile, *, name: str, version: int, actor: Membership) -> BusinessProfile:
    """Keep an edited profile, unless somebody else saved it since it was shown.

    Raises Conflict, code `stale`, and keeps what is there.
    """
    found = BusinessProfile.objects.select_for_update().get()
    if found.version != version:
        raise Conflict("stale", _("Somebody else changed this meanwhile. Here is how it is now; please look again."))
    changed.version = version + 1
    changed.save()
    rename_business(name, actor=actor)
    record_act("profile_changed", actor=actor, subject=changed)
    return changed


def _save_step(profile: BusinessProfile, step: int, act: str, actor: Membership) -> BusinessProfile:
    profile.setup_step = max(profile.setup_step, step)
    profile.version += 1
    profile.save()
    record_act(act, actor=actor, subject=profile)
    return profile


def _kinds_in_order(kinds: Iterable[str]) -> list[str]:
    chosen = set(kinds)
    return [kind.value for kind in Kind if kind.value in chosen]


def _claim_slug(name: str, town: str) -> Business:
    """Make the business under the first short name that is free, also when two ask at the same moment."""
    wanted = _slugs(name, town)
    taken = taken_slugs(wanted)
    for slug in [slug for slug in wanted if slug not in taken]:
        try:
            with transaction.atomic():
                return Business.objects.create(slug=slug, name=name)
        except IntegrityError:
            continue
    return Business.objects.create(slug=f"{wanted[0][:SLUG_LENGTH]}-{secrets.token_hex(4)}", name=name)


def _slugs(name: str, town: str) -> list[str]:
    """Short names that read well, best first: the name, the name with its town, the name with a number."""
    base = slugify(fold(name))[:SLUG_LENGTH].strip("-") or "business"
    with_town = slugify(f"{base} {fold(town)}")[: SLUG_LENGTH + 5].strip("-")
    numbered = [f"{base}-{number}" for number in range(2, 10)]
    return list(dict.fromkeys([base, with_town, *numbered]))

"""What businesses do, and the words and pictures that each trade starts with. Everything can be changed later."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ecosystem.models import Kind


@dataclass(frozen=True)
class KindStart:
    """How a kind is named, explained and fed until the business says otherwise."""

    label: str | Promise
    plural: str | Promise
    definition: str | Promise
    cadence_days: int
    is_on: bool = True


@dataclass(frozen=True)
class Trade:
    """One trade: its name and icon, its words where they differ, an example of a core message."""

    key: str
    label: str | Promise
    icon: str
    example: str | Promise
    words: Mapping[Kind, tuple[str | Promise, str | Promise]] = field(default_factory=dict)


KIND_STARTS: dict[Kind, KindStart] = {
    Kind.SUSPECT: KindStart(_("Suspect"), _("Suspects"), _("Might need you, no contact"), 180),
    Kind.ONLINE_USER: KindStart(
        _("Online user"), _("Online users"), _("Uses you online, no name yet"), 30, is_on=False
    ),
    Kind.PROSPECT: KindStart(_("Prospect"), _("Prospects"), _("Asked, not bought yet"), 30),
    Kind.CLIENT: KindStart(_("Client"), _("Clients"), _("Bought at least once"), 60),
    Kind.ADVOCATE: KindStart(_("Advocate"), _("Advocates"), _("Buy often and tell others"), 45),
    Kind.ASSOCIATE: KindStart(_("Associate"), _("Associates"), _("Your staff"), 14),
    Kind.VENDOR: KindStart(_("Vendor"), _("Vendors"), _("You buy from them"), 90),
    Kind.PARTNER: KindStart(_("Partner"), _("Partners"), _("Share clients with you"), 30),
}

# The rungs that a ladder cannot do without.
ALWAYS_ON = frozenset({Kind.SUSPECT, Kind.PROSPECT, Kind.CLIENT, Kind.ADVOCATE})

_ALL = (
    Trade("food", _("Food"), "croissant", _("Bread that is baked while you sleep, from grain you can visit.")),
    Trade(
        "gym",
        _("Gym"),
        "dumbbell",
        _("The gym where the trainer knows your name and your bad knee."),
        {Kind.CLIENT: (_("Member"), _("Members"))},
    ),
    Trade("advice", _("Advice"), "briefcase", _("Tax advice in plain words, with an answer within one day.")),
    Trade(
        "shop",
        _("Shop"),
        "store",
        _("Tools that last, and somebody who shows you how to use them."),
        {Kind.CLIENT: (_("Customer"), _("Customers")), Kind.VENDOR: (_("Supplier"), _("Suppliers"))},
    ),
    Trade("craft", _("Craft"), "wrench", _("We come when we said we would, and clean up after ourselves.")),
    Trade("other", _("Something else"), "leaf", _("One sentence that only you could say.")),
)
TRADES: dict[str, Trade] = {trade.key: trade for trade in _ALL}


def trade_of(key: str) -> Trade:
    """The trade of that key; what we do not know starts as "something else"."""
    return TRADES.get(key, TRADES["other"])

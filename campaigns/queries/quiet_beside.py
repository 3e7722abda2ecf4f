"""The hours at which letters do not go, as a sequence's page says them."""

from django.db.models import Model, Subquery
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from campaigns.models import ChannelRule
from campaigns.queries.own_hours import minute_words
from contacts.models import Channel


def quiet_rule() -> Subquery:
    """The hours that the business keeps for letters, as a value beside something else: no statement more."""
    hours = JSONObject(opens="opens_minute", closes="closes_minute", at_weekends="at_weekends")
    return Subquery(ChannelRule.objects.filter(channel=Channel.EMAIL).order_by().values(hours=hours)[:1])


def quiet_beside(row: Model | None) -> str:
    """What a row tells beside which the hours were put as `quiet_rule`; nothing where every hour is open."""
    rule = getattr(row, "quiet_rule", None)
    if rule is None or (rule["opens"] in (None, 0) and rule["closes"] in (None, 1440)):
        return "" if rule is None or rule["at_weekends"] else _("Quiet at weekends")
    hours = {"begin": minute_words(rule["closes"]), "end": minute_words(rule["opens"])}
    if rule["at_weekends"]:
        return _("Quiet %(begin)s to %(end)s") % hours
    return _("Quiet %(begin)s to %(end)s and at weekends") % hours

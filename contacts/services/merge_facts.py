"""The facts that are kept of a person, counted anew from every line of theirs: whose lines are whose has changed."""

from django.db.models import Count, Max, Q, Sum

from contacts.models import FEEDING_KINDS, Contact, ContactStats, Interaction
from contacts.queries.merged import lines_of
from contacts.services.interactions import SILENT_KINDS

_FED, _CLICK, _BOUGHT = Q(kind__in=FEEDING_KINDS), Q(kind="content_clicked"), Q(kind="purchase")


def recount_facts(contact: Contact) -> None:
    """Keep of a person what their lines say, those of the records that were made one with them among them."""
    told = Interaction.objects.filter(lines_of(contact)).exclude(kind__in=SILENT_KINDS).aggregate(
        interactions_count=Count("id"),
        last_touch_at=Max("occurred_at"),
        last_fed_at=Max("occurred_at", filter=_FED),
        last_inbound_at=Max("occurred_at", filter=Q(direction="in")),
        last_click_at=Max("occurred_at", filter=_CLICK),
        clicks_count=Count("id", filter=_CLICK),
        last_purchase_at=Max("occurred_at", filter=_BOUGHT),
        purchases_count=Count("id", filter=_BOUGHT),
        purchases_minor=Sum("value_minor", filter=_BOUGHT, default=0),
    )  # fmt: skip
    ContactStats.objects.filter(contact=contact).delete()
    if told["interactions_count"]:
        ContactStats.objects.create(contact=contact, **told)
    kept = {"last_touch_at": told["last_touch_at"]}
    if told["last_fed_at"] is not None:
        kept["fed_at"] = told["last_fed_at"]
    Contact.objects.filter(pk=contact.pk).update(**kept)

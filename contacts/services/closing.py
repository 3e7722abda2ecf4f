"""What becomes of the stops of a business that is deleted."""

from contacts.models import KeptStop, Suppression
from ecosystem.closing import FAREWELLS


def keep_stops(business_id: int, using: str) -> None:
    """Keep who must not be written to, by keyed hash: their stop outlives the business that was told it."""
    stops = Suppression.objects.using(using).filter(lifted_at__isnull=True).order_by("created_at")
    found = stops.values_list("channel", "address_hash", "reason")
    kept = [
        KeptStop(former_business_id=business_id, channel=channel, address_hash=address_hash, reason=reason)
        for channel, address_hash, reason in found.iterator(chunk_size=5_000)
    ]
    KeptStop.objects.using(using).bulk_create(kept, ignore_conflicts=True, batch_size=5_000)


FAREWELLS.add("stops", keep_stops)

"""What Today points out: how many things of each kind nobody has taken note of."""

from django.db import transaction

from ecosystem.attention import ATTENTION
from ecosystem.models import BusinessProfile


@transaction.atomic
def point_out(key: str, number: int) -> None:
    """Have Today say that there are so many things of a kind; none at all takes the notice away."""
    ATTENTION.get(key)
    profile = BusinessProfile.objects.select_for_update().only("attention").get()
    others = {name: count for name, count in profile.attention.items() if name != key}
    profile.attention = {**others, key: number} if number else others
    profile.save(update_fields=["attention"])

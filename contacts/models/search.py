"""The words by which people and organizations are found, kept by the database while what they come from changes."""

from django.db import models

from ecosystem.base.fields import BusinessField
from ecosystem.base.tenancy import TenantManager


class SearchToken(models.Model):
    """A word of a name, a part of an email address, or `#` and the digits of a phone number from the last one on.

    Folded, compared by its beginning. Whoever is deleted has none. Triggers alone write them (see migration 0020), a
    handful for each person: so a row is its own key and has no second index, and the words to take away are cut again
    from what stood there before.
    """

    class Place(models.IntegerChoices):
        """Whose word it is, and where it stands."""

        NAME = 1
        ADDRESS = 2
        FIRM_NAME = 3
        FIRM_ADDRESS = 4

    pk = models.CompositePrimaryKey("business_id", "place", "token", "holder_id")
    business_id = BusinessField(proven_by="search_* of contacts_contact, contacts_organization, contacts_contactpoint")
    place = models.SmallIntegerField(choices=Place.choices)
    token = models.CharField(max_length=64, db_collation="C")
    holder_id = models.UUIDField(help_text="the person or the organization")

    objects = TenantManager()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.token

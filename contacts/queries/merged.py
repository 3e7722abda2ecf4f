"""Reading a person whose records were made one: their lines stand under more than one id."""

from django.db.models import Q

from contacts.models import Contact


def lines_of(contact: Contact) -> Q:
    """The rows of a ledger that tell of a person, whichever record they were written for."""
    ids = contact.all_ids
    return Q(contact_id__in=ids) if len(ids) > 1 else Q(contact=contact)

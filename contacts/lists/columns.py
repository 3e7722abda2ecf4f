"""What the columns of a list mean, guessed from their names and checked."""

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.lists.programs import find_program, mapping_of
from ecosystem.base.addresses import fold
from ecosystem.base.errors import Invalid

IGNORE = ""
COLUMN_MEANINGS = {
    "given_name": gettext_lazy("First name"),
    "family_name": gettext_lazy("Last name"),
    "full_name": gettext_lazy("Whole name"),
    "email": gettext_lazy("Email"),
    "phone": gettext_lazy("Phone"),
    "postal": gettext_lazy("Postal address"),
    "street": gettext_lazy("Street"),
    "street_more": gettext_lazy("Street, second line"),
    "city": gettext_lazy("Town"),
    "region": gettext_lazy("State or region"),
    "postcode": gettext_lazy("Postcode"),
    "country": gettext_lazy("Country"),
    "organization": gettext_lazy("Firm"),
    "tags": gettext_lazy("Tags"),
    "stage": gettext_lazy("Rung of the ladder"),
    "yes": gettext_lazy("Said yes to email"),
    "yes_date": gettext_lazy("When they said yes"),
}
_KNOWN_NAMES = {
    "given_name": ("first name", "firstname", "given name", "vorname", "prenom", "nombre", "first"),
    "family_name": ("last name", "lastname", "surname", "family name", "nachname", "nom", "apellido", "last"),
    "full_name": (
        "name",
        "full name",
        "fullname",
        "contact",
        "contact name",
        "display name",
        "customer",
        "customer name",
    ),
    "email": ("email", "e-mail", "email address", "e-mail address", "mail", "e-mail 1 - value", "email 1"),
    "phone": ("phone", "phone number", "mobile", "mobile phone", "cell", "telephone", "tel", "phone 1 - value"),
    "postal": ("address", "postal address", "mailing address", "full address", "home address", "anschrift", "adresse"),
    "street": ("street", "street address", "street 1", "address line 1", "address 1", "street address 1", "strasse"),
    "street_more": ("street 2", "address line 2", "address 2", "street address 2"),
    "city": ("city", "town", "ort", "stadt", "ville", "ciudad"),
    "region": ("state", "province", "region", "county", "state/region", "state/province"),
    "postcode": ("zip", "zip code", "zipcode", "postcode", "postal code", "post code", "plz", "code postal"),
    "country": ("country", "country/region", "land", "pays"),
    "organization": ("company", "organization", "organisation", "firm", "business", "organization name"),
    "tags": ("tags", "tag", "labels", "groups", "group membership"),
    "stage": ("stage", "kind", "status", "lead status"),
    "yes": (
        "newsletter",
        "newsletter yes",
        "opt in",
        "opt-in",
        "optin",
        "email consent",
        "accepts marketing",
        "subscribed",
    ),
    "yes_date": ("opt-in date", "optin_time", "consent date", "opt-in time", "subscribed at", "confirm_time"),
}
_MAILBOX = re.compile(r"\S@\S+\.\w")
_MEANING_OF = {name: meaning for meaning, names in _KNOWN_NAMES.items() for name in names}


def guess_mapping(header: list[str], sample: Sequence[Sequence[str]] = ()) -> dict[str, str]:
    """For each column's index (as text) what it means; each meaning at most once, others are left out.

    Lists of programs that are known are read as those write them.
    """
    program = find_program(header)
    if program is not None:
        return mapping_of(program, header, sample)
    mapping: dict[str, str] = {}
    for index, name in enumerate(header):
        meaning = _MEANING_OF.get(" ".join(fold(name).replace("_", " ").split()), _MEANING_OF.get(fold(name).strip()))
        if meaning == "postal" and any(index < len(row) and _MAILBOX.search(row[index]) for row in sample):
            continue  # an address, but not one to send post to
        if meaning and meaning not in mapping.values():
            mapping[str(index)] = meaning
    return mapping


def check_mapping(mapping: dict[str, str], *, columns: int) -> dict[str, str]:
    """The mapping without ignored columns.

    Raises Invalid when a meaning stands twice, a column does not exist, or nothing names a person.
    """
    kept = {index: meaning for index, meaning in mapping.items() if meaning}
    for index, meaning in kept.items():
        if meaning not in COLUMN_MEANINGS or not index.isdigit() or int(index) >= columns:
            raise Invalid("mapping_unknown", _("One column was matched with something we do not know."))
    for meaning in kept.values():
        if list(kept.values()).count(meaning) > 1:
            sentence = _("Two columns are matched with “%(meaning)s”. Choose the one that counts.")
            raise Invalid("mapping_twice", sentence % {"meaning": COLUMN_MEANINGS[meaning]})
    if not {"email", "phone", "full_name", "given_name", "family_name"} & set(kept.values()):
        raise Invalid("mapping_nobody", _("Match at least one column with a name, an email or a phone."))
    return kept

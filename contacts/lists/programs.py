"""Lists that other programs write, known by their first line: what their columns mean, and where their yes was said."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from ecosystem.base.addresses import fold


@dataclass(frozen=True)
class Program:
    """A program that saves lists.

    It is known where all of `marks` stand in the first line. `columns` gives for each meaning its columns, the best one
    first: that one counts in which the first rows have a value. `addresses` gives the postal ones, each part with its
    columns: one of them is taken whole, so that no street stands beside the town of another. `rule` and `source` are
    the first answer to what these people said; `are_no` says that the list is of people who left.
    """

    name: str
    marks: tuple[str, ...]
    columns: dict[str, tuple[str, ...]]
    addresses: tuple[dict[str, tuple[str, ...]], ...] = ()
    rule: str = "none"
    source: str = ""
    are_no: bool = False


_PHONES_OF_OUTLOOK = ("Mobile Phone", "Primary Phone", "Home Phone", "Business Phone", "Other Phone")
_ADDRESSES_OF_OUTLOOK = tuple(
    {
        "street": (f"{place} Street",),
        "street_more": (f"{place} Street 2",),
        "city": (f"{place} City",),
        "region": (f"{place} State",),
        "postcode": (f"{place} Postal Code",),
        "country": (f"{place} Country/Region", f"{place} Country"),
    }
    for place in ("Home", "Business", "Other")
)
_ADDRESSES_OF_GOOGLE = tuple({"postal": (f"Address {number} - Formatted",)} for number in (1, 2))
_ADDRESS_OF_MAILCHIMP = ({"postal": ("Address",)},)
_MAILCHIMP = {
    "email": ("Email Address",),
    "given_name": ("First Name",),
    "family_name": ("Last Name",),
    "phone": ("Phone Number", "SMS Phone Number"),
    "organization": ("Company", "Company Name"),
    "tags": ("TAGS",),
}

# The first that fits is taken: the narrower ones stand before the wider ones.
PROGRAMS = (
    Program(
        name="Mailchimp",
        marks=("EMAIL ADDRESS", "LEID", "EUID", "UNSUB_TIME"),
        columns=_MAILCHIMP,
        addresses=_ADDRESS_OF_MAILCHIMP,
        are_no=True,
    ),
    Program(
        name="Mailchimp",
        marks=("EMAIL ADDRESS", "LEID", "EUID", "CLEAN_TIME"),
        columns=_MAILCHIMP,
        addresses=_ADDRESS_OF_MAILCHIMP,
        are_no=True,
    ),
    # Confirmation stands there for those too who were only brought in; the opt-in alone is of their own hand.
    Program(
        name="Mailchimp",
        marks=("EMAIL ADDRESS", "LEID", "EUID", "OPTIN_TIME"),
        columns={**_MAILCHIMP, "yes_date": ("OPTIN_TIME",)},
        addresses=_ADDRESS_OF_MAILCHIMP,
        rule="all",
        source=_("Mailchimp sign-up form, moment of opt-in from its export"),
    ),
    Program(
        name="Google Contacts",
        marks=("Given Name", "Family Name", "Group Membership", "E-mail 1 - Value"),
        columns={
            "given_name": ("Given Name",),
            "family_name": ("Family Name",),
            "full_name": ("Name",),
            "email": ("E-mail 1 - Value", "E-mail 2 - Value"),
            "phone": ("Phone 1 - Value", "Phone 2 - Value"),
            "organization": ("Organization 1 - Name",),
            "tags": ("Group Membership",),
        },
        addresses=_ADDRESSES_OF_GOOGLE,
    ),
    Program(
        name="Google Contacts",
        marks=("First Name", "Last Name", "Labels", "E-mail 1 - Value"),
        columns={
            "given_name": ("First Name",),
            "family_name": ("Last Name",),
            "email": ("E-mail 1 - Value", "E-mail 2 - Value"),
            "phone": ("Phone 1 - Value", "Phone 2 - Value"),
            "organization": ("Organization Name",),
            "tags": ("Labels",),
        },
        addresses=_ADDRESSES_OF_GOOGLE,
    ),
    Program(
        name="Outlook",
        marks=("First Name", "Last Name", "E-mail Address", "Business Phone"),
        columns={
            "given_name": ("First Name",),
            "family_name": ("Last Name",),
            "email": ("E-mail Address", "E-mail 2 Address", "E-mail 3 Address"),
            "phone": _PHONES_OF_OUTLOOK,
            "organization": ("Company",),
            "tags": ("Categories",),
        },
        addresses=_ADDRESSES_OF_OUTLOOK,
    ),
    Program(
        name="HubSpot",
        marks=("Record ID", "Email", "Lifecycle Stage"),
        columns={
            "given_name": ("First Name",),
            "family_name": ("Last Name",),
            "email": ("Email",),
            "phone": ("Mobile Phone Number", "Phone Number"),
            "organization": ("Associated Company", "Company Name"),
            "stage": ("Lifecycle Stage",),
        },
        addresses=(
            {
                "street": ("Street Address", "Address"),
                "street_more": ("Street Address 2",),
                "city": ("City",),
                "region": ("State/Region", "State"),
                "postcode": ("Postal Code",),
                "country": ("Country/Region", "Country"),
            },
        ),
    ),
    Program(
        name="Square",
        marks=("First Name", "Surname", "Email Address", "Square Customer ID"),
        columns={
            "given_name": ("First Name",),
            "family_name": ("Surname",),
            "email": ("Email Address",),
            "phone": ("Phone Number",),
            "organization": ("Company Name",),
            "yes": ("Email Subscription Status",),
        },
        addresses=(
            {
                "street": ("Street Address 1",),
                "street_more": ("Street Address 2",),
                "city": ("City",),
                "region": ("State",),
                "postcode": ("Postal Code",),
            },
        ),
    ),
)

# What programs call a rung; the words of the business itself come first.
STAGE_WORDS = {
    "subscriber": "suspect",
    "lead": "prospect",
    "marketing qualified lead": "prospect",
    "marketingqualifiedlead": "prospect",
    "sales qualified lead": "prospect",
    "salesqualifiedlead": "prospect",
    "opportunity": "prospect",
    "customer": "client",
    "evangelist": "advocate",
}
LEFT = gettext_lazy("These people left that list. They come in without permission.")


def find_program(header: Sequence[str]) -> Program | None:
    """The program that wrote a list with this first line, or None."""
    names = {fold(name) for name in header}
    return next((program for program in PROGRAMS if {fold(mark) for mark in program.marks} <= names), None)


def mapping_of(program: Program, header: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, str]:
    """For each column's index (as text) what it means in a list of this program."""
    places = {fold(name): index for index, name in reversed(list(enumerate(header)))}
    mapping: dict[str, str] = {}
    for meaning, columns in program.columns.items():
        there = [places[fold(column)] for column in columns if fold(column) in places]
        index = next((one for one in there if _is_filled(one, sample)), there[0] if there else None)
        if index is not None:
            mapping[str(index)] = meaning
    return mapping | _address_of(program, places, sample)


def _address_of(program: Program, places: dict[str, int], sample: Sequence[Sequence[str]]) -> dict[str, str]:
    """The columns of that one of its addresses in which the first rows have something."""
    there = []
    for address in program.addresses:
        found = {part: next((fold(one) for one in names if fold(one) in places), "") for part, names in address.items()}
        there.append({str(places[name]): part for part, name in found.items() if name})
    filled = (one for one in there if any(_is_filled(int(index), sample) for index in one))
    return next(filled, there[0] if there else {})


def _is_filled(index: int, sample: Sequence[Sequence[str]]) -> bool:
    return any(index < len(row) and row[index].strip() for row in sample)

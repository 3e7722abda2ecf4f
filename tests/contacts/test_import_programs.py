"""Lists as other programs write them: known by their first line, read as meant, and matched once for all."""

from io import BytesIO

import pytest
from django.urls import reverse

from contacts.lists.programs import PROGRAMS, find_program
from contacts.models import ConsentState, Contact, ContactPoint, Import
from contacts.services.imports import map_import, permit_import, upload_import
from ecosystem.base.errors import Invalid
from ecosystem.base.tenancy import business_scope
from tests.contacts.test_imports import bring_in, make_topic

pytestmark = pytest.mark.django_db

GOOGLE = b"""First Name,Middle Name,Last Name,Phonetic First Name,Nickname,File As,Organization Name,\
Organization Title,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value,Phone 1 - Label,Phone 1 - Value,\
Address 1 - Label,Address 1 - Formatted,Address 1 - Street,Address 1 - City,Address 1 - Region,Address 1 - Postal Code
Ana,,Ruiz,,,,Fold Coffee,Buyer,,,,Regulars ::: Sourdough ::: * myContacts,* Work,ana@example.com,Mobile,(212) 555-0142,\
Home,"12 Mill Lane
Austin, TX 78701",12 Mill Lane,Austin,TX,78701
"""
GOOGLE_OLD = b"""Name,Given Name,Additional Name,Family Name,Yomi Name,Nickname,Birthday,Gender,Notes,Language,Photo,\
Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Organization 1 - Type,\
Organization 1 - Name,Address 1 - Type,Address 1 - Formatted
Ana Ruiz,Ana,,Ruiz,,,,,,,,* My Contacts ::: Regulars ::: Sourdough,* Home,ana@example.com,Mobile,(212) 555-0142,,\
Fold Coffee,Home,"12 Mill Lane
Austin, TX 78701"
"""
OUTLOOK = b"""First Name,Middle Name,Last Name,Title,Suffix,Nickname,E-mail Address,E-mail 2 Address,E-mail 3 Address,\
Home Phone,Home Phone 2,Business Phone,Business Phone 2,Mobile Phone,Company,Job Title,Department,Categories,\
Business Street,Business Street 2,Business City,Business State,Business Postal Code,Business Country/Region,\
Home Street,Home Street 2,Home City,Home State,Home Postal Code,Home Country/Region
Ana,,Ruiz,,,,ana@example.com,,,,,(212) 555-0142,,,Fold Coffee,Buyer,,Regulars;Sourdough,\
12 Mill Lane,,Austin,TX,78701,,,,,,,
"""
MAILCHIMP = b"""Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,\
CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS
ana@example.com,Ana,Ruiz,12 Mill Lane  Austin  TX  78701,(212) 555-0142,,4,2024-03-12 14:25:33,\
192.0.2.7,2024-03-12 14:26:01,192.0.2.7,,,,,,,,\
2024-05-01 08:00:00,1001,ab12,,"""
MAILCHIMP += b'''"""Regulars"",""Sourdough"""
bo@example.com,Bo,Lind,,,,2,,,2023-01-09 10:00:00,,,,,,,,,2023-01-09 10:00:00,1002,cd34,,
'''
LEFT_MAILCHIMP = b"""Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,\
UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID,EUID,NOTES,TAGS
cy@example.com,Cy,Dahl,2,2022-02-02 09:00:00,192.0.2.8,2022-02-02 09:01:00,192.0.2.8,2023-06-01 12:00:00,May,,9,ef56,,
"""
CLEANED_MAILCHIMP = LEFT_MAILCHIMP.replace(b"UNSUB_TIME,UNSUB_CAMPAIGN_TITLE", b"CLEAN_TIME,CLEAN_CAMPAIGN_TITLE")
HUBSPOT = b"""Record ID,First Name,Last Name,Email,Phone Number,Contact owner,Last Activity Date,Lead Status,\
Marketing contact status,Create Date,Associated Company,Lifecycle Stage,\
Street Address,City,State/Region,Postal Code,Country/Region
101,Ana,Ruiz,ana@example.com,(212) 555-0142,Nora,2024-05-01 10:00,Connected,Marketing contact,2024-01-01,Fold Coffee,\
Customer,12 Mill Lane,Austin,TX,78701,
"""
SQUARE = b"""Reference ID,First Name,Surname,Nickname,Company Name,Email Address,Phone Number,Street Address 1,\
Street Address 2,City,State,Postal Code,Birthday,Memo,Creation Source,First Visit,Last Visit,Transaction Count,\
Total Spend,Email Subscription Status,Instant Profile,Square Customer ID
,Ana,Ruiz,,Fold Coffee,ana@example.com,(212) 555-0142,12 Mill Lane,,Austin,TX,78701,,,Terminal,\
2024-01-01,2024-05-01,9,$81.00,subscribed,No,SQ1
,Bo,Lind,,,bo@example.com,,,,,,,,,Terminal,2024-01-01,2024-05-01,1,$4.00,unsubscribed,No,SQ2
"""
LISTS = {
    "Google Contacts": GOOGLE,
    "Google Contacts, as it was": GOOGLE_OLD,
    "Outlook": OUTLOOK,
    "Mailchimp": MAILCHIMP,
    "HubSpot": HUBSPOT,
    "Square": SQUARE,
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_a_known_program_is_matched_by_itself(bakery, name):
    """Name, address, phone (whichever column has one) and what else the program keeps."""
    assert bring_in(bakery, LISTS[name]).problem_count == 0
    with business_scope(bakery):
        ana = Contact.objects.get(primary_email="ana@example.com")
        assert (ana.given_name, ana.family_name, ana.primary_phone) == ("Ana", "Ruiz", "+12125550142")
        tags = sorted(ana.contact_tags.values_list("tag__name", flat=True))
        firms = set(ana.affiliations.values_list("organization__name", flat=True))
        postal = ContactPoint.objects.get(contact=ana, kind="postal", is_primary=True)
    assert postal.value_norm.replace(",", "") == "12 mill lane austin tx 78701"
    assert postal.value.count("\n") == (name != "Mailchimp")
    assert tags == ([] if name in ("HubSpot", "Square") else ["Regulars", "Sourdough"])
    assert firms == (set() if name == "Mailchimp" else {"Fold Coffee"})


def test_the_first_of_several_addresses_in_a_field_counts_and_the_others_are_kept(bakery):
    several = GOOGLE.replace(
        b"ana@example.com", b"Ana@example.com ::: ana.ruiz@example.org ::: bo@example.com ::: no@@"
    )
    several = several.replace(b"(212) 555-0142", b"(212) 555-0142 ::: (212) 555-0199 ::: (212) 555-0142")
    bo = b"Bo,,Lind,,,,,,,,,,,bo@example.com,,\n"
    done = bring_in(bakery, several + bo)
    assert (done.added_count, done.problem_count) == (2, 0)
    with business_scope(bakery):
        ana = Contact.objects.get(given_name="Ana")
        assert (ana.primary_email, ana.primary_phone) == ("ana@example.com", "+12125550142")
        points = ContactPoint.objects.order_by("kind", "-is_primary")
        assert [
            (one.kind, one.value_norm, one.is_primary) for one in points.filter(contact=ana).exclude(kind="postal")
        ] == [
            ("email", "ana@example.com", True),
            ("email", "ana.ruiz@example.org", False),
            ("phone", "+12125550142", True),
            ("phone", "+12125550199", False),
        ]
        assert points.get(value_norm="bo@example.com").contact.given_name == "Bo"
    again = bring_in(bakery, GOOGLE.replace(b"ana@example.com", b"ana.ruiz@example.org"))
    assert (again.added_count, again.known_count) == (0, 1)


def test_every_known_list_is_tried_here():
    """A program that is added brings its list along."""
    headers = [content.split(b"\n")[0].decode() for content in (*LISTS.values(), LEFT_MAILCHIMP, CLEANED_MAILCHIMP)]
    tried = [find_program(header.split(",")) for header in headers]
    assert all(program in tried for program in PROGRAMS)


def test_opt_in_times_of_mailchimp_are_source_and_day_of_the_yes(as_nora, bakery):
    """Who was only added to that list, without an opt-in of their own, comes in without a yes."""
    with business_scope(bakery):
        imported = upload_import(MAILCHIMP, file_name="subscribed_members_export.csv")
        map_import(imported.id, mapping=imported.mapping)
        topic = make_topic()
    page = as_nora.get(reverse("contacts:import_permission", kwargs={"slug": bakery.slug, "id": imported.id}))
    form = page.context["form"]
    assert form["rule"].value() == "all"
    source = form["source"].value()
    assert "Mailchimp" in source
    assert "when each of them signed up" in page.content.decode()
    done = bring_in(bakery, MAILCHIMP, rule="all")
    assert done.permitted_count == 1
    with business_scope(bakery):
        yes = ConsentState.objects.get(topic=topic)
        assert yes.contact.primary_email == "ana@example.com"
        assert yes.since.date().isoformat() == "2024-03-12"


@pytest.mark.parametrize("content", [LEFT_MAILCHIMP, CLEANED_MAILCHIMP])
def test_those_who_left_there_are_never_a_yes_here(bakery, content):
    """Whatever is answered."""
    with business_scope(bakery):
        imported = upload_import(content, file_name="unsubscribed_members_export.csv")
        map_import(imported.id, mapping=imported.mapping)
        with pytest.raises(Invalid, match="left that list"):
            permit_import(imported.id, rule="all", topic=make_topic(), source="Mailchimp", stage="suspect")


def test_words_of_hubspot_name_our_rungs(bakery):
    """A customer there is a client here."""
    bring_in(bakery, HUBSPOT)
    with business_scope(bakery):
        assert Contact.objects.get(primary_email="ana@example.com").stage == "client"


def test_what_square_calls_subscribed_is_asked_for_its_source(bakery):
    """The column says who; where and when is for the owner to say."""
    with business_scope(bakery):
        imported = upload_import(SQUARE, file_name="customers.csv")
        map_import(imported.id, mapping=imported.mapping)
        with pytest.raises(Invalid, match="Where did they say yes"):
            permit_import(imported.id, rule="column", topic=make_topic(), source="", stage="client")


def test_columns_that_were_matched_once_are_matched_so_again(as_nora, bakery):
    """Also against a first guess, and the page says so."""
    content = b"Who,Where to\nAna Ruiz,ana@example.com\n"
    with business_scope(bakery):
        first = upload_import(content, file_name="a.csv")
        assert first.mapping == {}
        map_import(first.id, mapping={"0": "full_name", "1": "email"})
    upload = {"file": BytesIO(content.replace(b"Ana", b"Bea"))}
    upload["file"].name = "b.csv"
    answer = as_nora.post(reverse("contacts:import_list", kwargs={"slug": bakery.slug}), upload, follow=True)
    assert "matched as you matched them then" in answer.content.decode()
    with business_scope(bakery):
        assert Import.objects.get(file_name="b.csv").mapping == {"0": "full_name", "1": "email"}


def test_another_business_matches_for_itself(bakery, garage):
    """What one business made of its columns says nothing to another."""
    content = b"Who,Where to\nAna Ruiz,ana@example.com\n"
    with business_scope(bakery):
        first = upload_import(content, file_name="a.csv")
        map_import(first.id, mapping={"0": "full_name", "1": "email"})
    with business_scope(garage):
        assert upload_import(content, file_name="a.csv").mapping == {}

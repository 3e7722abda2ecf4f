"""Which of this floor's tables tell of people, and what an erasure does with each."""

from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast, Lower
from django.utils.translation import gettext_lazy as _

from contacts.models import (
    Affiliation,
    BulkEditItem,
    Consent,
    ConsentEvidence,
    ConsentState,
    Contact,
    ContactPoint,
    ContactStats,
    ContactTag,
    DataRequest,
    DuplicateCandidate,
    ExportPiece,
    Import,
    ImportChange,
    ImportProblem,
    Interaction,
    MergeOperation,
    NextStep,
    Note,
    Organization,
    PeopleExport,
    RoleAssignment,
    SearchToken,
    StageChange,
    Suppression,
)
from contacts.queries.search import words_of_person
from ecosystem.base import clock
from ecosystem.privacy import About, PersonalTable, Subject, add_not_personal, add_personal, of_contact, whole_table

_PROOF = _("The bare proof of what you said yes and no to, by a scrambled number instead of your address.")


def _consent_ids(who: Subject) -> list[UUID]:
    """Their rows of the ledger. Two questions, each with its own index: an OR of them would read the whole ledger."""
    known = Consent.objects.values_list("id", flat=True)
    return [*known.filter(contact_id=who.contact_id), *known.filter(contact=None, address_hash__in=who.hashes)]


def _evidence(who: Subject) -> QuerySet[ConsentEvidence]:
    return ConsentEvidence.objects.filter(consent_id__in=_consent_ids(who))


def _words(who: Subject) -> QuerySet[SearchToken]:
    """The words cut from their name and addresses, which are the key of these rows."""
    return SearchToken.objects.filter(
        place__in=(SearchToken.Place.NAME, SearchToken.Place.ADDRESS),
        token__in=words_of_person(who.contact_id),
        holder_id=who.contact_id,
    )


def _problem_rows(who: Subject) -> QuerySet[ImportProblem]:
    """Lines of lists that could not be read and name an address of theirs."""
    named = Q(pk__in=[])
    for address in who.addresses:
        named |= Q(as_text__contains=address.lower())
    return ImportProblem.objects.annotate(as_text=Lower(Cast("row", TextField()))).filter(named)


def _samples(who: Subject) -> QuerySet[Import]:
    """Lists whose kept first lines name an address of theirs."""
    named = Q(pk__in=[])
    for address in who.addresses:
        named |= Q(as_text__contains=address.lower())
    return Import.objects.annotate(as_text=Lower(Cast("sample", TextField()))).filter(named)


def _forget_samples(who: Subject) -> None:
    for imported in _samples(who).only("id", "sample"):
        rest = [line for line in imported.sample if not _names(line, who)]
        Import.objects.filter(id=imported.id).update(sample=rest)


def _throw_files_away() -> None:
    PeopleExport.objects.filter(ready_at__isnull=False, expired_at=None).update(
        expired_at=clock.now(), expires_at=clock.now()
    )
    ExportPiece.objects.all().delete()


def _names(line: object, who: Subject) -> bool:
    return any(address.lower() in str(line).lower() for address in who.addresses)


def _forget_person(who: Subject) -> None:
    """Leave an id that nothing leads to; the day they were forgotten was written before."""
    Contact.objects.filter(id=who.contact_id).update(
        given_name="", family_name="", display_name="", sort_name="", language="", timezone="", primary_email="",
        primary_phone="", preferred_channel="", source_detail="", owner=None, paused_until=None, rhythm_days=None,
        quiet_from_minute=None, quiet_until_minute=None,
    )  # fmt: skip


add_personal(whole_table(ContactPoint, About.YOU, _("How you can be reached")))
add_personal(
    whole_table(Note, About.BETWEEN, _("What was written down about you"), withheld=frozenset({"written_by_id"}))
)
add_personal(
    whole_table(NextStep, About.BETWEEN, _("What was to be done for you"), withheld=frozenset({"assignee_id"}))
)
add_personal(
    PersonalTable(
        Interaction,
        About.BETWEEN,
        _("Everything between us"),
        rows=of_contact(Interaction),
        kept=_("That something happened on a day, without a word of yours and without your name."),
        withheld=frozenset({"actor_id"}),
    )
)
add_personal(
    PersonalTable(
        StageChange,
        About.BETWEEN,
        _("How well we came to know you"),
        rows=of_contact(StageChange),
        forget=lambda who: StageChange.objects.filter(contact_id=who.contact_id).update(reason=""),
        withheld=frozenset({"actor_id"}),
    )
)
add_personal(
    whole_table(RoleAssignment, About.YOU, _("What you are to the business"), withheld=frozenset({"started_by_id"}))
)
add_personal(whole_table(Affiliation, About.YOU, _("Where you work")))
add_personal(
    PersonalTable(
        Organization,
        About.YOU,
        _("Firms that you speak for"),
        rows=lambda who: Organization.objects.filter(main_contact_id=who.contact_id),
        forget=lambda who: Organization.objects.filter(main_contact_id=who.contact_id).update(main_contact=None),
    )
)
add_personal(whole_table(SearchToken, About.YOU, _("The words you are found by"), rows=_words))
add_personal(whole_table(ContactTag, About.YOU, _("Tags")))
add_personal(
    whole_table(
        DuplicateCandidate,
        About.YOU,
        _("Who may be the same person as you"),
        rows=lambda who: DuplicateCandidate.objects.filter(Q(first_id=who.contact_id) | Q(second_id=who.contact_id)),
    )
)
add_personal(
    whole_table(
        MergeOperation,
        About.YOU,
        _("Records of you that were made one"),
        rows=lambda who: MergeOperation.objects.filter(Q(winner_id=who.contact_id) | Q(loser_id=who.contact_id)),
        withheld=frozenset({"actor_id"}),
    )
)
add_personal(whole_table(ImportChange, About.LISTS, _("What lists told otherwise of you")))
add_personal(whole_table(BulkEditItem, About.LISTS, _("Changes to many people that you were among")))
add_personal(whole_table(ContactStats, About.YOU, _("Figures about you")))
add_personal(
    PersonalTable(
        Consent,
        About.SAID,
        _("What you said yes and no to"),
        rows=lambda who: Consent.objects.filter(id__in=_consent_ids(who)),
        kept=_PROOF,
        withheld=frozenset({"actor_id"}),
    )
)
add_personal(whole_table(ConsentEvidence, About.SAID, _("Where and how you said it"), rows=_evidence))
add_personal(
    PersonalTable(
        ConsentState,
        About.SAID,
        _("What holds now"),
        rows=of_contact(ConsentState),
        kept=_PROOF,
    )
)
add_personal(
    PersonalTable(
        Suppression,
        About.SAID,
        _("What stops us from writing to you"),
        rows=lambda who: Suppression.objects.filter(address_hash__in=who.hashes),
        kept=_("So that you are never written to again, a scrambled number stands in place of your address."),
    )
)
add_personal(
    PersonalTable(
        ImportProblem,
        About.LISTS,
        _("Lines of lists that could not be read"),
        rows=_problem_rows,
        forget=lambda who: ImportProblem.objects.filter(id__in=[one.id for one in _problem_rows(who)]).delete(),
    )
)
# A file holds everybody's lines packed together: none can be taken out of it, so all of it goes.
add_personal(
    PersonalTable(
        ExportPiece,
        About.LISTS,
        _("Files of people that the team took out"),
        rows=lambda who: ExportPiece.objects.none(),
        forget=lambda who: _throw_files_away(),
    )
)
# A list holds other people's lines too: a copy tells of the person alone.
add_personal(
    PersonalTable(
        Import,
        About.LISTS,
        _("Lists that you came with"),
        rows=_samples,
        forget=_forget_samples,
        withheld=frozenset({"content", "sample", "uploaded_by_id", "file_hash"}),
    )
)
add_personal(
    PersonalTable(
        DataRequest,
        About.SAID,
        _("What you asked about your data"),
        rows=of_contact(DataRequest),
        forget=lambda who: DataRequest.objects.filter(contact_id=who.contact_id).update(address="", sealed_copy=None),
        withheld=frozenset({"sealed_copy", "asked_by_id"}),
    )
)
add_personal(
    PersonalTable(
        Contact,
        About.YOU,
        _("Who you are"),
        rows=lambda who: Contact.objects.filter(id=who.contact_id),
        forget=_forget_person,
        withheld=frozenset({"owner_id", "membership_id"}),
    ),
    order=100,
)
add_not_personal(
    contacts__ImportCheck="Counts of a list; while it is looked through, of each person eight bytes of a keyed hash.",
    contacts__PeopleExport="Who asked for a file of people, and by which filter.",
    contacts__PeopleView="A filter and its name; whom somebody searched for is not kept in it.",
    contacts__Topic="What people can say yes to.",
    contacts__Tag="Names of tags.",
    contacts__BulkEdit="A filter and what was to be done; whom it was done to stands in its items.",
)

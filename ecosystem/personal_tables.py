"""Which of this floor's tables tell of people that a business writes to."""

from django.utils.translation import gettext_lazy as _

from ecosystem.models import AuditEntry
from ecosystem.privacy import About, PersonalTable, add_not_personal, add_personal

add_personal(
    PersonalTable(
        AuditEntry,
        About.BETWEEN,
        _("What the team did about you"),
        rows=lambda who: AuditEntry.objects.filter(object_kind="contact", object_id=who.contact_id.hex),
        kept=_("Who did what in the business cannot be changed by anybody. It holds numbers and no word about you."),
        withheld=frozenset({"actor_user_id"}),
    )
)
add_not_personal(
    ecosystem__LegalText="the business's own privacy notice and terms",
    ecosystem__BrandImage="pictures of the business itself",
    ecosystem__AuditSeal="Digests.",
    ecosystem__Notice="what members of the team are told about their own work",
    ecosystem__NoticePace="how soon members want that by mail",
    ecosystem__Job="Progress of long work; what it is about stands in a table of its own.",
    ecosystem__BusinessProfile="The business itself.",
    ecosystem__IdempotencyKey="Answers to programs, sealed, that nobody can search; gone after a day.",
    ecosystem__KindSetting="The business's words for its kinds of people.",
    ecosystem__Tally="Sums.",
    ecosystem__ApiKey="Keys of programs.",
    ecosystem__Membership="The team: users, who see and end their accounts themselves.",
    ecosystem__Invitation="The team to be.",
    ecosystem__HealthSnapshot="Sums.",
    ecosystem__PermissionSnapshot="Sums.",
    ecosystem__OutboxEntry="Promised work: ids and plain values, gone when it is done.",
)

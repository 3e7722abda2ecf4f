"""How the acts of people and topics are told in the audit trail."""

from django.utils.translation import gettext_lazy as _

from ecosystem.acts import ACT_SUBJECTS, ActSubject, tell_acts

tell_acts(
    "building-2",
    organization__added=_("%(who)s added %(what)s"),
    organization__deleted=_("%(who)s deleted %(what)s"),
    organization__restored=_("%(who)s brought back %(what)s"),
)
tell_acts("users", contact__deleted=_("%(who)s deleted %(what)s"), contact__restored=_("%(who)s brought back %(what)s"))
tell_acts(
    "shield-check",
    contact__erased=_("%(who)s began to erase somebody"),
    data__copy_asked=_("%(who)s asked for a copy of the data of %(what)s"),
    data__copy_fetched=_("%(who)s fetched the copy of the data of %(what)s"),
)
tell_acts(
    "shield-check",
    consent__granted=_("%(who)s wrote down what %(what)s said yes to"),
    consent__withdrawn=_("%(who)s wrote down that %(what)s said no"),
)
tell_acts("shield-check", consent__exported=_("%(who)s took out the proof of what %(what)s allows"))
tell_acts(
    "users",
    bulk_tag=_("%(who)s put a tag on many people"),
    bulk_untag=_("%(who)s took a tag off many people"),
    bulk_owner=_("%(who)s gave many people to somebody to look after"),
    bulk_stage=_("%(who)s moved many people on the ladder"),
    bulk_undone=_("%(who)s took back a change to many people"),
)
tell_acts(
    "users",
    contact_merged=_("%(who)s made %(what)s one with another record"),
    contact_parted=_("%(who)s parted %(what)s from another record again"),
)
tell_acts(
    "download",
    people_exported=_("%(who)s took people out as a file"),
    people_export_fetched=_("%(who)s fetched a file of people"),
)
tell_acts(
    "upload",
    import_gone_on=_("%(who)s brought in who waited for room"),
    import_started=_("%(who)s brought in a list"),
    import_undone=_("%(who)s took back a list that was brought in"),
)
tell_acts("message-square-text", channel_preferred=_("%(who)s noted how %(what)s likes to hear from you"))
tell_acts(
    "tag",
    topic_added=_("%(who)s made the topic “%(what)s”"),
    topic_edited=_("%(who)s worded the topic “%(what)s” anew"),
    topic_archived=_("%(who)s put the topic “%(what)s” away"),
    topic_restored=_("%(who)s brought the topic “%(what)s” back"),
)
ACT_SUBJECTS.add(
    "organization",
    ActSubject(
        "SELECT 'organization' AS kind, id, name FROM contacts_organization"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s) AND deleted_at IS NULL",
        "contacts:organization_detail",
    ),
)
ACT_SUBJECTS.add(
    "contact",
    ActSubject(
        "SELECT 'contact' AS kind, id, display_name AS name FROM contacts_contact"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s) AND deleted_at IS NULL",
        "contacts:contact_detail",
    ),
)
ACT_SUBJECTS.add(
    "topic",
    ActSubject(
        "SELECT 'topic' AS kind, id, name FROM contacts_topic"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)",
        "contacts:topic_edit",
    ),
)

"""How the acts of a business and its team are told in the audit trail."""

from django.utils.translation import gettext_lazy as _

from ecosystem.acts import ACT_SUBJECTS, ActSubject, tell_acts

tell_acts(
    "settings",
    closing_begun=_("%(who)s began to close this account"),
    closing_undone=_("%(who)s took back the closing of this account"),
    business_created=_("%(who)s made this business"),
    business_renamed=_("%(who)s renamed the business"),
    setup_finished=_("%(who)s finished the set-up"),
    sender_changed=_("%(who)s changed who letters come from"),
    quotas_changed=_("%(who)s changed how much this business may use"),
    profile_changed=_("%(who)s changed the settings"),
    brand_changed=_("%(who)s changed how the business looks"),
    core_message_changed=_("%(who)s changed the core message"),
    sending_paused=_("%(who)s stopped everything that is sent"),
    sending_resumed=_("%(who)s let letters go out again"),
    kind_changed=_("%(who)s changed the kind “%(what)s”"),
)
tell_acts(
    "file-text",
    privacy_published=_("%(who)s published a privacy notice"),
    terms_published=_("%(who)s published terms"),
)
tell_acts("chevrons-up-down", business_switched=_("%(who)s came over from another business"))
tell_acts(
    "key-round",
    api_key_made=_("%(who)s made the key “%(what)s”"),
    api_key_revoked=_("%(who)s took back the key “%(what)s”"),
)
tell_acts(
    "id-card",
    invitation_sent=_("%(who)s invited %(what)s"),
    invitation_resent=_("%(who)s sent the invitation to %(what)s again"),
    invitation_revoked=_("%(who)s took back the invitation to %(what)s"),
    invitation_accepted=_("%(who)s accepted an invitation"),
    member_joined=_("%(who)s joined the team"),
    member_changed=_("%(who)s changed what %(what)s may do"),
    member_removed=_("%(who)s removed somebody from the team"),
    second_step_wanted=_("%(who)s asked the team for two-step sign-in"),
    second_step_not_wanted=_("%(who)s no longer asks the team for two-step sign-in"),
    member_left=_("%(who)s left the team"),
)
ACT_SUBJECTS.add(
    "kindsetting",
    ActSubject(
        "SELECT 'kindsetting' AS kind, id, label_plural AS name FROM ecosystem_kindsetting"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)"
    ),
)
ACT_SUBJECTS.add(
    "apikey",
    ActSubject(
        "SELECT 'apikey' AS kind, id, name FROM ecosystem_apikey"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)"
    ),
)
ACT_SUBJECTS.add(
    "invitation",
    ActSubject(
        "SELECT 'invitation' AS kind, id, email AS name FROM ecosystem_invitation"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)"
    ),
)
ACT_SUBJECTS.add(
    "membership",
    ActSubject(
        "SELECT 'membership' AS kind, member.id, person.name FROM ecosystem_membership AS member"
        " JOIN ecosystem_user AS person ON person.id = member.user_id"
        " WHERE member.business_id = %(business_id)s AND member.id = ANY (%(ids)s)"
    ),
)

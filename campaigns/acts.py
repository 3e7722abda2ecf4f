"""How the acts of letters, sequences and opt-in pages are told in the audit trail."""

from django.utils.translation import gettext_lazy as _

from ecosystem.acts import ACT_SUBJECTS, ActSubject, tell_acts

tell_acts(
    "send",
    sequence_created=_("%(who)s began the sequence “%(what)s”"),
    sequence_changed=_("%(who)s changed the sequence “%(what)s”"),
    sequence_published=_("%(who)s published changes of “%(what)s”"),
    sequence_started=_("%(who)s started the sequence “%(what)s”"),
    sequence_paused=_("%(who)s paused the sequence “%(what)s”"),
    sequence_resumed=_("%(who)s resumed the sequence “%(what)s”"),
    sequence_archived=_("%(who)s put the sequence “%(what)s” away"),
)
tell_acts(
    "mail",
    letter_added=_("%(who)s began the letter “%(what)s”"),
    letter_edited=_("%(who)s changed the letter “%(what)s”"),
    letter_tested=_("%(who)s sent themselves the letter “%(what)s”"),
    letter_archived=_("%(who)s put the letter “%(what)s” away"),
    letter_restored=_("%(who)s brought the letter “%(what)s” back"),
    message_sent_again=_("%(who)s had a letter sent again that may not have arrived"),
    message_tried_again=_("%(who)s had a letter tried again that did not get through"),
    message_given_up=_("%(who)s gave up a letter that may not have arrived"),
    messages_sent_again=_("%(who)s had letters of “%(what)s” sent again that may not have arrived"),
    messages_given_up=_("%(who)s gave up letters of “%(what)s” that may not have arrived"),
    unknown_decision_undone=_(
        "%(who)s took back what was decided about letters of “%(what)s” that may not have arrived"
    ),
    held_letters_sent=_("%(who)s had letters of “%(what)s” sent that were due while we were away"),
    held_letters_dropped=_("%(who)s dropped letters of “%(what)s” that were due while we were away"),
    other_held_sent=_("%(who)s had other messages sent that were due while we were away"),
    other_held_dropped=_("%(who)s dropped other messages that were due while we were away"),
)
tell_acts(
    "file-text",
    signup_form_added=_("%(who)s drafted the opt-in page “%(what)s”"),
    signup_form_edited=_("%(who)s changed the opt-in page “%(what)s”"),
    signup_form_published=_("%(who)s published the opt-in page “%(what)s”"),
    signup_form_closed=_("%(who)s took the opt-in page “%(what)s” offline"),
)
tell_acts(
    "message-square-text",
    text_sender_changed=_("%(who)s said anew who you are in texts"),
    text_meant_stop=_("%(who)s took an answer to a text as a stop"),
    text_meant_no_stop=_("%(who)s decided that an answer to a text meant no stop"),
)
tell_acts(
    "key-round",
    mail_account_tried=_("%(who)s entered how to reach “%(what)s” and had a test letter sent"),
    mail_account_tested=_("%(who)s had a test letter sent by “%(what)s”"),
    mail_account_connected=_("Letters go by “%(what)s” since the test letter of %(who)s was taken"),
    sender_domain_added=_("%(who)s began to prove that “%(what)s” is yours"),
    sender_domain_proved=_("“%(what)s” was proved by DNS: letters come from it"),
    sender_domain_lost=_("“%(what)s” is not proved by DNS any more: letters come from it no longer"),
    mail_events_changed=_("%(who)s changed how “%(what)s” proves what it tells of letters"),
    mail_account_dropped=_("%(who)s dropped what was tried of “%(what)s”"),
    mail_account_disconnected=_("%(who)s disconnected “%(what)s”"),
)
tell_acts("eye", measuring_changed=_("%(who)s changed what letters tell of their readers"))
tell_acts("pause", walk_paused=_("%(who)s paused a sequence for %(what)s"))
tell_acts("play", walk_resumed=_("%(who)s let %(what)s walk on along a sequence"))
tell_acts("pause", rest_noted=_("%(who)s noted that %(what)s wants a rest from letters"))
tell_acts("clock", channel_rule_changed=_("%(who)s changed how often and at what hours you write"))
ACT_SUBJECTS.add(
    "sequence",
    ActSubject(
        "SELECT 'sequence' AS kind, id, name FROM campaigns_sequence"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)",
        "campaigns:sequence_detail",
    ),
)
ACT_SUBJECTS.add(
    "provideraccount",
    ActSubject(
        "SELECT 'provideraccount' AS kind, id, name FROM campaigns_provideraccount"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)",
    ),
)
ACT_SUBJECTS.add(
    "senderdomain",
    ActSubject(
        "SELECT 'senderdomain' AS kind, id, domain AS name FROM campaigns_senderdomain"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)",
    ),
)
ACT_SUBJECTS.add(
    "content",
    ActSubject(
        "SELECT 'content' AS kind, id, name FROM campaigns_content"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)",
        "campaigns:content_edit",
    ),
)
ACT_SUBJECTS.add(
    "signupform",
    ActSubject(
        "SELECT 'signupform' AS kind, id, headline AS name FROM campaigns_signupform"
        " WHERE business_id = %(business_id)s AND id = ANY (%(ids)s)",
        "campaigns:signup_form_edit",
    ),
)

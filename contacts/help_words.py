"""The help of the pages about people."""

from django.utils.translation import gettext_lazy as _

from ecosystem.help import HELP, Help

HELP.add(
    "contacts",
    Help(
        _("Everybody around your business, once each, whatever they are to you."),
        [
            _("Choose a kind or a tag above the list. Tick people to change many at once."),
            _("On a person's page you see how it stands between you, what they allow and what is next."),
            _("What you take away or change by mistake comes back with Undo."),
        ],
    ),
)
HELP.add(
    "contacts/imports",
    Help(
        _("Bring in a list from your old system, your till, your phone or your own table."),
        [
            _("A CSV file, an Excel workbook or cards (vCard). A row or card that is broken waits to be mended."),
            _("You see what will happen before anything happens. Nobody is written to because of it."),
            _("A column that says “newsletter” is no permission without where and when it was given."),
        ],
    ),
)
HELP.add(
    "contacts/exports",
    Help(
        _("Take your people out as a file, all of them or those whom the list showed."),
        [_("Only who asked for a file can fetch it, for three days."), _("It can be brought in here again.")],
    ),
)
HELP.add(
    "contacts/duplicates",
    Help(
        _("People who may be here twice, by what is equal of them."),
        [_("Look at both before you make them one."), _("Kept apart, a pair is not shown again.")],
    ),
)
HELP.add(
    "contacts/merges",
    Help(
        _("Two records that were made one."),
        [_("For 30 days they can be parted again. A no to either record stays a no.")],
    ),
)
HELP.add(
    "contacts/change",
    Help(_("A change to many people at once."), [_("It goes on when you leave this page. Undo takes all of it back.")]),
)
HELP.add(
    "ladder",
    Help(
        _("Where each person stands on their way to you."),
        [
            _("Drag a card by its handle, use its menu, or press M on it and then the arrows."),
            _("Onto a rung that is earned, and down, the board asks why. The reason stands on the person's page."),
            _("A move sends nothing. The toast takes it back."),
        ],
    ),
)
HELP.add(
    "next-steps",
    Help(
        _("What is to be done for whom, the longest due first."),
        [_("A step is set on a person's page. What is due stands on Today.")],
    ),
)
HELP.add(
    "organizations",
    Help(
        _("Firms, schools and other bodies. You talk to people; a firm stands by its main contact."),
        [
            _("Make it a vendor or a partner on its page."),
            _("“Only context” is for those you watch and never write to, such as a competitor."),
        ],
    ),
)
HELP.add(
    "topics",
    Help(
        _("What people can say yes to, each with its promise of how often."),
        [_("A letter goes to those only who said yes to its topic.")],
    ),
)

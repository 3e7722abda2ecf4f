"""The help of the pages about writing to people."""

from django.utils.translation import gettext_lazy as _

from ecosystem.help import HELP, Help

HELP.add(
    "sequences",
    Help(
        _("Letters and texts that follow somebody home, one step after the other, because they asked."),
        [
            _("Waits and quiet hours stand on the wire between the steps."),
            _("Nothing goes to somebody who has not said yes. The page says who was left out, and why."),
            _("What already runs keeps the steps it began with; a change is for whoever comes after."),
        ],
    ),
)
HELP.add(
    "enrollments",
    Help(
        _("One person's way through a sequence."),
        [
            _("They can be paused on the way: what waits for them waits, and comes later by the pause."),
            _("They can be taken out at any step."),
        ],
    ),
)
HELP.add(
    "letters",
    Help(
        _("What you write to people. One letter, one takeaway."),
        [
            _("A word in double braces becomes the reader's own, such as their first name."),
            _("Send yourself a test first. The way out and your address stand below each letter by themselves."),
        ],
    ),
)
HELP.add(
    "opt-in",
    Help(
        _("Pages where people put themselves on your list."),
        [_("Every box starts empty, and each yes is confirmed by a letter before it counts.")],
    ),
)
HELP.add(
    "texts",
    Help(
        _("What people text you, and what it means for their permission."),
        [_("STOP counts from that second. Where it is unclear, you decide here.")],
    ),
)
HELP.add(
    "settings/measuring",
    Help(
        _("What letters tell you of their readers."),
        [_("Each reader can switch it off for themselves."), _("An opened letter moves nobody and nothing.")],
    ),
)

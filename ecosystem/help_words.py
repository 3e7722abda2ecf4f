"""The help of the pages about the business itself."""

from django.utils.translation import gettext_lazy as _

from ecosystem.help import HELP, TODAY, Help

HELP.add(
    TODAY,
    Help(
        _("How your whole world is doing this morning, and what to do first."),
        [
            _("A ring that is full means that something good reached these people lately. An empty one is hungry."),
            _("A number that is a link opens the people behind it."),
            _("Write a talk down, and whoever waited for it leaves the list."),
        ],
    ),
)
HELP.add(
    "health",
    Help(
        _("How the numbers on Today come about."),
        [_("Each kind has its own pace. You set it under Kinds of people.")],
    ),
)
HELP.add(
    "core-message",
    Help(
        _("The one sentence that says what is special about you, and for whom."),
        [_("Keep it short enough to say at the counter.")],
    ),
)
HELP.add(
    "kinds",
    Help(
        _("What you call the people around you, and how often each kind should hear something good."),
        [
            _("A new word is on every page at once. The toast takes it back."),
            _("A kind that is switched off leaves the menus and the counts. Nobody of it is lost."),
        ],
    ),
)
HELP.add(
    "team",
    Help(
        _("Who works with you here, and what each of them may do."),
        [
            _("An invitation is good for seven days and for one address."),
            _("An adviser reads, and sees neither addresses nor what was said."),
        ],
    ),
)
HELP.add("invitations", Help(_("An invitation to your team."), [_("It works once, for the address it was sent to.")]))
HELP.add(
    "keys",
    Help(
        _("Keys by which other programs, such as your till, read and write here."),
        [
            _("A key is shown once. Keep it like the key to your shop."),
            _("Take a key away, and the program is out at its next request."),
        ],
    ),
)
HELP.add(
    "settings",
    Help(
        _("Everything that can be set, what it is for, and how it stands."),
        [
            _("What still waits for you has a sign before it."),
            _("You see what your role may open. An owner sees all of it."),
        ],
    ),
)
HELP.add(
    "settings/brand",
    Help(
        _("How your business looks to customers on your pages and in your letters."),
        [
            _("“Look at it” shows it with what you typed. Nothing is saved or sent by looking."),
            _("The picture is drawn anew: no place or camera of the original goes out with it."),
        ],
    ),
)
HELP.add(
    "settings/privacy",
    Help(
        _("What you tell people about their data. It stands below every page and letter."),
        [_("What you publish is kept as a version. A yes names the version that stood there.")],
    ),
)
HELP.add(
    "settings/terms",
    Help(
        _("What people can count on when they say yes. It stands below every page and letter."),
        [_("What you publish is kept as a version. A yes names the version that stood there.")],
    ),
)
HELP.add(
    "settings/usage",
    Help(
        _("How many people, files, letters and calls there are, and how many there may be."),
        [
            _("You are told once when four fifths of something are used, and once when it is full."),
            _("Whoever signs up by themselves is taken even where your list is full. Nobody is lost."),
        ],
    ),
)
HELP.add(
    "settings/close",
    Help(
        _("Where an owner closes the account, and where it can be taken back for thirty days."),
        [
            _("Nothing is sent from the moment you close it."),
            _("After thirty days all of it is deleted, and nobody can bring it back."),
        ],
    ),
)
HELP.add(
    "settings/me",
    Help(
        _("What belongs to you and goes with you into every business."),
        [_("Your name is what your team sees. Times on your pages follow your time zone.")],
    ),
)
HELP.add(
    "settings/business",
    Help(
        _("What everybody and every page needs to know of your business."),
        [_("Name, town, time zone and the address that stands below each letter.")],
    ),
)
HELP.add(
    "sending",
    Help(
        _("Whether your letters arrive, and what readers make of them."),
        [_("Sending stops by itself before your good name suffers. You can stop everything here too.")],
    ),
)
HELP.add(
    "start",
    Help(
        _("Four short steps, and your business stands here."),
        [_("Everything can be changed later. Nothing is sent to anybody.")],
    ),
)
HELP.add(
    "find",
    Help(
        _("Finds people, organizations, things to do and places by any word of them."),
        [
            _("A few letters of a name, a part of an address or the end of a phone number are enough."),
            _("Ctrl and K open it from every page."),
        ],
    ),
)
HELP.add(
    "notices",
    Help(
        _("What happened that concerns you, and what of your long work is still going on."),
        [
            _("A line that you open counts as read."),
            _("How each kind reaches you by mail, at once or once a day or week, is yours to choose."),
        ],
    ),
)

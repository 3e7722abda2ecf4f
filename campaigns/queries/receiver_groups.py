"""Which mail house reads an address: each takes letters at its own pace, whatever the domain is called.

Well-known domains stand in a table. For all others the mail servers of the domain tell, which are looked up beside the
sending (`services/receiver_lookup.py`): never while a letter waits.
"""

GOOGLE, MICROSOFT, YAHOO, OTHER = "google", "microsoft", "yahoo", "other"
GROUPS = (GOOGLE, MICROSOFT, YAHOO, OTHER)

# By what the names of their mail servers end.
_HOSTS = {
    GOOGLE: ("google.com", "googlemail.com"),
    MICROSOFT: ("outlook.com", "office365.us", "hotmail.com", "microsoft"),
    YAHOO: ("yahoodns.net", "yahoo.com", "aol.com"),
}
# Below these stands the name of an organisation in a country: mail.firm.co.uk belongs to firm.co.uk.
_SECOND_LEVELS = frozenset({"ac", "co", "com", "edu", "gob", "gov", "gv", "ne", "net", "nom", "or", "org"})

_DOMAINS = {
    GOOGLE: ("gmail.com", "googlemail.com", "google.com"),
    MICROSOFT: (
        *("outlook.com", "hotmail.com", "live.com", "msn.com", "passport.com", "windowslive.com", "microsoft.com"),
        *("hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.it", "hotmail.es", "hotmail.ca", "hotmail.nl"),
        *("live.co.uk", "live.fr", "live.de", "live.it", "live.nl", "live.ca", "live.com.au", "live.com.mx"),
        *("outlook.fr", "outlook.de", "outlook.es", "outlook.it", "outlook.co.uk", "outlook.com.au", "outlook.jp"),
    ),
    YAHOO: (
        *(
            "yahoo.com",
            "ymail.com",
            "rocketmail.com",
            "aol.com",
            "aim.com",
            "verizon.net",
            "netscape.net",
            "myyahoo.com",
        ),
        *("yahoo.co.uk", "yahoo.fr", "yahoo.de", "yahoo.it", "yahoo.es", "yahoo.ca", "yahoo.in", "yahoo.co.in"),
        *("yahoo.com.br", "yahoo.com.au", "yahoo.com.mx", "yahoo.com.ar", "yahoo.ie", "yahoo.gr", "yahoo.se"),
        *("aol.co.uk", "aol.de", "aol.fr"),
    ),
}
_GROUP_OF = {domain: group for group, domains in _DOMAINS.items() for domain in domains}


def group_of_domain(domain: str) -> str:
    """The group of a domain in lower case by the table; empty where that does not know it."""
    return _GROUP_OF.get(domain, "")


def group_of_host(host: str) -> str:
    """The group of a mail server: a large house, or the domain of its organisation; `other` where it names none."""
    labels = [label for label in host.lower().rstrip(".").split(".") if label]
    name = ".".join(labels)
    for group, ends in _HOSTS.items():
        if any(name == end or name.endswith(f".{end}") for end in ends):
            return group
    if len(labels) < 2:
        return OTHER
    is_below = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVELS
    return ".".join(labels[-3:] if is_below else labels[-2:])

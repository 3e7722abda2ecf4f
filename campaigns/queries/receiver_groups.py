"""Which large mail house reads an address: each takes letters at its own pace, whatever the domain is called.

A table, and no question to the DNS: letters do not wait for names to be looked up.
"""

GOOGLE, MICROSOFT, YAHOO, OTHER = "google", "microsoft", "yahoo", "other"
GROUPS = (GOOGLE, MICROSOFT, YAHOO, OTHER)

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


def receiver_group(address: str) -> str:
    """The group of a mail address, or `other`."""
    return _GROUP_OF.get(address.rpartition("@")[2].lower(), OTHER)

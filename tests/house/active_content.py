"""What in a page could act in a browser, beside what we put there: found by parsing it."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

HERE = "http://testserver/"
# Attributes whose address a browser goes to or loads by itself; those of a link, which a person presses, apart.
LOADED = {"src", "srcset", "poster", "data", "background", "action", "formaction", "manifest", "ping", "codebase"}
PRESSED = {"href", "xlink:href", "cite", "longdesc"}
LOADING_LINKS = {"stylesheet", "icon", "preload", "modulepreload", "manifest", "prefetch", "preconnect", "dns-prefetch"}
# Elements that no page of ours has: each would run, load or redirect.
NEVER = {"object", "embed", "applet", "base", "frame", "frameset", "portal", "foreignobject", "animate", "set", "style"}
# What MJML writes into every letter; it redirects nobody and loads nothing.
HARMLESS_META = {"", "x-ua-compatible", "content-type"}
PLAIN_SCHEMES = {"", "http", "https", "mailto", "tel", "sms"}
# A browser drops these before it reads the scheme of an address.
_DROPPED = re.compile(r"[\x00-\x20]+")
# Attributes that htmx and Alpine act on.
_ACTS = re.compile(r"(data-)?hx-|x-|@|:|sse-|ws-")


@dataclass
class ActiveContent(HTMLParser):
    """Everything that acts in a page, with the place it stands at. `nonce` is the one of the page's own policy."""

    nonce: str
    canary: str = ""
    # A letter shown in a frame of ours, where its policy lets nothing act; it may bring its own styles.
    is_letter: bool = False
    faults: list[str] = field(default_factory=list)
    nonces: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in NEVER and not (self.is_letter and tag == "style"):
            self._blame(tag, "does not belong here")
        if self.canary and self.canary in tag:
            self._blame(tag, "was written by a user")
        if tag == "script":
            self._look_at_script(given)
        if tag == "meta" and given.get("http-equiv", "").lower() not in HARMLESS_META:
            self._blame(tag, f"http-equiv={given.get('http-equiv')}")
        if tag == "iframe" and ("srcdoc" in given or "sandbox" not in given):
            self._blame(tag, "frames without a sandbox")
        for name, value in given.items():
            self._look_at_attribute(tag, name, value, given)

    handle_startendtag = handle_starttag

    def _look_at_script(self, given: dict[str, str]) -> None:
        if "nonce" in given:
            self.nonces.append(given["nonce"])
        if given.get("type") == "application/json":
            return
        is_ours = given.get("src", "").startswith("/static/")
        if not is_ours and (not self.nonce or given.get("nonce") != self.nonce):
            self._blame("script", "without the nonce of its page")

    def _look_at_attribute(self, tag: str, name: str, value: str, given: dict[str, str]) -> None:
        if name.startswith("on") or (name == "style" and not self.is_letter):
            self._blame(tag, f"{name}={value[:60]}")
        if self.canary and (self.canary in name or (_ACTS.match(name) and self.canary in value)):
            self._blame(tag, f"{name}={value[:60]} was written by a user")
        is_loaded = name in LOADED or (tag == "link" and name == "href" and LOADING_LINKS & set(given["rel"].split()))
        if is_loaded or name in PRESSED:
            self._look_at_address(tag, name, value, is_loaded=bool(is_loaded))

    def _look_at_address(self, tag: str, name: str, value: str, *, is_loaded: bool) -> None:
        address = _DROPPED.sub("", value)
        if is_loaded and tag in ("img", "source", "image") and address.startswith("data:image/"):
            return
        try:
            parts = urlsplit(urljoin(HERE, address))
        except ValueError:
            return  # no browser goes there either
        if parts.scheme not in PLAIN_SCHEMES:
            self._blame(tag, f"{name}={value[:60]}")
        elif is_loaded and parts.netloc != urlsplit(HERE).netloc:
            self._blame(tag, f"{name}={value[:60]} stands at another house")

    def _blame(self, tag: str, why: str) -> None:
        self.faults.append(f"<{tag}> {why}")


def active_content(page: str, *, policy: str, canary: str = "") -> ActiveContent:
    """What acts in a page that was answered under a policy, and may not."""
    nonce = re.search(r"'nonce-([^']+)'", policy)
    is_letter = policy.rstrip("; ").endswith("sandbox") and "default-src 'none'" in policy
    found = ActiveContent(nonce[1] if nonce else "", canary, is_letter)
    found.feed(page)
    found.close()
    return found

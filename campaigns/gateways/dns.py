"""Asking DNS what a domain says of itself: yes, no, or that there was no answer.

DNS_SERVERS names the resolvers; without it those of the machine are asked.
"""

import ipaddress
from base64 import b64decode
from collections.abc import Callable
from enum import StrEnum

import dns.exception
import dns.name
import dns.resolver
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from django.conf import settings

ANSWER_SECONDS = 3.0
LEAST_KEY_BITS = 1024


class Found(StrEnum):
    """Whether a record stands in DNS as it must."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # no answer, which says nothing


class NoAnswer(Exception):
    """DNS did not answer in time, or said that it is broken."""


def find_owner(domain: str, token: str) -> Found:
    """Whether the record that proves whose domain it is stands there."""
    return _found(owner_name(domain), lambda text: text.strip() == owner_text(token))


def find_spf(domain: str, include: str) -> Found:
    """Whether exactly one SPF record (RFC 7208) stands there; with an `include`, whether it lets that one send."""
    try:
        records = [text for text in _texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
    except NoAnswer:
        return Found.UNKNOWN
    if len(records) != 1:
        return Found.NO
    words = records[0].lower().split()[1:]
    if include:
        wanted = {f"include:{include}", f"+include:{include}", f"redirect={include}"}
        return Found.YES if wanted & set(words) else Found.NO
    return Found.YES if any(not word.endswith("all") for word in words) else Found.NO


def find_dkim(domain: str, selector: str) -> Found:
    """Whether a key (RFC 6376) stands there that is neither withdrawn nor shorter than 1024 bits."""
    if not selector:
        return Found.NO
    return _found(dkim_name(domain, selector), _is_good_key)


def find_dmarc(domain: str) -> Found:
    """Whether a DMARC policy (RFC 7489) stands there, whatever it says."""
    return _found(dmarc_name(domain), lambda text: text.replace(" ", "").lower().startswith("v=dmarc1;p="))


def find_mail_server(domain: str) -> str:
    """The mail server that a domain is first to be reached by (RFC 5321): the domain itself where no record says, and
    empty where there is no such domain. Raises NoAnswer.
    """
    try:
        answer = _resolver().resolve(domain, "MX", lifetime=ANSWER_SECONDS, search=False)
    except dns.resolver.NoAnswer:
        return domain
    except (dns.resolver.NXDOMAIN, dns.name.LabelTooLong, dns.name.EmptyLabel):
        return ""
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        raise NoAnswer(domain) from error
    return str(min(answer, key=lambda record: (record.preference, str(record.exchange))).exchange)


def owner_name(domain: str) -> str:
    """Where the record of ownership stands."""
    return f"_lampwalk.{domain}"


def owner_text(token: str) -> str:
    """What it says."""
    return f"lampwalk-verify={token}"


def dkim_name(domain: str, selector: str) -> str:
    """Where a key stands."""
    return f"{selector}._domainkey.{domain}"


def dmarc_name(domain: str) -> str:
    """Where the policy stands."""
    return f"_dmarc.{domain}"


def _found(name: str, is_good: Callable[[str], bool]) -> Found:
    try:
        texts = _texts(name)
    except NoAnswer:
        return Found.UNKNOWN
    return Found.YES if any(is_good(text) for text in texts) else Found.NO


def _texts(name: str) -> list[str]:
    """The TXT records of a name, each in one piece; none where there is no such name."""
    try:
        answer = _resolver().resolve(name, "TXT", lifetime=ANSWER_SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.EmptyLabel):
        return []
    except dns.exception.DNSException as error:
        raise NoAnswer(name) from error
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _resolver() -> dns.resolver.Resolver:
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    places = [place.rpartition(":") if _has_port(place) else (place, "", "53") for place in settings.DNS_SERVERS]
    resolver.nameservers = [host.strip("[]") for host, _colon, _port in places]
    resolver.nameserver_ports = {host.strip("[]"): int(port) for host, _colon, port in places}
    return resolver


def _has_port(place: str) -> bool:
    try:
        ipaddress.ip_address(place)
    except ValueError:
        return True
    return False


def _is_good_key(text: str) -> bool:
    tags = dict(word.strip().partition("=")[::2] for word in text.split(";") if "=" in word)
    tags = {name.strip(): value.strip() for name, value in tags.items()}
    if tags.get("v", "DKIM1") != "DKIM1" or not tags.get("p"):
        return False
    if tags.get("k", "rsa") == "ed25519":
        return True
    try:
        key = load_der_public_key(b64decode(tags["p"].replace(" ", "")))
    except (ValueError, UnsupportedAlgorithm):
        return False
    return isinstance(key, rsa.RSAPublicKey) and key.key_size >= LEAST_KEY_BITS

"""Connections to hosts that somebody typed: only to what the whole internet may reach, never into our own network.

A name is resolved once and the very address that was judged is connected to: an answer that changes in between leads
nowhere. One address that is not public is enough to refuse the name.
"""

import ipaddress
import socket

from django.conf import settings

# Addresses of the old internet inside those of the new one (RFC 6052): judged by what stands in them.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class NotPublic(OSError):
    """The name leads into a private network, or to this machine."""


def connect_publicly(host: str, port: int, *, timeout: float) -> socket.socket:
    """An open connection to a host that is reachable for everybody. `timeout` is in seconds, for each of its addresses.

    Raises NotPublic where any of its addresses is not, gaierror where the name is unknown, OSError where nobody
    answers. Where MAY_REACH_THIS_MACHINE is set, this machine itself counts as public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "This is no name of a host.") from error
    if not found or not all(is_public(str(address[0])) for *_, address in found):
        raise NotPublic(f"{host} is not public")
    trouble: OSError = OSError("no address")
    for family, kind, protocol, _name, address in found:
        line = socket.socket(family, kind, protocol)
        try:
            line.settimeout(timeout)
            line.connect(address)
        except OSError as error:
            line.close()
            trouble = error
        else:
            return line
    raise trouble


def is_public(address: str) -> bool:
    """Whether everybody on the internet may reach an IP address, whatever other address is wrapped in it."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if settings.MAY_REACH_THIS_MACHINE and ip.is_loopback:
        return True
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved

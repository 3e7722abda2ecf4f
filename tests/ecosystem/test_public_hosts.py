"""Hosts that somebody typed: what is not public is never connected to, however it is written."""

import socket

import pytest

from ecosystem.base.public_hosts import NotPublic, connect_publicly, is_public


@pytest.fixture
def listener():
    """Somebody inside the wall; `asked` tells whether a connection came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        yield server


def was_reached(listener: socket.socket) -> bool:
    try:
        listener.accept()[0].close()
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "::ffff:127.0.0.1", "0177.0.0.1"]
)
def test_sec_34_nothing_reaches_this_machine_however_it_is_written(host, listener, settings):
    settings.MAY_REACH_THIS_MACHINE = False
    with pytest.raises(OSError, match=r"public|not known|No address|Name or service"):
        connect_publicly(host, listener.getsockname()[1], timeout=1.0)
    assert not was_reached(listener)


def test_one_address_that_is_not_public_refuses_the_whole_name(listener, settings, monkeypatch):
    settings.MAY_REACH_THIS_MACHINE = False
    port = listener.getsockname()[1]
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_given, **_more: answers)
    with pytest.raises(NotPublic):
        connect_publicly("two-faced.example.com", port, timeout=1.0)
    assert not was_reached(listener)


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(listener, settings, monkeypatch):
    """A name that answers differently when asked again is asked once."""
    settings.MAY_REACH_THIS_MACHINE = True
    asked = []
    really = socket.getaddrinfo

    def once(host: str, port: int, **given: object) -> object:
        asked.append(host)
        return really("127.0.0.1", port, **given)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    connect_publicly("mail.example.com", listener.getsockname()[1], timeout=1.0).close()
    assert asked == ["mail.example.com"]
    assert was_reached(listener)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address that is judged, none that is listened at
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("ff02::1", False),
    ],
)
def test_sec_34_only_what_all_may_reach_is_public(address, expected, settings):
    settings.MAY_REACH_THIS_MACHINE = False
    assert is_public(address) is expected


def test_in_development_this_machine_counts_and_the_house_next_door_does_not(settings):
    settings.MAY_REACH_THIS_MACHINE = True
    assert is_public("127.0.0.1")
    assert is_public("::1")
    assert not is_public("192.168.1.1")
    assert not is_public("169.254.169.254")

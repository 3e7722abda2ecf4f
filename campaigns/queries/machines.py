"""Programs that fetch what stands in letters and are no reader: scanners, previews, Apple's privacy proxy.

They are lines of `campaigns/data/machines.csv`, each with where it is known from: words that stand in the name a
program gives itself, whole names (`exact`), and networks that no reader sits in.
"""

import csv
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

MACHINES = Path(__file__).resolve().parent.parent / "data" / "machines.csv"


@dataclass(frozen=True, slots=True)
class KnownMachines:
    """The table, read once."""

    words: tuple[str, ...]
    names: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]


def machine_reason(user_agent: str, *, ip: str | None, is_head: bool) -> str:
    """Why whoever asks is plainly a machine: `head`, `agent` or `network`; empty where it may be a person."""
    if is_head:
        return "head"
    known, agent = known_machines(), user_agent.strip().lower()
    if not agent or agent in known.names or any(word in agent for word in known.words):
        return "agent"
    return "network" if ip and _is_within(ip, known.networks) else ""


@lru_cache(maxsize=1)
def known_machines() -> KnownMachines:
    """What the table says."""
    with MACHINES.open(newline="") as table:
        lines = [(line["kind"], line["pattern"]) for line in csv.DictReader(table)]
    return KnownMachines(
        words=tuple(pattern for kind, pattern in lines if kind == "agent" and pattern),
        names=frozenset(pattern for kind, pattern in lines if kind == "exact"),
        networks=tuple(ip_network(pattern) for kind, pattern in lines if kind == "network"),
    )


@lru_cache(maxsize=4_096)
def _is_within(ip: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(ip)
    except ValueError:
        return False
    return any(address in network for network in networks)

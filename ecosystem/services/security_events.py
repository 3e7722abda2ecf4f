"""What happens at the door, before anybody knows which business it is about."""

from ecosystem.base.addresses import address_hash
from ecosystem.models import SecurityEvent


def record_security_event(kind: str, *, user_id: int | None = None, ip: str = "") -> SecurityEvent:
    """Write down a sign-in, a wrong password, a reset and the like; the address is kept as a keyed hash only."""
    return SecurityEvent.objects.create(kind=kind, user_id=user_id, ip_hash=address_hash("ip", ip)[:64] if ip else "")

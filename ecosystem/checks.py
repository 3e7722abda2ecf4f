"""What must hold before this installation answers anybody."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

from ecosystem.queries.routes import addresses_without_a_rule


@register(Tags.urls)
def every_address_says_who_may_come_in(**_kwargs: Any) -> list[CheckMessage]:
    """An address without a right, a scope or an open door is an oversight, and no command starts with it."""
    hint = "Decorate its view with member_required, name its scopes, or add its first word to OPEN_DOORS with a reason."
    return [
        Error(f"Nobody has said who may reach {address}.", hint=hint, id="ecosystem.E001")
        for address in addresses_without_a_rule()
    ]

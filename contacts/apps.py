"""The contacts app."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """Registers what contacts hears and lends, once all models are known."""

    name = "contacts"

    def ready(self) -> None:
        """Load what fills the registries and hears the events."""
        from contacts import contributions, handlers  # noqa: F401

"""The contacts app."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """Registers what contacts hears and lends, once all models are known."""

    name = "contacts"

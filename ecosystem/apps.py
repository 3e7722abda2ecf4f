"""The ecosystem app."""

from django.apps import AppConfig


class EcosystemConfig(AppConfig):
    """Registers what ecosystem hears and lends, once all models are known."""

    name = "ecosystem"

    def ready(self) -> None:
        from ecosystem import checks, contributions, handlers  # noqa: F401

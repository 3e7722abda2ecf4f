"""The campaigns app."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """Registers what campaigns hears and lends, once all models are known."""

    name = "campaigns"

    def ready(self) -> None:
        from campaigns import contributions, handlers  # noqa: F401

"""Which connection may change the schema."""

from typing import Any

OWNER_ALIAS = "owner"


class OwnerMigrates:
    """Migrations run as the owner of the tables only, never as the application."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db == OWNER_ALIAS

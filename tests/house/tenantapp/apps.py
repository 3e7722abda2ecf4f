"""An app that exists in tests only: its tables are made and dropped by the tests of the kernel."""

from django.apps import AppConfig


class TenantAppConfig(AppConfig):
    """Models that exercise every case of the wall."""

    name = "tests.house.tenantapp"
    label = "tenantapp"
    default_auto_field = "django.db.models.BigAutoField"

"""Points Django at our SQL compilers."""

from django.db.backends.postgresql import operations


class DatabaseOperations(operations.DatabaseOperations):
    """PostgreSQL's operations with compilers that keep the business in deletes and updates."""

    compiler_module = "ecosystem.base.postgres.compiler"

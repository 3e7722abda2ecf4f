"""A process of its own that works on a list to its end; its arguments: business, job, rows of a slice."""

import sys

import django


def main() -> None:
    """Take in slice after slice."""
    django.setup()
    from contacts.services.import_slices import work_import

    while work_import(int(sys.argv[1]), sys.argv[2], slice_rows=int(sys.argv[3])):
        pass

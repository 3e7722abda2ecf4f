#!/usr/bin/env python
"""Django's command line for Lampwalk."""

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

from ecosystem.config import env

# Commands that need more than the application's role; no other process is given the way to it.
NEED_OWNER = {"migrate", "makemigrations", "showmigrations", "sqlmigrate", "squashmigrations", "backup", "restore"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    if NEED_OWNER & set(sys.argv[1:2]) and "DATABASE_URL" not in os.environ:
        data = Path(os.environ.get("DATA_DIR") or Path(__file__).resolve().parent / ".data")
        env.load_file(data / "owner.env")
    execute_from_command_line(sys.argv)

"""How long what changed many records, or made two one, can be taken back."""

from datetime import timedelta

UNDO_WITHIN = timedelta(days=30)

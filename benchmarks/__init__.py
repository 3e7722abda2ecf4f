"""Benchmarks, one module each; `manage.py bench NAME` runs them."""


class Missing(Exception):
    """Something that a benchmark needs beside us is not on this machine; the text says what and how to get it."""

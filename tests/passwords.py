"""How passwords are hashed in tests: as by the product, in few rounds. Its rounds take a third of a second each."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class FewRounds(PBKDF2PasswordHasher):
    """The product's own way, so that processes with its settings read what a test has written."""

    iterations = 1_000

"""A worker whose process dies at one letter, as by a fault in compiled code.

Serves the lanes of sequences once. DEADLY_ADDRESS names the reader whose letter takes the process down.
"""

import os
import signal

import django


def main() -> None:
    """Serve until nothing is due, or until the letter comes."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecosystem.config.settings")
    django.setup()
    from campaigns.services.rendering import LetterPress
    from ecosystem.services.agenda import work_lane

    make = LetterPress.make

    def die_or_make(press, message, now):
        if message.address == os.environ["DEADLY_ADDRESS"]:
            os.kill(os.getpid(), signal.SIGKILL)
        return make(press, message, now)

    LetterPress.make = die_or_make
    work_lane("sequence", seconds=30)


if __name__ == "__main__":
    main()

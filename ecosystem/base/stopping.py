"""Whether this worker was asked to end: said by its master to all the processes it has forked, at once.

Celery's warm shutdown waits for running tasks and tells them nothing; ours would go on taking letters in hand.
"""

import mmap

# Anonymous and shared: who was forked from this process sees the same byte.
_FLAG = mmap.mmap(-1, 1)


def ask_to_stop() -> None:
    """From now on nothing new is taken in hand; what is begun is finished and the rest given back."""
    _FLAG[0] = 1


def is_stopping() -> bool:
    """Whether somebody asked."""
    return _FLAG[0] == 1


def take_back() -> None:
    """Go on after all."""
    _FLAG[0] = 0

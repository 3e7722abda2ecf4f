"""`python -m ecosystem.config.embedded up | servers | test -- command ...`."""

import os
import sys
from pathlib import Path

from ecosystem.config.embedded.places import CHECKOUT, Places
from ecosystem.config.embedded.testing import test
from ecosystem.config.embedded.up import up

USAGE = """usage: python -m ecosystem.config.embedded up                  everything, until Ctrl-C
       python -m ecosystem.config.embedded servers             only PostgreSQL and Redis, until Ctrl-C
       python -m ecosystem.config.embedded test -- command     servers of its own for one command
"""


def main(arguments: list[str]) -> int:
    """Choose what to start. Files live in DATA_DIR (.data); those for tests in a folder beside them."""
    data = Path(os.environ.get("DATA_DIR") or CHECKOUT / ".data").expanduser().resolve()
    match arguments:
        case ["up"]:
            return up(Places(data))
        case ["servers"]:
            return up(Places(data), servers_only=True)
        case ["test", "--", *command] if command:
            return test(Places(data / "test"), command)
    sys.stderr.write(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

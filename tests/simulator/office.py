"""What letters and texts come to, whichever way they are brought: taken and written down, then told of."""

from collections.abc import Container
from dataclasses import dataclass

from tests.simulator.logs import AppendOnly
from tests.simulator.script import Script
from tests.simulator.webhooks import Teller


@dataclass(frozen=True)
class Taken:
    """A letter or a text that was taken. `letter` is the sender's id of it, `reply_url` where a text is told of."""

    letter: str
    recipient: str
    sender: str
    reply_url: str = ""

    @property
    def is_text(self) -> bool:
        return bool(self.reply_url)


class Office:
    """The script, the log of what was taken, and who tells of it."""

    def __init__(self, script: Script, log: AppendOnly, teller: Teller) -> None:
        self.script, self.teller = script, teller
        self.keys: dict[str, bytes] = {}
        self._log = log

    def trouble(self, known: Container[str]) -> str:
        """What the script does to the next one."""
        return self.script.trouble(known)

    def take(self, taken: Taken) -> None:
        """Write it down; whoever brought it does not know yet. What is told of it may well be quicker."""
        self._log.write(f"<{taken.letter}>", taken.recipient)
        self.teller.tell(taken, self.script.words_of(taken.sender, is_text=taken.is_text))

"""What every way out promises: one answer for each message, and an honest "perhaps" where nobody can know."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class Verdict(StrEnum):
    """What became of one message at the provider."""

    ACCEPTED = "accepted"
    REFUSED_TEMPORARY = "refused_temporary"  # a definite no, worth another try
    REFUSED_PERMANENT = "refused_permanent"  # a definite no, for good
    PERHAPS = "perhaps"  # the last byte may have arrived: never send again by yourself


class Refusal(StrEnum):
    """What a no says about the address itself, where the provider tells it by a code."""

    OPTED_OUT = "opted_out"  # they told the provider to stop
    NO_SUCH_ADDRESS = "no_such_address"


class Trouble(StrEnum):
    """What is wrong with a way out, where it can be told: each has a sentence of its own for whoever set it up."""

    NAME_UNKNOWN = "name_unknown"
    NOT_PUBLIC = "not_public"
    NOBODY_THERE = "nobody_there"
    TOO_SLOW = "too_slow"
    CERTIFICATE = "certificate"
    NO_ENCRYPTION = "no_encryption"
    OTHER_ENCRYPTION = "other_encryption"
    OTHER_SPEECH = "other_speech"
    NO_SIGN_IN = "no_sign_in"
    SIGN_IN = "sign_in"
    HUNG_UP = "hung_up"


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One mail or text on its way: an envelope with one recipient, and the bytes of it.

    `has_dots` says that a line may begin with a dot, which SMTP wants doubled. Our own letters have none, and to look
    through each of them would take half as long as to build it. `reply_url` is
    where the provider of a text reports and answers to.
    """

    id: UUID
    envelope_from: str
    recipient: str
    body: bytes
    has_dots: bool = True
    reply_url: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer for one message.

    `is_fault` says that the trouble is the provider's or the line's and not this recipient's: the breaker counts those.
    `was_started` is False while not one byte of the message's content has left; such a message may go out again under
    any rule. `retry_after_seconds` is when the provider wants to be asked again. `trouble` is what is wrong with the
    way out itself.
    """

    id: UUID
    verdict: Verdict
    code: int | None = None
    response: str = ""
    provider_id: str = ""
    is_fault: bool = False
    was_started: bool = True
    refusal: Refusal | None = None
    retry_after_seconds: int | None = None
    trouble: Trouble | None = None


Started = Callable[[UUID], bool]
Answered = Callable[[Outcome], None]


class Gateway(Protocol):
    """A way out. One instance serves one worker at a time."""

    def send(
        self, messages: Iterable[OutgoingMessage], *, started: Started, answered: Answered | None = None
    ) -> list[Outcome]:
        """Hand the messages over and answer for each, in their order. Never raises for trouble on the line.

        `messages` is read a little ahead, so that a mail is built while the provider works on another. `started` is
        called before the first content byte of a message leaves, and not before the one ahead of it has its answer: at
        most one message is in doubt when the process dies. Where it answers False (the lease is lost) neither that
        message nor any after it is sent; they are answered as not started. `answered` hears each answer as it comes,
        before the next message is started.
        """

    def close(self) -> None:
        """Say goodbye and give the connection back."""

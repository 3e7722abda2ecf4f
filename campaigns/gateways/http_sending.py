"""What every way out over HTTP does alike: one message after the other on one line, by the promises of Gateway.send."""

from collections.abc import Callable, Iterable, Iterator

from campaigns.gateways.base import Answered, Outcome, OutgoingMessage, Started, Trouble, Verdict
from campaigns.gateways.http_line import HttpLine, LineCut, NoLine, rest_of


def send_in_order(
    messages: Iterable[OutgoingMessage],
    *,
    line: HttpLine,
    account: str,
    hand_over: Callable[[OutgoingMessage], Outcome],
    started: Started,
    answered: Answered | None,
) -> list[Outcome]:
    """Hand messages over by `hand_over`, on an open line, and answer for each in their order; see Gateway.send.

    While a provider wants to be left alone, without a line, or after `started` said no, none of the rest is begun.
    """
    outcomes: list[Outcome] = []
    waiting = iter(messages)
    for message in waiting:
        rest = rest_of(account)
        if rest:
            return outcomes + [_asked_to_wait(left, rest) for left in _all(message, waiting)]
        try:
            line.open()
        except NoLine as error:
            return outcomes + [_not_started(left, str(error), error.trouble) for left in _all(message, waiting)]
        if not started(message.id):
            words = "This worker had to stop."
            return outcomes + [_not_started(left, words, is_fault=False) for left in _all(message, waiting)]
        outcome = hand_over(message)
        outcomes.append(outcome)
        if answered is not None:
            answered(outcome)
    return outcomes


def outcome_of_cut(message: OutgoingMessage, cut: LineCut) -> Outcome:
    """What a line that broke means for a message: perhaps, once the whole request was out."""
    verdict = Verdict.PERHAPS if cut.is_whole else Verdict.REFUSED_TEMPORARY
    return Outcome(message.id, verdict, None, str(cut), is_fault=True)


def _all(first: OutgoingMessage, others: Iterable[OutgoingMessage]) -> Iterator[OutgoingMessage]:
    yield first
    yield from others


def _asked_to_wait(message: OutgoingMessage, seconds: int) -> Outcome:
    words, verdict = "The provider asked for a rest.", Verdict.REFUSED_TEMPORARY
    return Outcome(message.id, verdict, None, words, was_started=False, retry_after_seconds=seconds)


def _not_started(
    message: OutgoingMessage, reason: str, trouble: Trouble | None = None, *, is_fault: bool = True
) -> Outcome:
    verdict = Verdict.REFUSED_TEMPORARY
    return Outcome(message.id, verdict, None, reason[:500], is_fault=is_fault, was_started=False, trouble=trouble)

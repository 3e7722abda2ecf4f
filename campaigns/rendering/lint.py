"""What stands between a letter and its first reader: faults that block it, hints that do not."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.rendering.letters import TRANSACTIONAL
from campaigns.rendering.plan import CONSTANT, LEAVE, PREFERENCES, Parts, RenderPlan, Slot

LONG_SUBJECT = 60
CLIPPED_BYTES = 100_000  # Gmail shows no more of a mail than about this


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to say about a letter. A blocking one stops it from being published."""

    code: str
    message: str
    is_blocking: bool
    field: str | None = None


def lint_plan(plan: RenderPlan, constants: Mapping[str, str]) -> list[Finding]:
    """What is wrong with a compiled letter for this sender, the worst first."""
    findings: list[Finding] = []
    if not constants.get("business.postal_address"):
        sentence = _("Your postal address is missing. The law wants it under every letter: add it in settings.")
        findings.append(Finding("postal_address_missing", sentence, is_blocking=True))
    if not constants.get("business.name") or not constants.get("sender.name"):
        sentence = _("Say who writes: the letter has no sender name yet.")
        findings.append(Finding("sender_missing", sentence, is_blocking=True))
    if plan.message_class != TRANSACTIONAL and not (_has_leave_links(plan.html) and _has_leave_links(plan.text)):
        sentence = _("The letter has no way out. It must show the links to stop and to choose.")
        findings.append(Finding("leave_link_missing", sentence, is_blocking=True))
    if plan.message_class == TRANSACTIONAL and plan.links:
        sentence = _(
            "Who gets this letter needs it now. It must offer nothing else: take the links to other pages out."
        )
        findings.append(Finding("promotion_in_needed_letter", sentence, is_blocking=True, field="body"))
    for name in sorted(_empty_constants(plan, constants)):
        sentence = _("{{ %(name)s }} is empty. Fill it in settings, or take it out of the letter.") % {"name": name}
        findings.append(Finding("constant_empty", sentence, is_blocking=True, field="body"))
    return findings + _hints(plan)


def _hints(plan: RenderPlan) -> list[Finding]:
    hints: list[Finding] = []
    subject = "".join(part if isinstance(part, str) else "x" * 6 for part in plan.subject)
    if len(subject) > LONG_SUBJECT:
        sentence = _("The subject has %(count)s characters. Phones show about %(shown)s of them.")
        words = {"count": len(subject), "shown": LONG_SUBJECT}
        hints.append(Finding("subject_long", sentence % words, is_blocking=False, field="subject"))
    if subject.isupper() and len(subject) > 10:
        sentence = _("A subject in capitals looks like shouting, and is often taken for spam.")
        hints.append(Finding("subject_capitals", sentence, is_blocking=False, field="subject"))
    if not plan.preheader:
        sentence = _("Without a first line, people see the start of the letter beside the subject.")
        hints.append(Finding("preheader_missing", sentence, is_blocking=False, field="preheader"))
    if sum(len(part) for part in plan.html if not isinstance(part, Slot)) > CLIPPED_BYTES:
        sentence = _("The letter is so long that Gmail cuts it off and hides its end.")
        hints.append(Finding("letter_long", sentence, is_blocking=False, field="body"))
    return hints


def _has_leave_links(parts: Parts) -> bool:
    kinds = {part.kind for part in parts if isinstance(part, Slot)}
    return {LEAVE, PREFERENCES} <= kinds


def _empty_constants(plan: RenderPlan, constants: Mapping[str, str]) -> set[str]:
    written = {
        part.name
        for part in (*plan.subject, *plan.preheader, *plan.html, *plan.text)
        if isinstance(part, Slot) and part.kind == CONSTANT and not part.fallback
    }
    own = {"business.name", "business.postal_address", "sender.name", "footer.reason"}
    return {name for name in written - own if not constants.get(name)}

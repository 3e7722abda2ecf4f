"""How a text stands: what it prints, what it costs, what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from campaigns.models import Content
from campaigns.queries.contents import names_to_try, topic_of_letter
from campaigns.queries.texts import has_text_account, text_settings
from campaigns.rendering.lint import Finding
from campaigns.rendering.liquid import RenderTooLarge
from campaigns.rendering.plan import Parts, Slot
from campaigns.rendering.preview import sample_person
from campaigns.rendering.segments import Segments, is_toll_free, longest_of
from campaigns.rendering.texts import TextVoice, compile_text, finish_text, lint_text, print_text
from campaigns.services.rendering import merge_of_contact, sender_identity
from ecosystem.base.errors import Invalid
from ecosystem.queries.businesses import get_profile


@dataclass(frozen=True)
class TextReport:
    """A text as it stands, spoken in the business's voice; counted on the dearest copy of a sample of its people."""

    parts: Parts | None
    findings: list[Finding]
    constants: Mapping[str, str]
    voice: TextVoice
    has_account: bool
    samples: Sequence[Mapping[str, str]] = ()
    has_short_parts: bool = False

    @property
    def blocking(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.is_blocking]

    @property
    def is_personal(self) -> bool:
        """Whether copies differ from each other."""
        return any(isinstance(part, Slot) for part in self.parts or ())

    @cached_property
    def segments(self) -> Segments:
        """What the dearest copy costs, with the business's name in it."""
        return self._longest(is_first=False)

    @cached_property
    def longest_segments(self) -> Segments:
        """The same for the first text about the topic, which says how often texts come and how to stop."""
        return self._longest(is_first=True)

    def copy(self, merge: Mapping[str, str], *, is_first: bool = False) -> str:
        """One person's copy; empty where the text cannot be sent."""
        if self.parts is None:
            return ""
        try:
            words = print_text(self.parts, self.constants, merge)
        except RenderTooLarge:
            return ""
        return finish_text(words, self.voice, is_first=is_first)

    def _longest(self, *, is_first: bool) -> Segments:
        copies = [copy for sample in self.samples if (copy := self.copy(sample, is_first=is_first))]
        return longest_of(copies, is_toll_free=self.has_short_parts)


def read_text(content: Content) -> TextReport:
    """How the text of a content stands now, for the business as it is now."""
    profile, settings = get_profile(), text_settings()
    topics = topic_of_letter(content.id)
    voice = settings.voice(topics[0] if topics else None)
    constants = sender_identity(profile, topics=topics).values()
    try:
        parts: Parts | None = compile_text(content.text_body, settings.language)
        findings = lint_text(parts or (), constants)
    except Invalid as problem:
        parts = None
        findings = [Finding(problem.code, str(problem), is_blocking=True, field=problem.field)]
    samples = [sample_person(), *(merge_of_contact(person) for person in names_to_try())]
    has_short_parts = is_toll_free(settings.number)
    return TextReport(parts, findings, constants, voice, has_text_account(), samples, has_short_parts)

"""Moving somebody on the ladder."""

from collections.abc import Sequence

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from contacts.forms.people_filter import FilterNotUnderstood, read_filter
from contacts.models import Stage
from contacts.queries.ladder import BoardFilter

# What narrows the board, as its address writes it.
BOARD_FILTERS = ("owner", "tag", "step")

REASONS: dict[str, Sequence[Promise]] = {
    Stage.CLIENT: (_("Bought something"), _("Paid a deposit"), _("Signed an agreement")),
    Stage.ADVOCATE: (_("Brought us a friend"), _("Wrote a good review"), _("Tells others about us")),
}
REASONS_DOWN: Sequence[Promise] = (
    _("Moved up by mistake"),
    _("It did not come to anything"),
    _("Has not been here for long"),
)


class StageForm(forms.Form):
    """The rung to stand on, and why, if somebody says so. `seen` is where the person stood on the page, `said` a
    reason that was chosen instead of typed."""

    stage = forms.ChoiceField(choices=Stage.choices)
    reason = forms.CharField(required=False, max_length=200)
    said = forms.CharField(required=False, max_length=200)
    seen = forms.ChoiceField(choices=[("none", ""), *Stage.choices], required=False)

    def seen_stage(self) -> str | None:
        """Where the person stood on the page; empty beside the ladder, None where the page did not tell."""
        seen: str = self.cleaned_data["seen"]
        return "" if seen == "none" else seen or None


def read_board_filter(query: QueryDict) -> BoardFilter:
    """The filter that the address of the board asks for; raises FilterNotUnderstood for what means nothing."""
    people = read_filter(query)
    if query.get("step", "") not in ("", "1"):
        raise FilterNotUnderstood("step", query["step"])
    return BoardFilter(owner=people.owner, tag_id=people.tag_id, has_step=bool(query.get("step")))


def reasons_for(from_stage: str | None, to_stage: str) -> Sequence[Promise]:
    """What most people would answer to why somebody is moved there."""
    places = Stage.values
    is_down = from_stage is not None and places.index(to_stage) < places.index(from_stage)
    return REASONS_DOWN if is_down else REASONS.get(to_stage, ())

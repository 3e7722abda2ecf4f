"""What campaigns lends to Today: the first steps towards letters that people asked for."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from campaigns.queries.settling import beginnings
from ecosystem.base.access import Action
from ecosystem.checklist import SettlingFacts, SettlingStep


def settling_steps(facts: SettlingFacts) -> Sequence[SettlingStep]:
    """An opt-in page, then a sequence: people say yes before anything is sent."""
    begun = beginnings()
    return [
        SettlingStep(
            _("Put an opt-in page on the counter"),
            begun.has_opt_in_page,
            "campaigns:signup_form_list",
            Action.EDIT_SIGNUP_FORMS,
        ),
        SettlingStep(
            _("Let a first sequence follow them home"),
            begun.has_live_sequence,
            "campaigns:sequence_list",
            Action.EDIT_SEQUENCES,
        ),
    ]

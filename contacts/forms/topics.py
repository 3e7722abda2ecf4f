"""What a browser sends about a topic."""

from django import forms
from django.utils.translation import gettext_lazy as _

from contacts.models import Topic
from ecosystem.base.form_fields import NewIdField


class TopicForm(forms.Form):
    """A topic in the words that customers read."""

    key = NewIdField()
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("As your customers say it: “What is in season”.")
    )
    promise = forms.CharField(
        label=_("What they get"),
        max_length=200,
        help_text=_("One sentence, printed beside the box: “Two letters a month, mostly recipes, no partner offers”."),
    )
    promised_count = forms.IntegerField(
        label=_("At most so many letters"),
        min_value=1,
        max_value=31,
        help_text=_("We keep this for you: a letter more waits until its reader may have one again."),
    )
    promised_days = forms.TypedChoiceField(
        label=_("in"),
        coerce=int,
        choices=[(7, _("a week")), (30, _("a month")), (90, _("three months")), (365, _("a year"))],
    )
    message_class = forms.ChoiceField(
        label=_("What kind of letters"),
        choices=[
            (Topic.MessageClass.MARKETING, _("News and offers")),
            (Topic.MessageClass.RELATIONSHIP, _("Something promised, like a course in five letters")),
        ],
        widget=forms.RadioSelect,
        initial=Topic.MessageClass.MARKETING,
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, topic: Topic | None = None, **kwargs) -> None:
        if topic is not None:
            kwargs["initial"] = {
                "name": topic.name,
                "promise": topic.promise,
                "promised_count": topic.promised_count,
                "promised_days": topic.promised_days,
                "version": topic.version,
            }
        super().__init__(*args, **kwargs)
        if topic is not None:
            del self.fields["message_class"], self.fields["key"]
            self.fields["version"].required = True
        known_days = [days for days, _label in self.fields["promised_days"].choices]
        if topic is not None and topic.promised_days not in known_days:
            label = _("%(number)s days") % {"number": topic.promised_days}
            self.fields["promised_days"].choices += [(topic.promised_days, label)]

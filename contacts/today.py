"""What contacts lends to Today: how people are counted, who is hungry, who may be written to, the first steps."""

from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from contacts.models import Channel
from contacts.queries.health import count_kinds, count_risen, waiting_people
from contacts.queries.reach import Reach, count_permission
from ecosystem.attention import Notice
from ecosystem.base.access import Action
from ecosystem.checklist import SettlingFacts, SettlingStep
from ecosystem.gauges import (
    REACH_WEEKS,
    DueStep,
    GaugeQuestion,
    HungryPerson,
    KindGauge,
    PermissionCount,
    PermissionCounts,
    WhoWaits,
)
from ecosystem.models import LADDER, Kind
from ecosystem.queries.tallies import tally

# What somebody is worth to the business is not measured yet: everybody counts the same.
UNKNOWN_VALUE = 0.5
NOBODY = Reach(0, 0, [0] * REACH_WEEKS)
SHOWN_CHANNELS = (Channel.EMAIL, Channel.SMS)


def people_url(slug: str, kind: str) -> str:
    """The people of one kind."""
    return f"{reverse('contacts:contact_list', kwargs={'slug': slug})}?{urlencode({'kind': kind})}"


def adding_url(slug: str, kind: str) -> str:
    """Where somebody of a kind is added."""
    return f"{reverse('contacts:contact_add', kwargs={'slug': slug})}?{urlencode({'kind': kind})}"


def person_url(slug: str, person: HungryPerson) -> str:
    """Where a talk with somebody is written down."""
    return reverse("contacts:interaction_add", kwargs={"slug": slug, "id": person.contact_id})


def quiet_url(slug: str) -> str:
    """Everybody, beginning with those with whom nothing happened for longest."""
    return f"{reverse('contacts:contact_list', kwargs={'slug': slug})}?{urlencode({'sort': 'quiet'})}"


def how_many(kind: str) -> int:
    """How many people are of a kind."""
    return tally("people_by_stage" if kind in LADDER else "people_by_role", kind)


def who_waits(question: GaugeQuestion) -> WhoWaits:
    """The hungriest few of every kind (a firm shows by its name, with the person to talk to), and what is due."""
    waiting, steps = waiting_people(question)
    hungry = [
        HungryPerson(
            contact_id=one.contact_id,
            name=one.organization or one.name,
            person=one.given_name or one.name,
            kind=one.kind,
            hunger=one.hunger,
            days=max((question.midnight - one.fed_at).days, 0),
            was_ever_fed=one.was_ever_fed,
            may_act=one.may_act,
            value=UNKNOWN_VALUE,
        )
        for one in waiting
    ]
    due = [
        DueStep(
            id=one.step_id,
            contact_id=one.contact_id,
            name=one.name,
            what=one.what,
            due_on=one.due_on,
            days_late=(question.today - one.due_on).days,
            user_id=one.user_id,
        )
        for one in steps
    ]
    return WhoWaits(hungry, due)


def permission_figures(question: GaugeQuestion, at_most: int | None) -> PermissionCounts | None:
    """How many people may be reached by email and by text, also where it is nobody yet."""
    found = count_permission(question, at_most)
    if found is None:
        return None
    channels = []
    for channel in SHOWN_CHANNELS:
        reach = found.by_channel.get(channel.value, NOBODY)
        if reach.people or channel == Channel.EMAIL:
            channels.append(PermissionCount(channel.value, reach.people, reach.gained, reach.weeks))
    return PermissionCounts(channels, found.left, found.complained)


def data_notice(slug: str, number: int) -> Notice:
    """What people asked about their data, until somebody has taken note of it."""
    words = ngettext(
        "%(n)s person asked about their data. Look at what became of it.",
        "%(n)s people asked about their data. Look at what became of it.",
        number,
    )
    url = reverse("contacts:data_request_list", kwargs={"slug": slug})
    return Notice(words % {"n": number}, url, Action.EXPORT_PEOPLE)


def settling_steps(facts: SettlingFacts) -> Sequence[SettlingStep]:
    """The steps that are about people; Today knows already how many there are."""
    others = sum(people for kind, people in facts.people.items() if kind != Kind.ASSOCIATE)
    return [
        SettlingStep(_("Bring in your people"), others > 0, "contacts:import_list", Action.IMPORT_PEOPLE),
        SettlingStep(
            _("Add one partner"), facts.people.get(Kind.PARTNER, 0) > 0, "contacts:contact_add", Action.EDIT_PEOPLE
        ),
    ]


PEOPLE_GAUGE = KindGauge(
    count=count_kinds,
    risen=count_risen,
    people_url=people_url,
    adding_url=adding_url,
    person_url=person_url,
    quiet_url=quiet_url,
    how_many=how_many,
    steps_template="contacts/next_steps/_today.html",
)

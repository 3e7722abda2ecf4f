"""The first steps of a business towards letters that people asked for."""

import pytest

from campaigns.models import Sequence, SignupForm
from campaigns.queries.settling import Beginnings, beginnings
from ecosystem.base.clock import now
from ecosystem.base.tenancy import business_scope
from tests.factories.ecosystem import make_business
from tests.factories.permission import make_topic


@pytest.mark.django_db
def test_a_step_is_done_when_the_page_is_up_and_the_sequence_ran_once():
    garage, bakery = make_business("Garage"), make_business("Bakery")
    with business_scope(bakery):
        form = SignupForm.objects.create(slug="starter", headline="Keep your starter alive")
        sequence = Sequence.objects.create(name="Starter letters", topic=make_topic())
        assert beginnings() == Beginnings(has_opt_in_page=False, has_live_sequence=False)
        SignupForm.objects.filter(pk=form.pk).update(published_at=now())
        Sequence.objects.filter(pk=sequence.pk).update(live_version=1)
        assert beginnings() == Beginnings(has_opt_in_page=True, has_live_sequence=True)
        SignupForm.objects.filter(pk=form.pk).update(archived_at=now())
        assert beginnings() == Beginnings(has_opt_in_page=False, has_live_sequence=True)
    with business_scope(garage):
        assert beginnings() == Beginnings(has_opt_in_page=False, has_live_sequence=False)

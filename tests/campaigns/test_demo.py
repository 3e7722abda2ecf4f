"""The demo shows every state of the newer pages without any work, and stays whole when the workers begin."""

from collections import Counter

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.demo.story import OWNER, write_demo
from campaigns.models import Message, ProviderAccount, Sequence
from contacts.models import Contact, Import, NextStep
from ecosystem.base.tenancy import business_scope
from ecosystem.models import Notice, User
from tests.factories.campaigns import work
from tests.factories.ecosystem import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(600)]


def test_the_demo_shows_every_state_and_nothing_breaks_when_work_begins(mail_server, settings, tmp_path):
    settings.MAIL_SINK_DIR = str(tmp_path)
    business = write_demo()
    nora = sign_in(Client(), User.objects.get(email=OWNER[1]))

    def page(name: str, **ids: object) -> str:
        answer = nora.get(reverse(name, kwargs={"slug": business.slug, **ids}), follow=True)
        assert answer.status_code == 200, name
        return answer.content.decode()

    with business_scope(business):
        sequence = Sequence.objects.get(name="Your order is ready")
        texts = Counter(Message.objects.filter(channel="sms").values_list("state", flat=True))
        held = Message.objects.filter(state="planned", reason="while_away").count()
        late = NextStep.objects.filter(due_on__lt=timezone.now().date()).count()
        imported = Import.objects.get()
        assert texts == {"delivered": 25, "deferred": 6, "unknown": 3, "skipped": 4, "failed": 2}
        assert (held, late > 0) == (8, True)
        assert (imported.state, imported.added_count, imported.problem_count) == ("done", 3, 3)
        assert Contact.objects.filter(family_name="Novak").values("primary_phone").distinct().count() == 1
        assert Notice.objects.filter(read_at=None).count() >= 3
        assert ProviderAccount.objects.get().carries
    assert "Ready to pick up" in page("campaigns:sequence_detail", id=sequence.id)
    assert "The mailbox of this machine" in page("campaigns:mail_account")
    assert "8 letters" in page("campaigns:sequence_list")
    work(times=2)
    with business_scope(business):
        assert Counter(Message.objects.filter(channel="sms").values_list("state", flat=True)) == texts
        assert Message.objects.filter(state="planned", reason="while_away").count() == 8
    assert mail_server.url == django_settings.EMAIL_URL

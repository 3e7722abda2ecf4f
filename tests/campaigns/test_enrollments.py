"""Walking a sequence: who starts, who waits, who leaves, and that every step is taken once."""

from campaigns.models import Enrollment, Message, Sequence
from campaigns.services.enrollments import enroll_contact
from tests.factories.campaigns import DAY, make_friend, make_sequence, pass_time, states_of, work


def test_a_letter_goes_out_and_the_next_one_waits_its_time(shop, seasonal, mail_server):
    sequence = make_sequence(seasonal, letters=2)
    ana = make_friend(seasonal)
    enroll_contact(sequence, ana, source="staff")

    work()
    assert mail_server.recipients == ["friend0@example.com"]
    assert states_of(Enrollment) == ["active"]

    pass_time(DAY + 1)
    work()
    assert [mail["Subject"] for mail in mail_server.mails] == ["Letter 1", "Letter 2"]
    assert states_of(Enrollment) == ["completed"]
    assert states_of(Message) == ["accepted", "accepted"]
    assert Sequence.objects.get().state == "live"

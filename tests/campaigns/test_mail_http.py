"""Letters by the key of a provider: each answer is right, nothing goes twice, and what is lost is asked for by key."""

from email.message import EmailMessage
from email.policy import SMTP
from uuid import UUID

import pytest

from campaigns.gateways.base import Outcome, OutgoingMessage, Refusal, Trouble, Verdict
from campaigns.gateways.http_line import forget_rests
from campaigns.gateways.mail import open_mail_gateway
from campaigns.gateways.mail_address import key_address
from campaigns.gateways.mail_http import KEYED
from tests.mail_api import CUT_AFTER, CUT_BEFORE, PROVIDERS, SECRET, Answer, MailApi

KEYLESS = tuple(name for name in PROVIDERS if name not in KEYED)
YES, LATER, NO, PERHAPS = (
    Verdict.ACCEPTED,
    Verdict.REFUSED_TEMPORARY,
    Verdict.REFUSED_PERMANENT,
    Verdict.PERHAPS,
)


@pytest.fixture
def api(settings):
    server = MailApi()
    settings.MAIL_PROVIDER_URLS = server.urls
    forget_rests()
    yield server
    forget_rests()
    server.stop()


def url_of(provider: str, key: str = SECRET) -> str:
    place = {"postmark": "broadcast", "mailgun": "mg.example.com"}.get(provider, "")
    return key_address(provider, key, place=place)


def outgoing(number: int) -> OutgoingMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Noël’s bakery <nora@example.com>"
    mail["To"] = f"p{number}@example.com"
    mail["Reply-To"] = "answers@example.com"
    mail["Subject"] = "Rye, früh"
    mail["Date"] = "Thu, 26 Nov 2026 10:00:00 +0000"
    mail["Message-ID"] = f"<{UUID(int=number)}.mark@example.com>"
    mail["List-Unsubscribe"] = "<https://example.com/u/token>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content("Good morning, Łucja.\n")
    mail.add_alternative("<p>Good morning, Łucja.</p>", subtype="html")
    return OutgoingMessage(UUID(int=number), "nora@example.com", f"p{number}@example.com", mail.as_bytes())


def sent(provider: str, count: int = 1, *, key: str = SECRET, timeout: float = 2.0) -> list[Outcome]:
    gateway = open_mail_gateway(url_of(provider, key), timeout=timeout)
    outcomes = gateway.send([outgoing(number) for number in range(count)], started=lambda _key: True)
    gateway.close()
    assert [outcome.id for outcome in outcomes] == [UUID(int=number) for number in range(count)]
    return outcomes


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_letter_arrives_whole_with_our_id_beside_it(api, provider):
    outcomes = sent(provider, 3)
    assert [outcome.verdict for outcome in outcomes] == [YES] * 3
    assert outcomes[2].provider_id.strip("<")[3:4] == "3"
    assert api.connections == 1
    letter = api.accepted[0]
    assert (letter.recipient, letter.subject) == ("p0@example.com", "Rye, früh")
    assert "nora@example.com" in letter.sender
    assert (letter.text.strip(), letter.html.strip()) == ("Good morning, Łucja.", "<p>Good morning, Łucja.</p>")
    assert letter.headers["list-unsubscribe"] == "<https://example.com/u/token>"
    assert letter.headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert letter.message_id == f"<{UUID(int=0)}.mark@example.com>"
    assert letter.metadata["letter"] == str(UUID(int=0))
    assert "date" not in letter.headers


def test_each_provider_is_told_what_it_wants_to_know(api):
    for provider in PROVIDERS:
        sent(provider)
    paths = [path for path, _headers in api.asked]
    assert paths == ["/postmark/email", "/mailgun/mg.example.com/messages", "/brevo/smtp/email", "/resend/emails"]
    assert api.accepted[0].headers["x-pm-keepid"] == "true"
    keys = [headers.get("Idempotency-Key") for _path, headers in api.asked]
    assert keys == [None, None, None, str(UUID(int=0))]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(("status", "headers"), [(429, {"Retry-After": "30"}), (503, {"Retry-After": "30"}), (429, {})])
def test_a_provider_that_asks_for_a_rest_gets_it(api, provider, status, headers):
    api.script("p0@example.com", Answer(status, {"message": "slow down"}, headers))
    outcomes = sent(provider, 3)
    assert {outcome.verdict for outcome in outcomes} == {LATER}
    wait = int(headers.get("Retry-After", 1))
    assert [outcome.retry_after_seconds for outcome in outcomes] == [wait] * 3
    assert (len(api.asked), api.accepted) == (1, [])


@pytest.mark.parametrize("provider", KEYLESS)
@pytest.mark.parametrize("status", [500, 502, 503, 504, CUT_BEFORE, CUT_AFTER])
def test_without_an_answer_nobody_knows_and_nothing_is_asked_twice(api, provider, status):
    api.script("p0@example.com", Answer(status))
    outcomes = sent(provider, 2)
    assert [outcome.verdict for outcome in outcomes] == [PERHAPS, YES]
    assert outcomes[0].is_fault
    assert len(api.asked) == 2
    assert len(api.accepted) == 1 + (status == CUT_AFTER)


@pytest.mark.parametrize("provider", KEYLESS)
def test_a_slow_answer_is_not_waited_for_for_ever(api, provider):
    api.script("p0@example.com", Answer(200, wait=0.8))
    assert sent(provider, timeout=0.2)[0].verdict == PERHAPS


@pytest.mark.parametrize("status", [500, CUT_BEFORE, CUT_AFTER])
def test_a_provider_that_knows_letters_by_key_is_asked_again_at_once(api, status):
    api.script("p0@example.com", Answer(status), times=2)
    outcomes = sent("resend", 2)
    assert [outcome.verdict for outcome in outcomes] == [YES, YES]
    assert [letter.recipient for letter in api.accepted] == ["p0@example.com", "p1@example.com"]
    api.script("p0@example.com", Answer(500), times=9)
    assert sent("resend")[0].verdict == PERHAPS
    assert len(api.asked) == 4 + 3


def test_a_second_no_does_not_undo_the_doubt_of_the_first(api):
    api.script("p0@example.com", Answer(CUT_AFTER))
    api.script("p0@example.com", Answer(429, {"message": "slow down"}, {"Retry-After": "9"}), times=2)
    assert sent("resend")[0].verdict == PERHAPS


def test_a_letter_whose_key_is_known_in_other_words_is_not_handed_over_twice(api):
    api.script("p0@example.com", Answer(409, {"name": "invalid_idempotent_request", "message": "same key"}))
    api.script("p1@example.com", Answer(409, {"name": "concurrent_idempotent_requests"}))
    assert [outcome.verdict for outcome in sent("resend", 2)] == [YES, YES]
    assert [letter.recipient for letter in api.accepted] == ["p1@example.com"]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_rel_14_a_refused_key_is_the_accounts_trouble_and_no_letters(api, provider):
    outcome = sent(provider, key="another")[0]
    assert (outcome.verdict, outcome.code, outcome.is_fault, outcome.was_started) == (LATER, 401, True, False)
    assert outcome.trouble == Trouble.SIGN_IN
    assert outcome.response == "Invalid API key"


@pytest.mark.parametrize(
    ("provider", "status", "words", "verdict", "refusal"),
    [
        ("postmark", 422, {"ErrorCode": 300, "Message": "Invalid 'To' address: 'p0@example.com'."}, NO, "no"),
        (
            "postmark",
            422,
            {
                "ErrorCode": 406,
                "Message": "You tried to send to a recipient that has been marked as inactive.\n"
                "Found inactive addresses: p0@example.com.\n"
                "Inactive recipients are ones that have generated a hard bounce",
            },
            NO,
            "no",
        ),
        ("postmark", 422, {"ErrorCode": 300, "Message": "Invalid 'From' address: 'x'."}, NO, ""),
        ("mailgun", 400, {"message": "to parameter is not a valid address"}, NO, ""),
        ("brevo", 400, {"code": "invalid_parameter", "message": "email is not valid"}, NO, ""),
        ("resend", 422, {"name": "validation_error", "message": "Invalid `to` field"}, NO, ""),
        ("postmark", 422, {"ErrorCode": 405, "Message": "Not allowed to send"}, LATER, ""),
        ("mailgun", 404, {"message": "Domain not found"}, LATER, ""),
        ("brevo", 402, {"message": "not enough credits"}, LATER, ""),
        ("resend", 403, {"message": "The example.com domain is not verified"}, LATER, ""),
        ("postmark", 200, {"oops": 1}, PERHAPS, ""),
        ("mailgun", 200, {"message": "Mailgun Magnificent API"}, PERHAPS, ""),
    ],
)
def test_a_no_is_the_letters_or_the_accounts(api, provider, status, words, verdict, refusal):
    api.script("p0@example.com", Answer(f"{status}", words))
    outcome = sent(provider)[0]
    assert (outcome.verdict, outcome.refusal) == (verdict, Refusal.NO_SUCH_ADDRESS if refusal else None)
    assert outcome.was_started is (verdict != LATER)
    assert api.accepted == []


def test_words_of_a_provider_that_are_no_json_are_quoted_all_the_same(api):
    api.script("p0@example.com", Answer(400, {"message": "line one\nline two"}))
    assert sent("brevo")[0].response == "line one line two"


def test_a_provider_that_is_not_there_is_a_fault_and_nothing_was_begun(settings):
    settings.MAIL_PROVIDER_URLS = {"postmark": "http://127.0.0.1:1/"}
    outcome = sent("postmark")[0]
    assert (outcome.verdict, outcome.is_fault, outcome.was_started) == (LATER, True, False)
    assert outcome.trouble == Trouble.NOBODY_THERE


def test_a_worker_that_may_not_go_on_sends_nothing_more(api):
    gateway = open_mail_gateway(url_of("postmark"))
    began: list[UUID] = []

    def only_the_first(message_id: UUID) -> bool:
        began.append(message_id)
        return len(began) == 1

    outcomes = gateway.send([outgoing(number) for number in range(3)], started=only_the_first)
    gateway.close()
    assert [outcome.verdict for outcome in outcomes] == [YES, LATER, LATER]
    assert [outcome.was_started for outcome in outcomes] == [True, False, False]
    assert len(api.accepted) == 1


def test_an_open_line_that_the_provider_closed_is_opened_anew(api):
    gateway = open_mail_gateway(url_of("brevo"))
    api.script("p0@example.com", Answer(CUT_BEFORE))
    gateway.send([outgoing(0)], started=lambda _key: True)
    assert gateway.send([outgoing(1)], started=lambda _key: True)[0].verdict == YES
    gateway.close()


def test_the_key_stands_in_no_words_of_ours(api):
    gateway = open_mail_gateway(url_of("resend"))
    assert "zz-canary" not in repr(gateway.address) + str(sent("resend"))

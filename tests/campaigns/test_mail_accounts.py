"""A business's own mail provider: entered, tried by a test letter, used, replaced, let go."""

import socket
import ssl
import time
from datetime import timedelta
from html import unescape

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from campaigns.gateways.mail_address import read_mail_address, ses_password
from campaigns.models import AccountSuspension, Message, ProviderAccount
from campaigns.queries.accounts import account_for
from campaigns.services.enrollments import enroll_contact
from campaigns.services.mail_trials import GIVEN_UP, work_mail_trials
from ecosystem.base.access import Role
from ecosystem.base.clock import now
from ecosystem.base.sealing import unseal
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AuditEntry, BusinessProfile
from ecosystem.services.sending import pause_sending
from tests.factories.campaigns import make_friend, make_sequence, pass_time, work
from tests.factories.ecosystem import sign_in
from tests.factories.permission import make_member, owner_of
from tests.mail_api import SECRET, MailApi
from tests.smtp_server import SmtpServer, Trouble
from tests.statements import statements_of

pytestmark = pytest.mark.django_db
PASSWORD = "zz-canary app password"


@pytest.fixture(autouse=True)
def _loopback(settings) -> None:
    settings.MAY_REACH_THIS_MACHINE = True


@pytest.fixture
def own_server():
    """The server of Nora's own provider."""
    server = SmtpServer(login=("nora", PASSWORD))
    yield server
    server.stop()


@pytest.fixture
def nora(shop) -> Client:
    """Nora's browser; her address is confirmed."""
    user = owner_of(shop).user
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return sign_in(Client(), user)


@pytest.fixture
def at(shop):
    return lambda path="": f"/b/{shop.slug}/settings/mail/{path}"


def fields(server: SmtpServer, **values: object) -> dict[str, object]:
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "security": "plain",
        "user": "nora",
        "password": PASSWORD,
    } | values


def connect(client: Client, at, server: SmtpServer, **values: object) -> ProviderAccount:
    """Enter a server and let the worker try it."""
    answer = client.post(at("connect/smtp/"), fields(server, **values))
    assert (answer.status_code, answer["Location"]) == (302, at())
    return tried()


def tried() -> ProviderAccount:
    """The account after a worker had its turn."""
    account = ProviderAccount.objects.get()
    work_mail_trials(account.business_id, now())
    account.refresh_from_db()
    return account


def shown(client: Client, url: str, status: int = 200, **headers: str) -> str:
    answer = client.get(url, headers=headers)
    assert answer.status_code == status
    return unescape(answer.content.decode())


def test_a_server_is_connected_by_a_test_letter_and_carries_the_letters_from_then_on(
    nora, at, own_server, mail_server, seasonal
):
    assert "Connect your provider" in shown(nora, at())
    nora.post(at("connect/smtp/"), fields(own_server, per_second=900, per_day=500))
    assert "It waits for a worker" in shown(nora, at())
    assert account_for("email").key == "platform:email"
    account = tried()
    assert (account.trial, account.carries) == ("passed", True)
    letter = own_server.accepted[0]
    assert (letter.recipient, letter.sender) == ("nora@example.com", "hello@example.com")
    assert b"It works: letters from Oat & Ember" in letter.body
    page = shown(nora, at())
    assert "Your letters go by Mail server (SMTP)" in page
    assert "At most 900 a second" in page
    assert PASSWORD not in page
    used = account_for("email")
    assert (used.per_second, used.per_day, used.is_own) == (900, 500, True)
    send_one(seasonal)
    assert len(own_server.accepted) == 1  # a bucket begins empty: the account has a limit of its own
    time.sleep(0.5)
    pass_time(5)
    work()
    assert [mail.recipient for mail in own_server.accepted[1:]] == ["friend0@example.com"]
    assert mail_server.accepted == []
    assert Message.objects.get().state == "accepted"


def test_without_an_own_account_letters_go_by_the_installation(nora, at, own_server, mail_server, seasonal):
    connect(nora, at, own_server)
    nora.post(at("disconnect/"))
    account = ProviderAccount.objects.get()
    assert (account.carries, account.sealed_address, account.sealed_candidate) == (False, None, None)
    assert "is disconnected" in shown(nora, at())
    send_one(seasonal)
    assert [mail.recipient for mail in mail_server.accepted] == ["friend0@example.com"]
    assert len(own_server.accepted) == 1


def send_one(topic) -> None:
    """A letter of a sequence, planned and worked."""
    enroll_contact(make_sequence(topic), make_friend(topic), source="hand")
    work()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_what_goes_wrong_is_said_in_plain_words_and_changes_nothing(nora, at, own_server, settings, monkeypatch):
    monkeypatch.setattr("campaigns.services.mail_trials.ANSWER_SECONDS", 0.3)
    cases = [
        ({"password": "wrong"}, "The server refused the password."),
        ({"host": "no-such-host.invalid"}, "The name no-such-host.invalid is unknown."),
        ({"port": closed_port()}, "Nobody answers at 127.0.0.1:"),
        ({"security": "starttls"}, "offers no encryption"),
        ({"security": "tls"}, "speaks another kind of encryption"),
        ({"user": "slow"}, "did not answer in time"),
    ]
    for wrong, sentence in cases:
        if wrong == {"user": "slow"}:
            own_server.script("*", Trouble("connect", 0.6))
        account = connect(nora, at, own_server, **wrong)
        assert (account.trial, account.carries) == ("refused", False)
        assert sentence in shown(nora, at())
    settings.MAY_REACH_THIS_MACHINE = False
    nora.post(at("test/"))
    assert tried().trial == "refused"
    assert "stands inside a private network" in shown(nora, at())
    assert own_server.accepted == []


def test_a_certificate_that_is_not_the_servers_own_is_said(nora, at, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server = SmtpServer(starttls=context)
    assert connect(nora, at, server, host="localhost", security="starttls").trial == "refused"
    assert "shows a certificate that is not its own" in shown(nora, at())
    server.stop()


def test_what_is_no_mail_server_is_said(nora, at, own_server):
    own_server.greeting = "HTTP/1.1 400 Bad Request"
    connect(nora, at, own_server)
    assert "is no mail server" in shown(nora, at())


@pytest.mark.parametrize("stage", ["mail", "rcpt", "dot"])
def test_the_servers_own_words_are_quoted_as_plain_text(nora, at, own_server, stage):
    own_server.script("*", Trouble(stage, "550 5.7.1 <b onclick=x>no such sender</b>"))
    assert connect(nora, at, own_server).trial == "refused"
    page = nora.get(at()).content.decode()
    assert "550 5.7.1 &lt;b onclick=x&gt;no such sender&lt;/b&gt;" in page
    assert "<b onclick" not in page


def test_sec_34_no_letter_reaches_a_private_host_in_production(nora, at, own_server, settings):
    settings.MAY_REACH_THIS_MACHINE = False
    assert nora.post(at("connect/smtp/"), fields(own_server)).status_code == 422
    for host in ("127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1"):
        nora.post(at("connect/smtp/"), fields(own_server, host=host, port=2525, security="starttls"))
        assert (tried().trial, tried().trial_trouble) == ("refused", "not_public")
    assert own_server.connections == 0


def test_sec_34_a_host_that_turned_private_gets_no_letter_either(nora, at, own_server, mail_server, seasonal, settings):
    connect(nora, at, own_server)
    settings.MAY_REACH_THIS_MACHINE = False
    connections = own_server.connections
    send_one(seasonal)
    assert (own_server.connections, mail_server.accepted) == (connections, [])
    assert Message.objects.get().state == "queued"


def test_a_wrong_new_password_stops_nothing_and_a_right_one_takes_over(nora, at, own_server, seasonal):
    connect(nora, at, own_server)
    account = connect(nora, at, own_server, password="a slip of the pen")
    assert (account.trial, account.carries) == ("refused", True)
    assert "Until it works your letters go by" in shown(nora, at())
    send_one(seasonal)
    assert Message.objects.get().state == "accepted"
    nora.post(at("drop/"))
    account.refresh_from_db()
    assert (account.sealed_candidate, account.carries) == (None, True)
    own_server.login = ("nora", "newer")
    assert connect(nora, at, own_server, password="newer").trial == "passed"
    assert "newer" in account_for("email").url


def test_a_second_provider_takes_over_only_when_its_letter_was_taken(nora, at, own_server, settings):
    connect(nora, at, own_server)
    other = SmtpServer(login=("AKIAEXAMPLE00000", ses_password("secret", "eu-west-1")))
    settings.MAIL_PROVIDER_URLS = {"ses": other.url}
    given = {"region": "eu-west-1", "key_id": "AKIAEXAMPLE00000", "secret": "wrong"}
    nora.post(at("connect/ses/"), given)
    business_id = ProviderAccount.objects.first().business_id
    work_mail_trials(business_id, now())
    assert ProviderAccount.objects.get(carries=True).provider == "smtp"
    assert "The provider refused the key" in shown(nora, at())
    nora.post(at("connect/ses/"), given | {"secret": "secret"})
    work_mail_trials(business_id, now())
    assert ProviderAccount.objects.get(carries=True).provider == "ses"
    assert other.accepted[0].body.startswith(b"X-SES-MESSAGE-TAGS: letter=")
    assert ProviderAccount.objects.get(provider="smtp").sealed_address is None
    other.stop()


@pytest.mark.parametrize(
    ("provider", "given"),
    [
        ("postmark", {"stream": "broadcast"}),
        ("mailgun", {"region": "eu", "domain": "mg.example.com"}),
        ("brevo", {}),
        ("resend", {}),
    ],
)
def test_each_provider_by_key_is_tried_used_and_told_of_a_wrong_key(nora, at, seasonal, settings, provider, given):
    api = MailApi()
    settings.MAIL_PROVIDER_URLS = api.urls
    nora.post(at(f"connect/{provider}/"), given | {"key": "not this one"})
    assert not ProviderAccount.objects.exists()
    nora.post(at(f"connect/{provider}/"), given | {"key": "wrong"})
    assert tried().trial == "refused"
    page = shown(nora, at())
    assert "The provider refused the key" in page
    assert "401 Invalid API key" in page
    nora.post(at(f"connect/{provider}/"), given | {"key": SECRET})
    assert tried().trial == "passed"
    send_one(seasonal)
    assert [letter.recipient for letter in api.accepted] == ["nora@example.com", "friend0@example.com"]
    message = Message.objects.get()
    assert (message.state, bool(message.provider_id)) == ("accepted", True)
    assert api.accepted[1].metadata == {"letter": str(message.id)}
    api.stop()


def test_the_password_of_amazon_ses_is_made_as_its_handbook_says():
    """By hand: HMAC-SHA256 over date, region, service, end and act, with version 4 in front."""
    made = ses_password("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1")
    assert (len(made), made[0]) == (44, "B")
    assert made != ses_password("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1")
    server = read_mail_address("ses://AKIAEXAMPLE00000:secret@eu-west-1")
    assert (server.host, server.port, server.security) == ("email-smtp.eu-west-1.amazonaws.com", 587, "starttls")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"host": "https://smtp.example.com"}, "That is no name of a server."),
        ({"host": "smtp.example.com\r\nRSET"}, "That is no name of a server."),
        ({"host": ""}, 'aria-invalid="true"'),
        ({"port": "70000"}, 'aria-invalid="true"'),
        ({"security": "none"}, 'class="err"'),
        ({"per_second": "0"}, 'aria-invalid="true"'),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(nora, at, own_server, wrong, sentence):
    answer = nora.post(at("connect/smtp/"), fields(own_server, **wrong))
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert sentence in page
    assert 'value="nora"' in page
    assert PASSWORD not in page
    assert not ProviderAccount.objects.exists()


def test_ports_in_production_are_those_of_mail(nora, at, own_server, settings):
    settings.MAY_REACH_THIS_MACHINE = False
    for port, status in ((6379, 422), (5432, 422), (80, 422), (587, 302)):
        given = fields(own_server, host="smtp.example.invalid", port=port, security="starttls")
        assert nora.post(at("connect/smtp/"), given).status_code == status


def test_sec_25_a_provider_is_entered_and_let_go_after_a_fresh_sign_in_only(nora, at, own_server):
    connect(nora, at, own_server)
    session = nora.session
    session["signed_in_at"] = int(time.time()) - 3600
    session["account_authentication_methods"] = []
    session.save()
    for answer in (nora.get(at("connect/smtp/")), nora.post(at("connect/ses/"), {}), nora.post(at("disconnect/"))):
        assert answer.status_code == 302
        assert "/reauthenticate/" in answer["Location"]
    assert ProviderAccount.objects.get().carries


def test_only_owners_and_managers_see_it(shop, at):
    for role, status in ((Role.MANAGER, 200), (Role.STAFF, 403), (Role.ADVISER, 403)):
        client = sign_in(Client(), make_member(shop, role, f"{role}@example.com").user)
        assert client.get(at()).status_code == status


def test_the_test_letter_goes_to_a_confirmed_address_alone(nora, at, own_server):
    EmailAddress.objects.update(verified=False)
    answer = nora.post(at("connect/smtp/"), fields(own_server))
    assert answer.status_code == 422
    assert "Confirm it first" in answer.content.decode()
    assert not ProviderAccount.objects.exists()


def test_nobody_tries_passwords_by_the_dozen(nora, at, own_server):
    for _ in range(12):
        assert nora.post(at("connect/smtp/"), fields(own_server)).status_code == 302
    answer = nora.post(at("connect/smtp/"), fields(own_server))
    assert answer.status_code == 422
    assert "That was a lot of tries" in answer.content.decode()


def test_sec_63_what_we_sign_in_with_is_sealed_and_told_nowhere(nora, at, own_server, caplog):
    account = connect(nora, at, own_server)
    for value in ProviderAccount.objects.values().get().values():
        text = bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)
        assert PASSWORD not in text
        assert PASSWORD.encode().hex() not in text
    assert b"zz-canary" in unseal(bytes(account.sealed_address))
    assert "zz-canary" not in repr(account_for("email")) + caplog.text
    assert "zz-canary" not in shown(nora, at("connect/smtp/"))
    assert 'value="127.0.0.1"' in shown(nora, at("connect/smtp/"))


def test_sec_61_every_act_is_told(nora, at, own_server, shop):
    connect(nora, at, own_server)
    nora.post(at("test/"))
    nora.post(at("disconnect/"))
    acts = AuditEntry.objects.filter(action__startswith="mail_account").order_by("created_at", "id")
    assert [act.action.removeprefix("mail_account_") for act in acts] == [
        "tried",
        "connected",
        "tested",
        "disconnected",
    ]
    assert "disconnected “Mail server (SMTP)”" in shown(nora, f"/b/{shop.slug}/team/acts/")


def test_an_account_that_is_not_let_in_any_more_is_said_and_put_right_by_a_new_password(nora, at, own_server, seasonal):
    connect(nora, at, own_server)
    own_server.login = ("nora", "changed at the provider")
    send_one(seasonal)
    page = shown(nora, at())
    assert "does not let us in any more" in page
    assert AccountSuspension.objects.count() == 1
    assert connect(nora, at, own_server, password="changed at the provider").trial == "passed"
    assert not AccountSuspension.objects.exists()
    assert "does not let us in" not in shown(nora, at())


def test_a_test_letter_goes_also_while_everything_is_stopped(nora, at, own_server):
    pause_sending(reason="Nora stopped it.", actor=None, now=now())
    assert connect(nora, at, own_server).trial == "passed"


def test_a_worker_that_died_with_the_letter_is_not_waited_for_for_ever(nora, at, own_server):
    nora.post(at("connect/smtp/"), fields(own_server))
    ProviderAccount.objects.update(trial="sending")
    account = ProviderAccount.objects.get()
    assert work_mail_trials(account.business_id, now()) == account.trial_at + GIVEN_UP
    work_mail_trials(account.business_id, now() + GIVEN_UP + timedelta(seconds=1))
    account.refresh_from_db()
    assert account.trial == "refused"


def test_the_page_follows_the_letter_by_itself_and_needs_few_statements(nora, at, own_server):
    nora.post(at("connect/smtp/"), fields(own_server))
    part = shown(nora, at(), **{"HX-Request": "true"})
    assert part.lstrip().startswith("<section")
    assert 'hx-trigger="load delay:1s"' in part
    tried()
    assert "hx-trigger" not in shown(nora, at(), **{"HX-Request": "true"})
    assert len(statements_of(nora, at())) <= 8


def test_one_business_never_sends_by_the_account_of_another(nora, at, own_server, garage):
    connect(nora, at, own_server)
    with business_scope(garage):
        assert account_for("email").key == "platform:email"
        assert BusinessProfile.objects.count() == 1
        assert not ProviderAccount.objects.exists()


def test_what_is_said_aloud_of_a_test_letter_stays_in_its_place_and_changes_once_a_step(nora, at, own_server):
    live = '<p class="vh" role="status" id="job-said"></p>'
    nora.post(at("connect/smtp/"), fields(own_server))
    page = shown(nora, at())
    assert page.count("job-said") == page.count(live) == 1
    trial = page.partition('id="mail-trial"')[2].partition("</section>")[0]
    assert ("aria-live" in trial, "?said=waiting" in trial) == (False, True)
    assert "job-said" not in shown(nora, f"{at()}?said=waiting", **{"HX-Request": "true"})
    ProviderAccount.objects.update(trial="connecting")
    told = shown(nora, f"{at()}?said=waiting", **{"HX-Request": "true"})
    assert '<p id="job-said" hx-swap-oob="innerHTML">We knock at 127.0.0.1' in told
    assert "job-said" not in shown(nora, f"{at()}?said=connecting", **{"HX-Request": "true"})
    ProviderAccount.objects.update(trial="waiting")
    assert tried().trial == "passed"
    told = shown(nora, f"{at()}?said=sending", **{"HX-Request": "true"})
    assert '<p id="job-said" hx-swap-oob="innerHTML">It works</p>' in told
    assert 'hx-trigger="load' not in told

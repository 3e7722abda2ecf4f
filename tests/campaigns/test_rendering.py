"""Letters: compiled once, spliced for each person, whole in every mail program."""

import json
import re
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from campaigns.rendering.letters import Letter, compile_letter
from campaigns.rendering.lint import lint_plan
from campaigns.rendering.plan import RenderPlan
from campaigns.rendering.preparing import SenderIdentity
from campaigns.rendering.preview import render_preview, sample_person
from campaigns.rendering.system_letters import confirmation_plan, data_copy_plan, erasure_plan, receipt_plan
from contacts.models import Topic
from ecosystem.base.errors import Invalid
from ecosystem.base.links import LINK, PREFERENCES, UNSUBSCRIBE, read_link
from tests.campaigns.letters import MESSAGE_ID, NOON, SENDER, Elements, letter, mail, opened, read, written

NAMES = st.text(st.characters(codec="utf-8"), max_size=80)


def test_a_mail_has_every_header_that_mailbox_providers_ask_for():
    found = opened(mail(compile_letter(letter(subject="Rye, {{ first_name }}")), {"contact.first_name": "Ana"}))
    token = re.search(r"/u/([^/>]+)>", found["List-Unsubscribe"])[1]
    assert found["From"] == "Nora <nora@example.com>"
    assert found["To"] == "ana@example.com"
    assert found["Subject"] == "Rye, Ana"
    assert parsedate_to_datetime(found["Date"]) == NOON
    assert re.fullmatch(rf"<{MESSAGE_ID}\.[\w-]{{12}}@example\.com>", found["Message-ID"])
    assert found["X-Lampwalk-Message"] == str(MESSAGE_ID)
    assert re.fullmatch(
        r"<https://crm\.example\.com/u/[\w-]+>, <mailto:nora@example\.com\?subject=unsubscribe%20[\w-]+>",
        found["List-Unsubscribe"],
    )
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert read_link(UNSUBSCRIBE, token).uuid == MESSAGE_ID


def test_the_same_message_is_the_same_to_the_byte():
    plan = compile_letter(letter())
    assert mail(plan, {"contact.first_name": "Ana"}) == mail(plan, {"contact.first_name": "Ana"})


def test_a_plan_survives_its_storage():
    plan = compile_letter(letter("Hi {{ first_name }} [x](https://example.com) {% if contact.last_name %}y{% endif %}"))
    again = RenderPlan.from_json(json.loads(json.dumps(plan.as_json())))
    assert again == plan
    assert again.hash == plan.hash
    assert compile_letter(letter()).hash == compile_letter(letter()).hash
    assert compile_letter(letter("Other.")).hash != compile_letter(letter()).hash


@pytest.mark.parametrize("value", [None, "", "  ", "\r\n"])
@pytest.mark.parametrize("tag", ["{{first_name}}", "{{ contact.first_name }}", "{{ contact.first_name | capitalize }}"])
def test_a_missing_name_never_leaves_a_hole(tag, value):
    merge = {} if value is None else {"contact.first_name": value}
    plan = compile_letter(letter(f"Hello {tag},", subject=f"Hello {tag},"))
    for kind in ("plain", "html"):
        assert re.search(r"Hello [Tt]here,", read(mail(plan, merge), kind))
    assert opened(mail(plan, merge))["Subject"].lower() == "hello there,"


def test_the_writers_own_default_wins():
    assert "Hello friend," in written('Hello {{ first_name | default: "friend" }},', {})
    assert "Hello Zoë," in written('Hello {{ first_name | default: "friend" }},', {"contact.first_name": "Zoë"})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{{ contact.fist_name }}", "We do not know {{ contact.fist_name }}. Did you mean {{ contact.first_name }}?"),
        ("{{ frist_name }}", "Did you mean {{ contact.first_name }}?"),
        ("Dear {{ contact.last_name }}", "Say what to print when it is not known"),
        ("Hello {{ first_name", "A merge tag is open"),
        ("Hello first_name }}", "A merge tag is open"),
        ("{% if contact.first_name %}open", "A merge tag is not right"),
        ("{{ first_name | shout }}", "We do not know the word shout"),
        ("[x](javascript:alert(1))", "cannot be used"),
        ("[x](data:text/html,hi)", "cannot be used"),
        ("[x](https://user:pw@example.com)", "cannot be used"),
        ("[x](/menu)", "Start it with https://"),
        ("[x](https://example.com/{{ first_name }})", "cannot hold a merge tag"),
        ("![bread](https://example.com/bread.png)", "no pictures"),
        ("", "still empty"),
    ],
)
def test_a_letter_that_cannot_be_sent_says_why(body, words):
    with pytest.raises(Invalid) as refused:
        compile_letter(letter(body))
    assert words in str(refused.value.message)
    assert refused.value.field == "body"


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"subject": " "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"preheader": "{{ nobody }}"}, "preheader"),
        ({"button_label": "Go"}, "button_url"),
        ({"button_url": "https://example.com"}, "button_label"),
        ({"button_label": "Go", "button_url": "javascript:alert(1)"}, "button_url"),
    ],
)
def test_a_fault_names_its_field(values, place):
    with pytest.raises(Invalid) as refused:
        compile_letter(letter(**values))
    assert refused.value.field == place


def test_links_are_numbered_and_lead_to_our_own_pages():
    body = "[a](https://example.com/a?x=1&y=2), https://example.com/b. [again](https://example.com/a?x=1&y=2)"
    body += " [m](mailto:a@example.com)"
    plan = compile_letter(letter(body, button_label="Go", button_url="www.example.com/go"))
    assert plan.links == ("https://example.com/a?x=1&y=2", "https://example.com/b", "https://www.example.com/go")
    links = Elements(read(mail(plan))).links
    ours = [link for link in links if link.startswith("https://crm.example.com/l/")]
    assert [link.rpartition("/")[2] for link in ours] == ["1", "2", "1", "3"]
    assert {read_link(LINK, link.split("/")[4]).uuid for link in ours} == {MESSAGE_ID}
    assert "mailto:a@example.com" in links
    assert read(mail(plan), "plain").count("https://crm.example.com/l/") == 4


def test_without_tracking_links_stay_as_written():
    plan = compile_letter(letter("[a](https://example.com/a?x=1&y=2)"))
    raw = mail(plan, is_tracked=False)
    assert "https://example.com/a?x=1&y=2" in Elements(read(raw)).links
    assert "/l/" not in read(raw) + read(raw, "plain")


def test_the_footer_is_visible_and_last():
    raw = mail(compile_letter(letter()))
    words = Elements(read(raw)).words
    tail = ["Oat & Ember", "12 Tulip Street, Marlow Bend", "Stop these letters", "·", "Choose what you get"]
    assert words[-5:] == tail
    assert read(raw, "plain").rstrip().splitlines()[-2].startswith("Stop these letters: https://crm.example.com/u/")
    links = Elements(read(raw)).links
    assert read_link(UNSUBSCRIBE, links[-2].split("/")[4]).uuid == MESSAGE_ID
    assert read_link(PREFERENCES, links[-1].split("/")[4]).uuid == MESSAGE_ID


def test_conditions_and_plain_tags_print_what_they_say():
    body = "{% if contact.last_name %}\n\nDear {{ contact.last_name | default: 'x' }} [a](https://example.com)\n\n"
    body += "{% else %}\n\nHi\n\n{% endif %}\n\nbye"
    plan = compile_letter(letter(body, subject="{% unless contact.last_name %}New{% else %}Known{% endunless %}"))
    known, new = mail(plan, {"contact.last_name": "O'Neill & Co"}), mail(plan)
    assert "Dear O'Neill & Co a" in " ".join(Elements(read(known)).words)
    assert "Hi" in Elements(read(new)).words
    assert "Dear" not in read(new)
    assert (opened(known)["Subject"], opened(new)["Subject"]) == ("Known", "New")
    assert "https://crm.example.com/l/" in read(known)


@examples(max_examples=60)
@example(name=". .a\n.b", tag="{{ first_name }}")
@given(NAMES, st.sampled_from(["{{ first_name }}", '{{ contact.first_name | default: "<b>friend & co\'" }}']))
def test_the_spliced_way_prints_what_liquid_prints(name, tag):
    plain = f"Hello {tag}, *you* & <i>I</i>\n\n- {tag}\n- [{tag}](https://example.com)"
    plan, by_liquid = (compile_letter(letter(body)) for body in (plain, "{% if true %}{% endif %}" + plain))
    assert by_liquid.has_logic
    assert not plan.has_logic
    merge = {"contact.first_name": name}
    spliced, worked_out = mail(plan, merge), mail(by_liquid, merge)
    assert Elements(read(spliced)).words == Elements(read(worked_out)).words
    assert Elements(read(spliced)).elements == Elements(read(worked_out)).elements
    assert read(spliced, "plain") == read(worked_out, "plain")
    preview = render_preview(plan, SENDER.values(), merge)
    assert Elements(preview.html).words == Elements(read(spliced)).words


@examples(max_examples=60)
@example("000" + "\xa0" * 6 + "\U00010000" * 3 + "0", "A letter")
@given(NAMES, st.sampled_from(["A letter", "Письмо о хлебе, " * 20, "Grüße, " * 5]))
def test_every_name_arrives_as_it_was_and_fits_the_wire(name, words):
    plan = compile_letter(letter(f"{words} [{{{{ first_name }}}}](https://example.com)", subject="{{ first_name }}"))
    raw = mail(plan, {"contact.first_name": name})
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) < 998
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    found = opened(raw)
    assert found.defects == []
    assert found.keys().count("To") == 1
    assert "Bcc" not in found
    preview = render_preview(plan, SENDER.values(), {"contact.first_name": name})
    assert " ".join(found["Subject"].split()) == " ".join(preview.subject.split())
    arrived = re.sub(r"https://crm\.example\.com/l/[^/]+/1", "https://example.com", read(raw, "plain"))
    assert arrived.partition("Stop these")[0].split() == preview.text.partition("Stop these")[0].split()


@pytest.mark.parametrize("bad", ["x\r\nBcc: eve@example.com", "x\ny", "x\x00y", "x\x7fy", "x\u2028y"])
@pytest.mark.parametrize("place", ["subject", "preheader", "button_label"])
def test_line_breaks_in_header_bound_fields_are_refused(place, bad):
    with pytest.raises(Invalid) as refused:
        compile_letter(letter(**{"button_url": "https://example.com", "button_label": "x", place: bad}))
    assert (refused.value.code, refused.value.field) == ("header_line_break", place)


@pytest.mark.parametrize("bad", ["Nora\r\nBcc: eve@example.com", "Nora\nX", "No\x00ra", "No\x1bra"])
def test_a_sender_name_with_a_line_break_is_refused(bad):
    sender = SenderIdentity(42, "Oat", "12 Tulip Street", bad, "nora@example.com", "Because")
    with pytest.raises(Invalid) as refused:
        mail(compile_letter(letter()), sender=sender)
    assert refused.value.field == "from_name"


@pytest.mark.parametrize(
    "bad",
    [
        "ana@example.com, eve@example.com",
        "ana@example.com\r\nBcc: eve@example.com",
        "<ana@example.com>",
        "ana",
        "a b@c.de",
        "",
    ],
)
def test_a_mail_has_exactly_one_recipient(bad):
    with pytest.raises(Invalid):
        mail(compile_letter(letter()), to=bad)


def test_a_line_break_in_a_name_opens_no_header():
    plan = compile_letter(letter(subject="Hi {{ first_name }}"))
    found = opened(mail(plan, {"contact.first_name": "Ana\r\nBcc: eve@example.com\r\n\r\n<b>x"}))
    assert "Bcc" not in found
    assert found["Subject"] == "Hi Ana  Bcc: eve@example.com    <b>x"


def test_the_confirmation_names_the_sender_and_advertises_nothing():
    plan = confirmation_plan("en")
    found = mail(plan, {"action.url": "https://crm.example.com/c/token/"}, sender=SENDER)
    assert "List-Unsubscribe" not in opened(found)
    assert "https://crm.example.com/c/token/" in Elements(read(found)).links
    assert Elements(read(found)).words[-1] == "12 Tulip Street, Marlow Bend"
    assert plan.links == ()


def test_the_receipt_prints_only_the_promises_that_were_made():
    words = Elements(read(mail(receipt_plan("en"), {"promise_how_often": "Twice a month."}))).words
    assert "Twice a month." in words
    assert "" not in words


def test_lint_blocks_what_the_law_forbids_and_hints_at_the_rest():
    nobody = SenderIdentity(42, "Oat", " \n", "Nora", "nora@example.com", "Because")
    plan = compile_letter(letter(subject="A VERY LOUD SUBJECT " * 4))
    assert [(f.code, f.is_blocking) for f in lint_plan(plan, nobody.values())] == [
        ("postal_address_missing", True),
        ("subject_long", False),
        ("subject_capitals", False),
        ("preheader_missing", False),
    ]
    bare = RenderPlan(subject=("x",), preheader=("y",), html=("z",), text=("z",))
    assert [f.code for f in lint_plan(bare, SENDER.values())] == ["leave_link_missing"]


def test_e11_a_letter_that_somebody_needs_has_no_one_click_and_no_promotion():
    """CAMPAIGNS 2a E11: none of ours has either, and what is compiled for that class with a link to sell is refused."""
    for plan in (confirmation_plan("en"), data_copy_plan("en"), erasure_plan("en")):
        assert (plan.message_class, plan.links) == ("transactional", ())
        assert lint_plan(plan, {**SENDER.values(), "topic.name": "Bread", "topic.promise": "Two a month"}) == []
        found = opened(mail(plan, {"action.url": "https://crm.example.com/c/token/"}))
        assert not {"List-Unsubscribe", "List-Unsubscribe-Post"} & set(found.keys())
    selling = letter("Your order came in. [Buy again at half price](https://example.com/offers).", preheader="First")
    for message_class, codes in (("transactional", ["promotion_in_needed_letter"]), ("marketing", [])):
        plan = compile_letter(selling, message_class=message_class)
        assert [one.code for one in lint_plan(plan, SENDER.values()) if one.is_blocking] == codes
    assert set(Topic.MessageClass.values) == {"marketing", "relationship"}, "no topic passes as needed"


def test_a_preview_leads_straight_to_the_targets_and_counts_nothing():
    plan = compile_letter(Letter("Hi {{ first_name }}", "[a](https://example.com/a) {{ contact.full_name }}", "First"))
    seen = render_preview(plan, SENDER.values(), sample_person())
    assert (seen.subject, seen.preheader) == ("Hi Ana", "First")
    assert Elements(seen.html).links == ["https://example.com/a", "#/more", "#", "#"]
    assert "Ana Lima" in seen.text

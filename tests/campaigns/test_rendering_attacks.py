"""Letters as weapons: what a tenant or an importer may write, and what must never come of it."""

import pytest
from django.conf import settings

from campaigns.rendering.letters import compile_letter
from campaigns.rendering.liquid import RenderTooLarge
from ecosystem.base.errors import Invalid
from tests.campaigns.letters import Elements, letter, mail, read

OUR_ELEMENTS = {"html", "head", "title", "meta", "style", "body", "div", "table", "tbody", "tr", "td", "p", "a", "br"}
OUR_ELEMENTS |= {"h1", "h2", "h3", "ul", "ol", "li", "blockquote", "hr", "strong", "em"}

TEMPLATE_PAYLOADS = [
    "{{ 7*7 }}",
    "{{7*'7'}}",
    "${7*7}",
    "#{7*7}",
    "<%= 7*7 %>",
    "${{7*7}}",
    "@(7*7)",
    "{7*7}",
    "[[7*7]]",
    "{{= 7*7 }}",
    "{{ settings.SECRET_KEY }}",
    "{{ config }}",
    "{{ config.items() }}",
    "{{ self }}",
    "{{ self._TemplateReference__context }}",
    "{{ request }}",
    "{{ request.environ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ().__class__.__base__ }}",
    "{{ contact.__class__ }}",
    "{{ contact.__class__.__init__.__globals__ }}",
    "{{ contact.first_name.__class__ }}",
    "{{ contact['__class__'] }}",
    "{{ contact[request] }}",
    "{{ contact | attr('__class__') }}",
    "{{ contact.first_name | map: '__class__' }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__ }}",
    "{{ joiner.__init__ }}",
    "{{ namespace.__init__ }}",
    "{{ url_for.__globals__ }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ range(1000000000) }}",
    "{{ 'x' | safe }}",
    "{{ contact.first_name | safe }}",
    "{{ contact.first_name | raw }}",
    "{{ contact.first_name | escape | url_decode }}",
    "{{ contact.first_name | replace: 'a', 'aaaaaaaaaaaaaaaa' }}",
    "{{ 'aaaa' | append: 'aaaa' }}",
    "{{ contact.first_name|center:100000000 }}",
    "{{ 'now' | date: '%s' }}",
    "{% for i in (1..100000000) %}x{% endfor %}",
    "{% for x in contact %}{{ x }}{% endfor %}",
    "{% assign x = settings %}{{ x }}",
    "{% capture x %}y{% endcapture %}{{ x }}",
    "{% include 'settings' %}",
    "{% render 'settings' %}",
    "{% include '/etc/passwd' %}",
    "{% import os %}",
    "{% from 'x' import y %}",
    "{% extends 'base.html' %}",
    "{% load static %}",
    "{% debug %}",
    "{% csrf_token %}",
    "{% url 'admin:index' %}",
    "{% ssi '/etc/passwd' %}",
    "{% raw %}{{ contact.first_name }}",
    "{% comment %}",
    "{% liquid echo contact %}",
    "{% echo settings %}",
    "{% tablerow i in (1..9) %}x{% endtablerow %}",
    "{% increment x %}",
    "{% layout 'x' %}",
    "{# comment #}",
    "{% if settings.SECRET_KEY %}x{% endif %}",
    "{% case settings %}{% when 1 %}x{% endcase %}",
    "*{7*7}",
    "~{7*7}",
    "#set($x=7*7)$x",
    "{php}echo 49;{/php}",
    "{{#with 'x'}}{{/with}}",
    "{{constructor.constructor('return 1')()}}",
    "__${T(java.lang.Runtime).getRuntime()}__::.x",
]

HTML_PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "<iframe src=https://example.com></iframe>",
    "<style>*{display:none}</style>",
    "<div style='display:none'>",
    "<!--",
    "<!-- hide the rest",
    "<!--[if mso]>",
    "<noscript>",
    "<textarea>",
    "<title>",
    "<xmp>",
    "<plaintext>",
    "<template>",
    "</div></td></tr></table></body></html>",
    "<base href=https://example.com>",
    "<meta http-equiv=refresh content='0;url=https://example.com'>",
    "<form action=https://example.com><input name=password></form>",
    "<table style='position:absolute'>",
    "<details>",
    "<select><option>",
    "<math><mtext></mtext><mglyph><style>",
    "<![CDATA[",
    "</mj-text></mj-column></mj-section><mj-raw><script>alert(1)</script></mj-raw>",
    "<mj-include path='/etc/passwd' />",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<p hx-get='/' hx-trigger='load'>",
    "<b onmouseover=alert(1)>x",
    "`<script>alert(1)</script>`",
    "    <script>alert(1)</script>",
    "```\n<script>alert(1)</script>",
    "> <script>alert(1)</script>",
    '[x](https://example.com "onclick=alert(1)")',
    '<https://example.com/"onclick=alert(1)>',
    "\ue000slot0x\ue001 slotx0x",
    "{% if true %}<script>{% endif %}",
    "- {% if false %}a\n- b{% endif %}",
    "> {% unless true %}x\n\n{% endunless %}",
]


def _compiled(body):
    """The plan, or None where the letter is refused with a sentence."""
    try:
        return compile_letter(letter(body))
    except Invalid as reason:
        refused = reason
    assert refused.field == "body"
    assert str(refused.message)
    return None


def _bare(text):
    """Without the marks of Markdown, which are no longer seen once they have done their work."""
    return text.replace("*", "").replace("_", "")


@pytest.mark.parametrize("payload", TEMPLATE_PAYLOADS)
def test_template_code_is_refused_or_printed_as_it_stands(payload):
    assert len(TEMPLATE_PAYLOADS) >= 60
    plan = _compiled(f"before {payload} after")
    if plan is None:
        return
    raw = mail(plan, {"contact.first_name": "Ana"})
    text = read(raw, "plain").partition("----")[0].strip()
    words = " ".join(Elements(read(raw)).words[:-6])
    for printed in (text, words):
        assert "49" not in printed.replace("echo 49;", "")
        assert settings.SECRET_KEY not in printed
    assert _bare(f"before {payload} after") == _bare(text)


@pytest.mark.parametrize("payload", [*HTML_PAYLOADS, *TEMPLATE_PAYLOADS])
def test_the_footer_stays_visible_and_last_whatever_the_letter_holds(payload):
    plan = _compiled(payload)
    if plan is None:
        return
    for merge in ({}, {"contact.first_name": payload, "contact.last_name": "x"}):
        raw = mail(plan, merge)
        document = Elements(read(raw))
        assert document.words[-5:] == [
            "Oat & Ember",
            "12 Tulip Street, Marlow Bend",
            "Stop these letters",
            "·",
            "Choose what you get",
        ]
        assert document.links[-2].startswith("https://crm.example.com/u/")
        assert "Stop these letters: https://crm.example.com/u/" in read(raw, "plain")
        assert {tag for tag, _ in document.elements} <= OUR_ELEMENTS
        for _tag, attributes in document.elements:
            assert not [name for name in attributes if name.startswith(("on", "hx-"))]
            style = (attributes.get("style") or "").replace(" ", "")
            assert "position:" not in style


@pytest.mark.parametrize("payload", [*HTML_PAYLOADS, "{{ contact.last_name }}", "{% if true %}x{% endif %}"])
def test_a_persons_values_are_words_and_nothing_else(payload):
    for body in ("Hi {{ first_name }}", "{% if first_name %}Hi {{ first_name }}{% endif %}"):
        document = Elements(read(mail(compile_letter(letter(body)), {"contact.first_name": payload})))
        plain = Elements(read(mail(compile_letter(letter(body)), {"contact.first_name": "Ana"})))
        assert [tag for tag, _ in document.elements] == [tag for tag, _ in plain.elements]


def test_a_default_is_words_and_nothing_else():
    for tail in ("", "{% if true %}{% endif %}"):
        plan = compile_letter(letter('Hi {{ first_name | default: "<script>x</script>" }}' + tail))
        assert "<script>" not in read(mail(plan))
        assert "Hi <script>x</script>" in read(mail(plan), "plain")


def test_a_letter_over_the_limits_is_refused():
    with pytest.raises(Invalid) as refused:
        compile_letter(letter("x" * 60_001))
    assert refused.value.code == "text_too_long"
    with pytest.raises(Invalid) as refused:
        compile_letter(letter("{% if true %}" * 200 + "x" + "{% endif %}" * 200))
    assert refused.value.code == "broken_merge_tag"


def test_a_persons_copy_has_a_limit_of_its_own():
    plan = compile_letter(letter("{% if true %}" + "{{ first_name }} " * 3_000 + "{% endif %}"))
    with pytest.raises(RenderTooLarge):
        mail(plan, {"contact.first_name": "x" * 600})

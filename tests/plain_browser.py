"""A browser without scripts: it knows links, fields and buttons, sends what a form holds, and nothing else."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

from django.http import HttpResponse
from django.test import Client

from ecosystem.models import User
from tests.factories.ecosystem import sign_in


@dataclass
class Form:
    """A form as it stands in the page: its fields in their order, and its buttons by what is written on them."""

    action: str
    method: str = "get"
    is_multipart: bool = False
    fields: list[tuple[str, str, str, bool]] = field(default_factory=list)
    buttons: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def sent(self, values: dict[str, Any], pressed: tuple[str, str, str]) -> dict[str, list[Any]]:
        """What goes out when a button is pressed, with what was typed, chosen or ticked before."""
        left, out = dict(values), {}
        for name, kind, value, is_on in self.fields:
            typed = values.get(name)
            if kind in ("checkbox", "radio", "option"):
                chosen = is_on if name not in values else value in (typed if isinstance(typed, list) else [typed])
                left.pop(name, None)
                if chosen:
                    out.setdefault(name, []).append(value)
            elif kind != "file" or name in values:
                out.setdefault(name, []).append(left.pop(name, value))
        assert not left, f"the page has no field for {sorted(left)}"
        if pressed[0]:
            out.setdefault(pressed[0], []).append(pressed[1])
        return out


class _Reader(HTMLParser):
    """The forms and links of a page."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url, self.links, self.by_id = url, {}, {}
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = self._textarea = ""
        self._button: dict[str, str] | None = None
        self._link: str | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            action = urljoin(self.url, given.get("action") or self.url)
            # Fields that stand elsewhere may have named it already.
            self._form = self.by_id.pop(given.get("id", ""), Form(action))
            self._form.action, self._form.method = action, given.get("method", "get").lower()
            self._form.is_multipart = given.get("enctype") == "multipart/form-data"
            self.forms.append(self._form)
            if "id" in given:
                self.by_id[given["id"]] = self._form
        elif tag == "input" and given.get("name"):
            value = given.get("value", "on" if given.get("type") == "checkbox" else "")
            self._add(given, given["name"], given.get("type", "text"), value, "checked" in given)
        elif tag == "select":
            self._select = given.get("name", "")
        elif tag == "option" and self._select:
            self._add(given, self._select, "option", given.get("value", ""), "selected" in given)
        elif tag == "textarea":
            self._textarea, self._text, self._of = given.get("name", ""), "", given
        elif tag == "button" and given.get("type", "submit") == "submit":
            self._button, self._text = given, ""
        elif tag == "a" and "href" in given:
            self._link, self._text = given["href"], ""

    def handle_endtag(self, tag: str) -> None:
        words = " ".join(self._text.split())
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._textarea:
            self._add(self._of, self._textarea, "textarea", self._text, False)
            self._textarea = ""
        elif tag == "button" and self._button is not None:
            if form := self._owner(self._button):
                given = self._button
                form.buttons[words] = (given.get("name", ""), given.get("value", ""), given.get("formaction", ""))
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links[words] = urljoin(self.url, self._link)
            self._link = None

    def handle_data(self, data: str) -> None:
        self._text += data

    def _owner(self, given: dict[str, str]) -> Form | None:
        return self.by_id.setdefault(given["form"], Form("")) if "form" in given else self._form

    def _add(self, given: dict[str, str], name: str, kind: str, value: str, is_on: bool) -> None:
        if (form := self._owner(given)) and "disabled" not in given:
            form.fields.append((name, kind, value, is_on))


class PlainBrowser:
    """Somebody of the team with a browser in which nothing runs. The token of a form counts."""

    def __init__(self, user: User) -> None:
        self._client = sign_in(Client(enforce_csrf_checks=True), user)
        self.url, self.text = "", ""
        self._page = _Reader("")

    def open(self, url: str) -> "PlainBrowser":
        """Go to an address."""
        return self._show(self._client.get(url, follow=True), url)

    def follow(self, words: str) -> "PlainBrowser":
        """Press a link."""
        return self.open(self._page.links[words])

    def press(self, words: str, **values: Any) -> "PlainBrowser":
        """Fill the form that has this button, and press it."""
        forms = [form for form in self._page.by_id.values() if words in form.buttons]
        forms += [form for form in self._page.forms if words in form.buttons and form not in forms]
        assert forms, f"no button {words!r} among {[list(form.buttons) for form in self._page.forms]} on {self.url}"
        form = forms[0]
        button = form.buttons[words]
        target = urljoin(self.url, button[2]) if button[2] else form.action
        assert form.method == "post", "only what is sent is pressed here"
        sent = form.sent(values, button)
        assert form.is_multipart or not any(hasattr(one, "read") for many in sent.values() for one in many)
        return self._show(self._client.post(target, sent, follow=True), target)

    def _show(self, answer: HttpResponse, url: str) -> "PlainBrowser":
        chain = answer.redirect_chain  # type: ignore[attr-defined]
        self.url = chain[-1][0] if chain else url
        self.status, self.text = answer.status_code, answer.content.decode()
        self._page = _Reader(self.url)
        self._page.feed(self.text)
        return self

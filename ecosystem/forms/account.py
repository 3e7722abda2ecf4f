"""Signing up, and the second step of signing in."""

from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.base.forms import AuthenticateForm as AllauthAuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm as AllauthActivateTOTPForm
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from ecosystem.login_limits import Attempt
from ecosystem.models import User
from ecosystem.second_step import mark_code_used, take_code


class Honeypot(forms.TextInput):
    """A field that people neither see nor reach, and that only a program fills in."""

    is_hidden = True

    def __init__(self) -> None:
        super().__init__(attrs={"class": "vh", "tabindex": "-1", "autocomplete": "off", "aria-hidden": "true"})


class SignupForm(AllauthSignupForm):
    """A new login: name, address, password."""

    field_order = ["name", "email", "password1"]
    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_plainly(self)
        self.fields[settings.ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD].widget = Honeypot()
        self.fields["password1"].help_text = _("12 characters or more. A few words in a row are easy to keep in mind.")

    def try_save(self, request: HttpRequest) -> Any:
        """An address that has a login already takes as long as a new one, so that nobody can tell them apart."""
        if self.account_already_exists:
            User().set_password(self.cleaned_data["password1"])
        return super().try_save(request)


class LoginForm(AllauthLoginForm):
    """Signing in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _speak_plainly(self)
        self.fields["password"].help_text = ""
        self.fields["remember"].label = _("Keep me signed in on this device for 30 days")


class _LimitedCode:
    """A code counts like a password: five wrong ones in five minutes, then none is taken."""

    user: User

    def clean_code(self) -> str:
        attempt = Attempt(f"second step {self.user.pk}", get_account_adapter().get_client_ip(context.request))
        if not attempt.begin():
            raise get_account_adapter().validation_error("too_many_login_attempts")
        code: str = self.cleaned_data["code"]  # type: ignore[attr-defined]
        found = take_code(self.user, code)
        if found is None:
            raise get_mfa_adapter().validation_error("incorrect_code")
        found.user = self.user
        self.authenticator = found
        attempt.forgive()
        return code


class AuthenticateForm(_LimitedCode, AllauthAuthenticateForm):
    """The second step of signing in."""


class ReauthenticateForm(_LimitedCode, AllauthReauthenticateForm):
    """Showing once more that it is you, by a code."""


class ActivateForm(AllauthActivateTOTPForm):
    """Showing that the app is set up; the code that shows it opens nothing afterwards."""

    def clean_code(self) -> str:
        attempt = Attempt(f"second step {self.user.pk}", get_account_adapter().get_client_ip(context.request))
        if not attempt.begin():
            raise get_account_adapter().validation_error("too_many_login_attempts")
        code: str = super().clean_code()
        attempt.forgive()
        mark_code_used(self.user, code)
        return code


class ThemeForm(forms.Form):
    """Light, dark or as the device."""

    theme = forms.ChoiceField(choices=User.Theme.choices)


def _speak_plainly(form: forms.Form) -> None:
    """Labels stand above the fields, so nothing needs to stand inside them."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)

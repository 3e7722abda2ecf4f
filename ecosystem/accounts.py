"""How allauth behaves with us: mails are queued, links name our own address, limits live in PostgreSQL."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from ecosystem.account_mail import letter_html
from ecosystem.base.clock import now
from ecosystem.base.ratelimit import take
from ecosystem.base.sealing import seal, unseal
from ecosystem.fresh_login import has_just_signed_in
from ecosystem.login_limits import Attempt
from ecosystem.queries.users import find_user
from ecosystem.services.account_emails import queue_account_email
from ecosystem.services.security_events import record_security_event
from ecosystem.services.users import end_everything_opened_by
from ecosystem.session_limits import SIGNED_IN_AT

MAIL_LINKS = ("activate_url", "password_reset_url", "signup_url")
MAILS_PER_ADDRESS, MAIL_WINDOW = 4, 15 * 60


class AccountAdapter(DefaultAccountAdapter):
    """Our hooks into sign-up, sign-in and reset."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("That address and that password do not belong together. Check both."),
        "too_many_login_attempts": _("That was a lot of tries. Wait five minutes, then try again."),
        "incorrect_password": _("That is not your password."),
        "rate_limited": _("That was a lot of tries. Wait five minutes, then try again."),
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queue a mail about an account; no mail server is asked within a request.

        Links name PUBLIC_URL and never the host of the request. One address gets few mails of a kind, whether it has
        an account or not.
        """
        if not take(("account_mail", template_prefix, email.lower()), MAILS_PER_ADDRESS, MAIL_WINDOW):
            return
        links = {name: public_link(context[name]) for name in MAIL_LINKS if name in context}
        site = {"name": settings.PRODUCT_NAME, "domain": urlsplit(settings.PUBLIC_URL).netloc}
        shown = {"email": email, "current_site": site, "PRODUCT_NAME": site["name"], "PUBLIC_URL": settings.PUBLIC_URL}
        mail = self.render_mail(template_prefix, email, {**context, **shown, **links})
        text = str(mail.body)
        queue_account_email(email, mail.subject, text, letter_html(mail.subject, text))

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell a user what changed about their account, and keep that it did."""
        what = template_prefix.rpartition("/")[2]
        record_security_event(what, user_id=user.pk, ip=self.get_client_ip(self.request))
        super().send_notification_mail(template_prefix, user, context, email)

    def format_email_subject(self, subject: str) -> str:
        return subject

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> AbstractBaseUser:
        user.name = form.cleaned_data.get("name", "")
        return super().save_user(request, user, form, commit)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Refuse when the account or the address failed too often lately, also with the right password."""
        self._attempt = Attempt(str(credentials.get("email", "")), self.get_client_ip(request))
        if not self._attempt.begin():
            record_security_event("login_refused", ip=self._attempt.ip)
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        self._attempt.forgive()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        """A reset password clears nothing: the counters run out by themselves within minutes."""

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        known = find_user(str(credentials.get("email", "")))
        record_security_event("login_failed", user_id=known and known.pk, ip=self.get_client_ip(request))

    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        request.session[SIGNED_IN_AT] = int(now().timestamp())
        record_security_event("login", user_id=user.pk, ip=self.get_client_ip(request))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Nobody is asked twice within a quarter of an hour, be it at signing in or at an earlier question."""
        wanted: bool = super().is_reauthentication_required(app=app, **kwargs)
        return wanted and not has_just_signed_in(self.request)

    def logout(self, request: HttpRequest) -> None:
        record_security_event("logout", user_id=request.user.pk, ip=self.get_client_ip(request))
        super().logout(request)

    def set_password(self, user: Any, password: str) -> None:
        """Every other session ends with the old password; so do the user's keys and open invitations."""
        super().set_password(user, password)
        end_everything_opened_by(user)

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        record_security_event("login_inactive", user_id=user.pk, ip=self.get_client_ip(request))
        return super().respond_user_inactive(request, user)


class MFAAdapter(DefaultMFAAdapter):
    """Seeds of two-step sign-in are sealed, and named after the product."""

    def encrypt(self, text: str) -> str:
        return seal(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text.encode()).decode()

    def _get_site_name(self) -> str:
        return str(settings.PRODUCT_NAME)


def public_link(url: str) -> str:
    """The same page under the address that people know us by."""
    parts = urlsplit(url)
    return f"{settings.PUBLIC_URL}{parts.path}" + (f"?{parts.query}" if parts.query else "")

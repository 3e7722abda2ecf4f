"""The sign-in pages of allauth, each with its limit per address."""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from django.urls import include, path

from ecosystem.login_limits import limited
from ecosystem.views import account_security

urlpatterns = [
    # Failures are counted while others of the same address try too, hence no transaction around the whole request.
    path("login/", limited(account.login, "login", per_minute=30, is_atomic=False), name="account_login"),
    path("signup/", limited(account.signup, "signup", per_minute=20), name="account_signup"),
    path("password/reset/", limited(account.password_reset, "reset", per_minute=20), name="account_reset_password"),
    path("password/change/", limited(account.password_change, "change", per_minute=10), name="account_change_password"),
    path(
        "reauthenticate/",
        limited(account.reauthenticate, "reauthenticate", per_minute=10, is_atomic=False),
        name="account_reauthenticate",
    ),
    path(
        "2fa/authenticate/",
        limited(mfa.authenticate, "second", per_minute=30, is_atomic=False),
        name="mfa_authenticate",
    ),
    path("sessions/<int:session_id>/end/", account_security.session_end, name="session_end"),
    path("2fa/totp/activate/", account_security.SecondStepOn.as_view(), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", account_security.SecondStepOff.as_view(), name="mfa_deactivate_totp"),
    path(
        "2fa/recovery-codes/generate/",
        account_security.NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("2fa/lost/", account_security.second_step_lost, name="second_step_lost"),
    path("", include("allauth.urls")),
]

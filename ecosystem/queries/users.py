"""What is known of a login."""

from allauth.account.models import EmailAddress

from ecosystem.models import User


def has_verified_address(user: User, email: str) -> bool:
    """Whether the user has shown that this mailbox is theirs."""
    return bool(EmailAddress.objects.filter(user_id=user.pk, email=email, verified=True).exists())


def find_user(email: str) -> User | None:
    """The active login with this address, if there is one."""
    return User.objects.filter(email=email.strip().lower(), is_active=True).first()

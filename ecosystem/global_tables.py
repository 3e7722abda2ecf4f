"""The tables that stand outside every business, each with its reason. All other tables of ours have a BusinessField.

A test fails for a model that is neither. None of these holds a contact's personal data in clear.
"""

GLOBAL_TABLES: dict[str, str] = {
    "ecosystem.Business": "The tenant itself: a slug is resolved before anybody is let in.",
    "ecosystem.User": "A person signs in once for any number of businesses.",
    "ecosystem.AccountEmail": "Sign-in and verification mails belong to a user; their contents are encrypted.",
    "ecosystem.Agenda": "Workers choose among all businesses; holds ids, queues and times only.",
    "ecosystem.AgendaNote": "A request's word to the workers; holds ids, queues and times only.",
    "ecosystem.Heartbeat": "How far the installation has come, whoever works; numbers and times only.",
    "ecosystem.Absence": "When the installation was away, told to every business; times only.",
    "ecosystem.ApiKeyIndex": "Finds the business of an API key by the hash of its secret.",
    "ecosystem.RateCounter": "Limits hold across businesses; keyed hashes only.",
    "ecosystem.SendingStop": "The operator's switch over everything that leaves; a sentence and a time.",
    "ecosystem.SecurityEvent": "What happens at the door before a business is known; users only, addresses hashed.",
    "campaigns.AccountSuspension": "An account may be that of the whole installation; a hash and the provider's words.",
    "account.EmailAddress": "allauth: the addresses by which a user signs in.",
    "account.EmailConfirmation": "allauth: pending verification of such an address.",
    "mfa.Authenticator": "allauth: second factors of a user.",
    "usersessions.UserSession": "allauth: where a user is signed in.",
    "sessions.Session": "Django: sessions begin before a business is chosen.",
    "contenttypes.ContentType": "Django: names of models.",
    "auth.Permission": "Django: installed with auth; we use our own table of roles.",
    "auth.Group": "Django: installed with auth; unused.",
    "auth.Group_permissions": "Django: installed with auth; unused.",
}

# Tables that Django keeps without a model of ours.
BARE_TABLES: dict[str, str] = {
    "django_migrations": "Django: which migrations were applied; the application may only read it.",
}

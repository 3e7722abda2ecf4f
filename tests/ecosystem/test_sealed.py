"""SEC-63: secrets lie sealed, a dump shows none of them, and a change of keys reaches every one."""

import json

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core.management import call_command
from django.db import models

from campaigns.gateways.mail_address import key_address
from campaigns.services.accounts import add_account
from ecosystem.base.sealing import BrokenSeal, seal, unseal
from ecosystem.base.sql import rows
from ecosystem.base.tenancy import business_scope
from ecosystem.models import AccountEmail, IdempotencyKey
from ecosystem.sealed import SEALED
from ecosystem.services.account_emails import queue_account_email
from ecosystem.services.api_keys import make_api_key
from ecosystem.services.idempotency import KeptAnswer, keep_answer
from ecosystem.services.sealed import reseal_everything
from tests.factories.permission import make_business, make_person, owner_of

pytestmark = pytest.mark.django_db
CANARY = "ZZCANARY-rye-and-salt"
OLD, NEW = ("k1", "an old secret of forty letters, long enough"), ("k2", "a new secret of forty letters, long enough")


@pytest.fixture
def bakery(settings):
    """A business whose every kind of secret is the canary, sealed by the old key."""
    settings.FIELD_KEYS = dict([OLD])
    business = make_business()
    nora = owner_of(business)
    with business_scope(business):
        account = add_account(provider="mailgun", name="Mail", secret=CANARY)
        account.sealed_address = account.sealed_candidate = seal(key_address("mailgun", CANARY).encode())
        account.sealed_old_secret = seal(CANARY.encode())
        account.save()
        key = make_api_key(name="Till", scopes=["contacts:read"], expires_at=None, actor=nora).key
        answer = KeptAnswer(201, "application/json", CANARY.encode())
        keep_answer(key, "k", request_hash="h", answer=answer)
        wish = {"kind": "copy", "state": "ready", "contact": make_person(), "sealed_copy": seal(CANARY.encode())}
        apps.get_model("contacts.DataRequest").objects.create(**wish)
    queue_account_email("nora@example.com", CANARY, CANARY)
    seed = get_adapter().encrypt(CANARY)
    Authenticator.objects.create(user=nora.user, type=Authenticator.Type.TOTP, data={"secret": seed})
    Authenticator.objects.create(user=nora.user, type=Authenticator.Type.RECOVERY_CODES, data={"seed": seed})
    return business


def everything_stored(business) -> str:
    """Every row of every table as a dump would have it."""
    with business_scope(business):
        tables = [model._meta.db_table for model in apps.get_models() if model._meta.managed]
        return "".join(
            row["text"]
            for table in tables
            for row in rows(f"SELECT t::text AS text FROM {table} AS t")  # noqa: S608 - names of our own tables
        )


def test_sec_63_a_dump_shows_no_secret(bakery):
    stored = everything_stored(bakery)
    assert "Oat and Ember" in stored
    assert CANARY not in stored
    assert CANARY.encode().hex() not in stored


def test_sec_63_after_sealing_anew_the_old_key_can_go(bakery, settings, capsys):
    settings.FIELD_KEYS = dict([NEW, OLD])
    call_command("reseal")
    counts = json.loads(capsys.readouterr().out)
    assert counts.pop("mfa.Authenticator.data") == 2
    assert set(counts.values()) == {1}
    settings.FIELD_KEYS = dict([NEW])
    with business_scope(bakery):
        sealed = [IdempotencyKey.objects.get().sealed, AccountEmail.objects.get().sealed]
        account = apps.get_model("campaigns.ProviderAccount").objects.get()
        sealed += [account.sealed_secret, account.sealed_old_secret, account.sealed_address, account.sealed_candidate]
        sealed.append(apps.get_model("contacts.DataRequest").objects.get().sealed_copy)
    assert all(CANARY.encode() in unseal(bytes(one)) for one in sealed)
    for step in Authenticator.objects.all():
        assert get_adapter().decrypt(step.data.get("secret") or step.data["seed"]) == CANARY
    assert reseal_everything()["campaigns.ProviderAccount.sealed_secret"] == 1


def test_sec_63_without_a_key_that_opens_it_nothing_is_changed(bakery, settings):
    before = AccountEmail.objects.get().sealed
    settings.FIELD_KEYS = dict([NEW])
    with pytest.raises(BrokenSeal):
        reseal_everything()
    assert bytes(AccountEmail.objects.get().sealed) == bytes(before)


def test_sec_63_every_sealed_column_is_known_to_the_command():
    sealed = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, models.BinaryField) and "sealed" in field.name
    }
    assert sealed == set(SEALED.keys()) - {"mfa.Authenticator.data"}
    assert len(sealed) >= 3

"""Make the secret files that docker-compose.yml names, once: `python3 docker/make-secrets.py`. Existing ones stay."""

import secrets
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "secrets"


def keep(name: str, value: str) -> str:
    """Write a secret unless it is there, and return what is there. The folder is closed, the files inside are not:
    the users inside the containers read them through their mounts."""
    path = FOLDER / name
    if not path.exists():
        path.write_text(f"{value}\n")
        path.chmod(0o444)
    return path.read_text().strip()


FOLDER.mkdir(mode=0o700, exist_ok=True)
passwords = {
    name: keep(f"{name}_password", secrets.token_urlsafe(24))
    for name in ("postgres", "crm_owner", "crm_app", "crm_ops")
}
keep("database_url", f"postgres://crm_app:{passwords['crm_app']}@db/lampwalk")
keep("migration_database_url", f"postgres://crm_owner:{passwords['crm_owner']}@db/lampwalk")
keep("secret_key", secrets.token_urlsafe(48))
for keys in ("public_token_keys", "field_keys", "address_hash_keys"):
    keep(keys, f"k1:{secrets.token_urlsafe(36)}")
sys.stdout.write(f"Secrets are in {FOLDER}. Keep a copy somewhere safe: without field_keys sealed data is lost.\n")

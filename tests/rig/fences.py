"""A copy of the code from which the fences are taken: what the rig must see."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("ecosystem", "contacts", "campaigns", "tests", "benchmarks", "templates", "static")
GATE = "campaigns/services/delivery_gate.py"
# Whoever holds a letter no longer may hand it over, and its lease need not be good.
CUTS = (
    (
        "     WHERE queued.claim_token = %(token)s AND queued.handed_at IS NULL\n       AND EXISTS",
        "     WHERE true OR EXISTS",
    ),
    (
        "       AND queued.claim_token = %(token)s AND queued.handed_at IS NULL\n    RETURNING queued.id\n)\nSELECT id",
        "    RETURNING queued.id\n)\nSELECT id",
    ),
)


def without_fences(target: Path) -> Path:
    """The code, copied there, with the claim token and the lease taken out of the gate."""
    for part in PARTS:
        shutil.copytree(ROOT / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
    gate = target / GATE
    text = gate.read_text()
    for fence, gap in CUTS:
        if text.count(fence) != 1:
            raise ValueError(f"The fence {fence!r} stands in the gate {text.count(fence)} times.")
        text = text.replace(fence, gap)
    gate.write_text(text)
    return target

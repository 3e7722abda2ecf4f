"""What we took from others stands here unchanged, with its licence, and nothing else does."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
PACKAGES = json.loads((STATIC / "vendor/manifest.json").read_text())["packages"]
TEMPLATES = Path(settings.BASE_DIR) / "templates"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["name"])
def test_a_vendored_file_is_the_one_of_the_manifest(package):
    assert package["version"]
    assert package["licence"]
    assert (STATIC / package["licence_file"]).read_text().strip()
    for path, digest in package["files"].items():
        assert hashlib.sha256((STATIC / path).read_bytes()).hexdigest() == digest, path


def test_the_manifest_names_every_vendored_file():
    named = {path for package in PACKAGES for path in [*package["files"], package["licence_file"]]}
    found = {str(path.relative_to(STATIC)) for path in (STATIC / "vendor").rglob("*") if path.is_file()}
    assert found - named == {"vendor/manifest.json"}


def test_every_icon_that_a_page_names_is_in_the_sprite():
    sprite = set(re.findall(r'id="([^"]+)"', (STATIC / "icons.svg").read_text()))
    named = re.compile(r"""\{% icon ["']([a-z0-9-]+)["']|<c-icon name="([a-z0-9-]+)"|\sicon="([a-z0-9-]+)\"""")
    for page in TEMPLATES.rglob("*.html"):
        for groups in named.findall(page.read_text()):
            assert next(filter(None, groups)) in sprite, page


def test_no_page_carries_inline_style_or_script():
    forbidden = re.compile(r"\sstyle=|<style|<script(?![^>]*\bsrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
    for page in [*TEMPLATES.rglob("*.html")]:
        if "emails" in page.parts:
            continue
        found = [hit for hit in forbidden.findall(page.read_text()) if "application/json" not in hit]
        assert not found, f"{page}: {found}"


def test_the_style_sheet_keeps_its_budget():
    assert (STATIC / "css/app.css").stat().st_size <= 40_000

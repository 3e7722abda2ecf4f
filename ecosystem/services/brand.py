"""How a business looks to its customers: its mark, drawn anew from whatever was uploaded, its colour and its words."""

import secrets
from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from ecosystem.base.errors import Conflict, Invalid
from ecosystem.models import BrandImage, BusinessProfile, Membership
from ecosystem.services.audit import record_act
from ecosystem.services.quotas import hold_places

MOST_BYTES = 5_000_000
MOST_PIXELS = 25_000_000
LONGEST_SIDE = 512
# Old letters show the mark that they were sent with, as long as it is one of these last.
MOST_KEPT = 10
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
KEY_BYTES = 32


@dataclass(frozen=True)
class Brand:
    """What customers see of a business before they read a word. `mark_key` is empty for the drawn mark."""

    mark_key: str
    mark_icon: str
    mark_colour: str
    core_message: str


def keep_image(uploaded: bytes) -> BrandImage:
    """Draw a picture anew and keep it under an address that nobody can guess.

    What it is, its bytes say and not its name. Raises Invalid, field `mark`, for all but PNG, JPEG, WebP and GIF, for
    what is too large, and for what cannot be drawn; QuotaFull where there is no room for files. Nothing of the original
    is kept: no place, no camera, no comment.
    """
    if len(uploaded) > MOST_BYTES:
        raise Invalid("image_too_heavy", _("That file is larger than 5 MB. Save it smaller and try again."), "mark")
    picture = _opened(uploaded)
    if picture.width * picture.height > MOST_PIXELS:
        raise Invalid("image_too_large", _("That picture has more than 25 million points. Make it smaller."), "mark")
    drawn = _drawn(picture)
    out = BytesIO()
    drawn.save(out, format="PNG", optimize=True)
    hold_places("storage", len(out.getvalue()), field="mark")
    image = BrandImage.objects.create(
        key=secrets.token_urlsafe(KEY_BYTES), content=out.getvalue(), width=drawn.width, height=drawn.height
    )
    _drop_old_ones()
    return image


def change_brand(brand: Brand, *, version: int, actor: Membership) -> BusinessProfile:
    """Keep how the business looks. Raises Conflict, code `stale`, where somebody saved since it was shown."""
    profile = BusinessProfile.objects.select_for_update().get()
    if profile.version != version:
        raise Conflict("stale", _("Somebody else changed this meanwhile. Save once more to put yours over it."))
    if brand.mark_key and not BrandImage.objects.filter(key=brand.mark_key).exists():
        raise Invalid("image_gone", _("That picture is not kept any more. Please choose it again."), "mark")
    profile.mark_key = brand.mark_key
    profile.mark_icon = brand.mark_icon
    profile.mark_colour = brand.mark_colour
    profile.core_message = " ".join(brand.core_message.split())
    profile.version += 1
    profile.save()
    record_act("brand_changed", actor=actor, subject=profile)
    return profile


def _opened(uploaded: bytes) -> Image.Image:
    """The picture with only its head read: how large it is, is known before a point of it is drawn."""
    try:
        return Image.open(BytesIO(uploaded), formats=FORMATS)
    except Image.DecompressionBombError as error:
        sentence = _("That picture has more than 25 million points. Make it smaller.")
        raise Invalid("image_too_large", sentence, "mark") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        sentence = _("That is no picture we can draw. A PNG, JPEG or WebP will do; SVG will not.")
        raise Invalid("image_unknown", sentence, "mark") from error


def _drawn(picture: Image.Image) -> Image.Image:
    try:
        picture.draft("RGB", (2 * LONGEST_SIDE, 2 * LONGEST_SIDE))
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    except (Image.DecompressionBombError, OSError, ValueError, SyntaxError, MemoryError) as error:
        raise Invalid("image_broken", _("That picture is broken. Save it anew and try again."), "mark") from error
    fresh = Image.new("RGBA", upright.size)
    fresh.paste(upright)
    return fresh


def _drop_old_ones() -> None:
    used = BusinessProfile.objects.values_list("mark_key", flat=True).first()
    newest = list(BrandImage.objects.order_by("-id").values_list("pk", flat=True)[:MOST_KEPT])
    BrandImage.objects.exclude(pk__in=newest).exclude(key=used or "").delete()

"""The kinds of people as rows that can be edited; their words for pages are in queries/stakeholders."""

from django.utils.translation import gettext_lazy as _

from ecosystem.base.errors import NotFound
from ecosystem.models import Kind, KindSetting


def kind_settings() -> list[KindSetting]:
    """Every kind of the current business, in the fixed order of kinds."""
    place = {kind.value: number for number, kind in enumerate(Kind)}
    return sorted(KindSetting.objects.all(), key=lambda setting: place[setting.kind])


def get_kind_setting(kind: str) -> KindSetting:
    """One kind of the current business; NotFound for a word that is no kind."""
    found = KindSetting.objects.filter(kind=kind).first()
    if found is None:
        raise NotFound("kind_not_found", _("There is no such kind of people."))
    return found

"""The business's own words for the kinds of people around it."""

from dataclasses import asdict
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import DomainError
from ecosystem.forms.errors import add_domain_error
from ecosystem.forms.kinds import KindForm
from ecosystem.forms.posting import posted
from ecosystem.gauges import GAUGES
from ecosystem.models import KindSetting
from ecosystem.queries.kinds import get_kind_setting, kind_settings
from ecosystem.services.kinds import KindSaid, change_kind, said_of, take_back_kind

UNDO = "ecosystem.kinds.undo"
UNDO_SECONDS = 24 * 3600


@member_required(Action.EDIT_SETTINGS)
@require_safe
def kind_list(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "ecosystem/kinds/list.html", {"settings": kind_settings()})


@member_required(Action.EDIT_SETTINGS)
def kind_edit(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Rename, define, pace or switch a kind; before it is switched off the page says what becomes of its people."""
    setting = get_kind_setting(kind)
    before = said_of(setting)
    form = KindForm(posted(request), instance=setting)
    people = next(iter(GAUGES)).how_many(kind)
    if request.method == "POST" and form.is_valid():
        asked = {"is_on": True} | form.cleaned_data
        if before.is_on and not asked["is_on"] and request.POST.get("sure") != "yes":
            context = {"form": form, "before": before, "setting": setting, "people": people}
            return render(request, "ecosystem/kinds/switch_off.html", context)
        try:
            change_kind(setting, **asked, actor=request.membership)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            _say_saved(request, setting, before)
            return redirect("ecosystem:kind_list", slug=slug)
    status = 422 if form.is_bound else 200
    context = {"form": form, "setting": setting, "people": people}
    return render(request, "ecosystem/kinds/form.html", context, status=status)


@require_POST
@member_required(Action.EDIT_SETTINGS)
def kind_undo(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """Say a kind again as it was; the address carries how, signed by us."""
    try:
        told = signing.loads(request.GET.get("to", ""), salt=UNDO, max_age=UNDO_SECONDS)
        if (told["business"], told["kind"]) != (request.business.pk, kind):
            raise signing.BadSignature
    except signing.BadSignature:
        messages.error(request, _("This can be taken back no longer. Change it by hand."))
        return redirect("ecosystem:kind_list", slug=slug)
    try:
        setting = take_back_kind(kind, KindSaid(**told["before"]), version=told["version"], actor=request.membership)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Taken back. Every page says %s again.") % setting.label_plural)
    return redirect("ecosystem:kind_list", slug=slug)


def _say_saved(request: HttpRequest, setting: KindSetting, before: KindSaid) -> None:
    told = {
        "business": request.business.pk,
        "kind": setting.kind,
        "version": setting.version,
        "before": asdict(before),
    }
    address = reverse("ecosystem:kind_undo", kwargs={"slug": request.business.slug, "kind": setting.kind})
    undo = f"undo:{address}?{urlencode({'to': signing.dumps(told, salt=UNDO, compress=True)})}"
    if before.is_on and not setting.is_on:
        sentence = _("%s is switched off. Nobody is lost: switch it on, and they are back.")
    else:
        sentence = _("Saved. Every page says %s from now on.")
    messages.success(request, sentence % setting.label_plural, extra_tags=undo)

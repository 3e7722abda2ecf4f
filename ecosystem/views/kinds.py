"""The business's own words for the kinds of people around it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import DomainError
from ecosystem.forms.errors import add_domain_error
from ecosystem.forms.kinds import KindForm
from ecosystem.forms.posting import posted
from ecosystem.queries.kinds import get_kind_setting, kind_settings
from ecosystem.services.kinds import change_kind


@member_required(Action.EDIT_SETTINGS)
@require_safe
def kind_list(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "ecosystem/kinds/list.html", {"settings": kind_settings()})


@member_required(Action.EDIT_SETTINGS)
def kind_edit(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    setting = get_kind_setting(kind)
    form = KindForm(posted(request), instance=setting)
    if request.method == "POST" and form.is_valid():
        try:
            asked = {"is_on": True} | form.cleaned_data
            change_kind(setting, **asked, actor=request.membership)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Saved. Every page says %s from now on.") % setting.label_plural)
            return redirect("ecosystem:kind_list", slug=slug)
    status = 422 if form.is_bound else 200
    return render(request, "ecosystem/kinds/form.html", {"form": form, "setting": setting}, status=status)

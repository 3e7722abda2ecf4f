"""One's own page: what belongs to the login, from within a business."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from ecosystem.base.access import Action, member_required
from ecosystem.forms.me import MeForm
from ecosystem.forms.posting import posted
from ecosystem.models import User
from ecosystem.services.users import describe_self


@member_required(Action.SEE_TODAY)
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest, slug: str) -> HttpResponse:
    """Name, time zone and colours; the ways to password, second step, devices and notices."""
    user = User.objects.get(pk=request.user.pk)
    form = MeForm(posted(request), instance=user)
    if request.method == "POST" and form.is_valid():
        describe_self(user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("ecosystem:me", slug=slug)
    return render(request, "ecosystem/me/page.html", {"form": form}, status=422 if form.is_bound else 200)

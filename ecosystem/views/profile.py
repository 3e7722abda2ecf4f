"""What the business says of itself."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from ecosystem.base.access import Action, member_required
from ecosystem.base.errors import Conflict
from ecosystem.forms.posting import posted
from ecosystem.forms.profile import ProfileForm
from ecosystem.fresh_login import has_just_signed_in, sign_in_again
from ecosystem.middleware import forget_businesses
from ecosystem.queries.businesses import get_profile
from ecosystem.services.businesses import change_profile


@member_required(Action.EDIT_SETTINGS)
def profile(request: HttpRequest, slug: str) -> HttpResponse:
    """Name, place, sender and mark. An edit made on an old page is refused and shown anew.

    Another address for letters to come from is taken from whoever has just signed in.
    """
    kept = get_profile()
    sender = kept.sender_email
    first = {"name": request.business.name, "version": kept.version}
    form = ProfileForm(posted(request), instance=kept, initial=first)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        if asked["sender_email"] != sender and not has_just_signed_in(request):
            return sign_in_again("ecosystem:profile", slug=slug)
        try:
            change_profile(form.instance, name=asked["name"], version=asked["version"], actor=request.membership)
        except Conflict as error:
            fresh = get_profile()
            form = ProfileForm(instance=fresh, initial=first | {"version": fresh.version})
            return render(request, "ecosystem/profile/form.html", {"form": form, "stale": error}, status=409)
        forget_businesses()
        messages.success(request, _("Saved."))
        return redirect("ecosystem:profile", slug=slug)
    return render(request, "ecosystem/profile/form.html", {"form": form}, status=422 if form.is_bound else 200)

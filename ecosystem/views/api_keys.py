"""Keys for other programs."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import Conflict, DomainError
from ecosystem.forms.api_keys import ApiKeyForm
from ecosystem.forms.errors import add_domain_error
from ecosystem.forms.posting import posted
from ecosystem.fresh_login import fresh_login_required
from ecosystem.queries.api_keys import api_keys, get_api_key
from ecosystem.queries.businesses import end_of_day
from ecosystem.scopes import scopes_open_to
from ecosystem.services.api_keys import make_api_key, revoke_api_key


@member_required(Action.MANAGE_KEYS)
@require_safe
def api_key_list(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "ecosystem/api_keys/list.html", {"keys": api_keys(), "now": now()})


@member_required(Action.MANAGE_KEYS)
@fresh_login_required("ecosystem:api_key_list")
@never_cache
def api_key_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a key and show its text, this once: the answer to the form is the only place where it stands."""
    form = ApiKeyForm(posted(request), scopes=scopes_open_to(request.membership))
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            new = make_api_key(
                name=asked["name"],
                scopes=asked["scopes"],
                expires_at=end_of_day(asked["expires_on"]),
                actor=request.membership,
                key_id=asked["key_id"],
            )
        except Conflict as error:
            messages.error(request, str(error.message))
            return redirect("ecosystem:api_key_list", slug=slug)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            return render(request, "ecosystem/api_keys/shown_once.html", {"new": new}, status=201)
    status = 422 if form.is_bound else 200
    return render(request, "ecosystem/api_keys/form.html", {"form": form}, status=status)


@member_required(Action.MANAGE_KEYS)
@fresh_login_required("ecosystem:api_key_list")
@require_POST
def api_key_revoke(request: HttpRequest, slug: str, key_id: UUID) -> HttpResponse:
    key = get_api_key(key_id)
    revoke_api_key(key, actor=request.membership)
    messages.success(request, _("%s is over. Its next call is refused.") % key.name)
    return redirect("ecosystem:api_key_list", slug=slug)

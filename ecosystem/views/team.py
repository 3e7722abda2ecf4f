"""The team: who is in it, who has been asked, what each may do."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from ecosystem.base.access import Action, Role, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.forms.errors import add_domain_error
from ecosystem.forms.posting import posted
from ecosystem.forms.team import InvitationForm, LeavingForm, MemberForm
from ecosystem.fresh_login import fresh_login_required
from ecosystem.queries.businesses import last_day
from ecosystem.queries.memberships import (
    find_longest_owner,
    get_invitation,
    get_membership,
    grantable_roles,
    open_invitations,
    possible_heirs,
    team,
)
from ecosystem.second_step import users_with_second_step
from ecosystem.services.invitations import invite, resend_invitation, revoke_invitation
from ecosystem.services.memberships import change_membership, remove_membership


@member_required(Action.SEE_TEAM)
@require_safe
def team_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody in the team, and the invitations that are on their way."""
    grantable = grantable_roles(request.membership)
    members = list(team())
    context = {
        "members": members,
        "secured": users_with_second_step([member.user_id for member in members]),
        "invitations": open_invitations(at=now()),
        "grantable": grantable,
        "now": now(),
    }
    return render(request, "ecosystem/team/list.html", context)


@member_required(Action.MANAGE_TEAM)
@fresh_login_required("ecosystem:team")
def team_invite(request: HttpRequest, slug: str) -> HttpResponse:
    form = InvitationForm(posted(request), roles=grantable_roles(request.membership))
    if request.method == "POST" and form.is_valid():
        try:
            invitation = invite(**form.cleaned_data, actor=request.membership)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("The invitation to %s is on its way.") % invitation.email)
            return redirect("ecosystem:team", slug=slug)
    status = 422 if form.is_bound else 200
    return render(request, "ecosystem/team/invite.html", {"form": form}, status=status)


@member_required(Action.MANAGE_TEAM)
@fresh_login_required("ecosystem:team")
def member_edit(request: HttpRequest, slug: str, membership_id: UUID) -> HttpResponse:
    """Another role or a last day for somebody."""
    member = get_membership(membership_id)
    kept = {"role": member.role, "until": last_day(member.expires_at)}
    form = MemberForm(posted(request), initial=kept, roles=grantable_roles(request.membership))
    if request.method == "POST" and form.is_valid():
        try:
            change_membership(member, **form.cleaned_data, actor=request.membership)
        except DomainError as error:
            add_domain_error(form, error)
        else:
            messages.success(request, _("Saved. It counts from their next click."))
            return redirect("ecosystem:team", slug=slug)
    status = 422 if form.is_bound else 200
    leaving = LeavingForm(heirs=possible_heirs(member, at=now()), initial={"heir": str(request.membership.pk)})
    context = {"form": form, "leaving": leaving, "member": member}
    return render(request, "ecosystem/team/member.html", context, status=status)


@member_required(Action.MANAGE_TEAM)
@fresh_login_required("ecosystem:team")
@require_POST
def member_remove(request: HttpRequest, slug: str, membership_id: UUID) -> HttpResponse:
    """Take somebody out of the team; whoever removes themselves lands outside."""
    member = get_membership(membership_id)
    form = LeavingForm(request.POST, heirs=possible_heirs(member, at=now()))
    if not form.is_valid():
        messages.error(request, form.errors["heir"][0])
        return redirect("ecosystem:member_edit", slug=slug, membership_id=membership_id)
    is_self = member.pk == request.membership.pk
    remove_membership(member, actor=request.membership, heir=form.cleaned_data["heir"])
    messages.success(request, _("%s is no longer in the team.") % member.user)
    return redirect("ecosystem:home") if is_self else redirect("ecosystem:team", slug=slug)


@member_required(Action.SEE_TODAY)
@fresh_login_required("ecosystem:team_leave")
def team_leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Going by oneself: what ends with it, and who takes over; an owner who is alone is told what to do first."""
    member = request.membership
    heir = find_longest_owner(but=member)
    if request.method == "POST" and request.POST.get("sure"):
        remove_membership(member, actor=member, heir=heir)
        messages.success(request, _("You are no longer in the team of %s.") % request.business.name)
        return redirect("ecosystem:home")
    is_last_owner = member.role == Role.OWNER and heir is None
    return render(request, "ecosystem/team/leave.html", {"heir": heir, "is_last_owner": is_last_owner})


@member_required(Action.MANAGE_TEAM)
@fresh_login_required("ecosystem:team")
@require_POST
def invitation_resend(request: HttpRequest, slug: str, invitation_id: UUID) -> HttpResponse:
    invitation = resend_invitation(get_invitation(invitation_id), actor=request.membership)
    messages.success(request, _("Sent again to %s. The first link no longer works.") % invitation.email)
    return redirect("ecosystem:team", slug=slug)


@member_required(Action.MANAGE_TEAM)
@fresh_login_required("ecosystem:team")
@require_POST
def invitation_revoke(request: HttpRequest, slug: str, invitation_id: UUID) -> HttpResponse:
    invitation = get_invitation(invitation_id)
    revoke_invitation(invitation, actor=request.membership)
    messages.success(request, _("Taken back. The link to %s no longer works.") % invitation.email)
    return redirect("ecosystem:team", slug=slug)

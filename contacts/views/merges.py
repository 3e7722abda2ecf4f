"""People who may be one: pairs, a look at both, making them one, and parting them again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import reswap, retarget

from contacts.queries.contacts import get_contact
from contacts.queries.merges import (
    get_merge,
    get_pair,
    last_search,
    merges_of,
    pairs_page,
    parted_until,
    sides_of,
    title_of,
)
from contacts.queries.search import search_people
from contacts.services.duplicates import search_duplicates
from contacts.services.merge_rows import count_to_move
from contacts.services.merging import CHOICES, keep_apart, merge_contacts, undo_merge
from ecosystem.base.access import Action, member_required
from ecosystem.base.clock import now
from ecosystem.base.errors import DomainError
from ecosystem.base.http import takes

PAIRS, WITH, LOOK, DONE = (
    "contacts:duplicate_list", "contacts:contact_merge", "contacts:merge_look", "contacts:merge_detail",
)  # fmt: skip


@require_safe
@member_required(Action.DELETE_PEOPLE)
@takes("cursor", "said")
def duplicate_list(request: Any, slug: str) -> HttpResponse:
    """Pairs who may be one, with what is equal of them; while they are looked for, one line of it comes anew."""
    job = last_search()
    context: dict[str, Any] = {"job": job}
    if request.htmx and job is not None and not job.is_over:
        return render(request, "contacts/merges/_look.html", context)
    context["page"] = pairs_page(request.GET.get("cursor"))
    if not request.htmx:
        return render(request, "contacts/merges/pairs.html", context)
    return reswap(retarget(render(request, "contacts/merges/_looked.html", context), "#pairs"), "outerHTML")


@require_POST
@member_required(Action.DELETE_PEOPLE)
def duplicate_search(request: HttpRequest, slug: str) -> HttpResponse:
    """Look at everybody anew."""
    with transaction.atomic():
        search_duplicates(actor=request.membership)
    return redirect(PAIRS, slug=slug)


@require_POST
@member_required(Action.DELETE_PEOPLE)
def duplicate_apart(request: HttpRequest, slug: str, pair_id: UUID) -> HttpResponse:
    """Remember that these are two people."""
    pair = get_pair(pair_id)
    keep_apart(pair.first_id, pair.second_id, now=now())
    messages.success(request, _("They stay two people. You will not be asked again."))
    return redirect(PAIRS, slug=slug)


@require_safe
@member_required(Action.DELETE_PEOPLE)
@takes("q")
def contact_merge(request: HttpRequest, slug: str, id: UUID) -> HttpResponse:
    """Choose with whom a person is one and the same."""
    contact = get_contact(id)
    text = request.GET.get("q", "").strip()[:120].replace("\x00", "")
    found = [person for person in search_people(text, most=12) if person.id != contact.pk] if text else []
    context = {"contact": contact, "text": text, "found": found, "merges": merges_of(contact)}
    return render(request, "contacts/merges/choose.html", context)


@require_safe
@member_required(Action.DELETE_PEOPLE)
def merge_look(request: HttpRequest, slug: str, id: UUID, other_id: UUID) -> HttpResponse:
    """Both side by side: what counts, what moves, what is left."""
    winner, loser = get_contact(id), get_contact(other_id)
    if winner.pk == loser.pk:
        messages.error(request, _("That is one and the same person already."))
        return redirect(WITH, slug=slug, id=id)
    moving = [(title_of(label), count) for label, count in count_to_move(winner, loser).items()]
    context = {"winner": winner, "loser": loser, "sides": sides_of(winner, loser), "moving": moving}
    return render(request, "contacts/merges/look.html", context)


@require_POST
@member_required(Action.DELETE_PEOPLE)
def merge_do(request: HttpRequest, slug: str, id: UUID, other_id: UUID) -> HttpResponse:
    """Make them one."""
    get_contact(id), get_contact(other_id)
    choices = {key: "loser" if request.POST.get(key) == "loser" else "winner" for key in CHOICES}
    try:
        made = merge_contacts(id, other_id, choices=choices, actor=request.membership, now=now())
    except DomainError as refused:
        messages.error(request, str(refused))
        return redirect(LOOK, slug=slug, id=id, other_id=other_id)
    undo = reverse("contacts:merge_undo", kwargs={"slug": slug, "merge_id": made.pk})
    messages.success(request, _("They are one person now."), extra_tags=f"undo:{undo}")
    return redirect("contacts:contact_detail", slug=slug, id=id)


@require_safe
@member_required(Action.DELETE_PEOPLE)
def merge_detail(request: HttpRequest, slug: str, merge_id: UUID) -> HttpResponse:
    """What was made one, and what became of parting it."""
    made = get_merge(merge_id)
    until = parted_until(made)
    context = {"merge": made, "may_undo": made.reverted_at is None and now() <= until, "until": until}
    return render(request, "contacts/merges/detail.html", context)


@require_POST
@member_required(Action.DELETE_PEOPLE)
def merge_undo(request: HttpRequest, slug: str, merge_id: UUID) -> HttpResponse:
    """Part them again."""
    get_merge(merge_id)
    try:
        undo_merge(merge_id, actor=request.membership, now=now())
    except DomainError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("They are two people again."))
    return redirect(DONE, slug=slug, merge_id=merge_id)

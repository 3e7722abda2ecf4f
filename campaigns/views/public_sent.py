"""What was sent to somebody, for themselves: a list and the words of each. Reading it counts nothing."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from campaigns.queries.preferences import find_message, masked
from campaigns.queries.sent import find_sent, line_of, sent_page
from campaigns.services.sent_copies import words_of
from campaigns.views.public_links import OpenedLink, signed
from campaigns.views.public_pages import lost_page, public_page
from contacts.models import Contact
from ecosystem.base.links import PREFERENCES


@signed(PREFERENCES, "GET", "HEAD")
def sent(request: HttpRequest, link: OpenedLink) -> HttpResponse:
    """The letters and texts that went to the person of a letter, the newest first."""
    message = find_message(link.row_id)
    person = message.contact if message else None
    if message is None or person is None or person.deleted_at is not None:
        return lost_page(request, is_expired=True)
    context = {
        "page": sent_page(person, cursor=request.GET.get("cursor")),
        "shown_address": masked(message.address),
        "token": link.token,
    }
    return public_page(request, link.business, "campaigns/public/sent_list.html", context)


@signed(PREFERENCES, "GET", "HEAD")
def sent_letter(request: HttpRequest, link: OpenedLink, id: UUID) -> HttpResponse:
    """The words of one of them. Somebody else's letter is a plain 404."""
    person = _person_of(link)
    letter = find_sent(person, id) if person is not None else None
    if letter is None:
        raise Http404
    context = {"letter": line_of(letter), "words": words_of(letter), "token": link.token}
    return public_page(request, link.business, "campaigns/public/sent_letter.html", context)


def _person_of(link: OpenedLink) -> Contact | None:
    message = find_message(link.row_id)
    person = message.contact if message else None
    return None if person is None or person.deleted_at is not None else person

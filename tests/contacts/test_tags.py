"""Words that a business puts on people."""

from uuid import uuid4

import pytest
from django.urls import reverse

from contacts.events import ContactTagged
from contacts.models import ContactTag, Tag
from contacts.services.tags import tag_contact
from ecosystem.base.errors import Invalid
from ecosystem.base.events import on
from ecosystem.base.tenancy import business_scope
from ecosystem.queries.tallies import tally
from tests.factories.contacts import make_contact


def url(business, contact, name="tag_add", **more):
    return reverse(f"contacts:{name}", kwargs={"slug": business.slug, "id": contact.pk, **more})


def test_words_are_put_on_once_whatever_their_capitals(as_nora, bakery, ana):
    heard = []
    on(ContactTagged)(heard.append)
    for names in ("Wedding cake, gone quiet", "WEDDING  cake", "wédding cake"):
        assert as_nora.post(url(bakery, ana), {"names": names}).status_code == 302
    with business_scope(bakery):
        assert sorted(Tag.objects.values_list("name", flat=True)) == ["Wedding cake", "gone quiet"]
        assert ContactTag.objects.filter(contact=ana).count() == 2
        assert tally("people_by_tag", str(Tag.objects.get(name="Wedding cake").pk)) == 1
    assert [len(event.tag_ids) for event in heard] == [2]


def test_a_word_is_taken_off_and_put_back(as_nora, bakery):
    ana = make_contact(bakery, "Ana Ruiz", tags=["gone quiet"])
    with business_scope(bakery):
        tag = Tag.objects.get()
    page = as_nora.post(url(bakery, ana, "tag_remove", tag_id=tag.pk), follow=True).content.decode()
    back = url(bakery, ana, "tag_put", tag_id=tag.pk)
    assert "Took “gone quiet” off Ana Ruiz." in page
    assert f'action="{back}"' in page
    with business_scope(bakery):
        assert tally("people_by_tag", str(tag.pk)) == 0
    as_nora.post(back)
    with business_scope(bakery):
        assert tally("people_by_tag", str(tag.pk)) == 1


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("", "Write a word first."),
        ("x" * 41, "A tag has at most 40 letters."),
        (",".join(map(str, range(21))), "20 tags"),
    ],
)
def test_what_cannot_be_a_tag_is_said_on_the_page(as_nora, bakery, ana, names, sentence):
    response = as_nora.post(url(bakery, ana), {"names": names})
    assert response.status_code == 422
    assert sentence in response.content.decode()
    with business_scope(bakery):
        assert not Tag.objects.exists()


def test_twenty_words_are_enough_for_one_person(in_bakery, ana):
    tag_contact(ana, [f"word {number}" for number in range(20)])
    with pytest.raises(Invalid) as refused:
        tag_contact(ana, ["one more"])
    assert refused.value.code == "too_many_tags"
    assert ContactTag.objects.filter(contact=ana).count() == 20


def test_the_garages_words_are_not_found(as_nora, bakery, garage, ana):
    make_contact(garage, "Bo Bolt", tags=["oil"])
    with business_scope(garage):
        oil = Tag.objects.get()
    for tag_id in (oil.pk, uuid4()):
        for name in ("tag_put", "tag_remove"):
            assert as_nora.post(url(bakery, ana, name, tag_id=tag_id)).status_code == 404

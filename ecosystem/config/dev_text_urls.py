"""The page of the local telephone; the root names it only where our own text sink takes the texts."""

from django.urls import path

from ecosystem.views import dev_texts

urlpatterns = [
    path("", dev_texts.text_list, name="dev_text_list"),
    path("<str:text_id>/reply/", dev_texts.text_reply, name="dev_text_reply"),
]

"""The pages of the local mailbox; the root names them only where our own mail sink takes the mails."""

from django.urls import path

from ecosystem.views import dev_mail

urlpatterns = [
    path("", dev_mail.mail_list, name="dev_mail_list"),
    path("<str:mail_id>/", dev_mail.mail_detail, name="dev_mail_detail"),
    path("<str:mail_id>/html/", dev_mail.mail_html, name="dev_mail_html"),
    path("<str:mail_id>/raw/", dev_mail.mail_raw, name="dev_mail_raw"),
]

"""The heartbeat of the installation, and the times in which it was away."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Heartbeat(models.Model):
    """One row, written every few seconds while workers are there: how far this database has come, and where it lies.

    Global: holds numbers and times only. `installation` goes along into every copy; `place` names the server, the
    database and the table in it, and is another one wherever a copy was brought back.
    """

    installation = models.UUIDField()
    number = models.BigIntegerField()
    beat_at = models.DateTimeField()
    place = models.CharField(max_length=80)

    def __str__(self) -> str:
        return f"{self.number}"


class Absence(models.Model):
    """A time in which nobody was at work, or of which this database knows nothing. Global; never edited.

    Told to every business, or to the one alone of which a provider knows more than we do.
    """

    class Kind(models.TextChoices):
        DOWNTIME = "downtime", _("Nobody was at work")
        RESTORED = "restored", _("The database was brought back from a copy")
        CLOCK = "clock", _("The clock of the database went back")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    of_business_id = models.BigIntegerField(null=True)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    evidence = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.kind} {self.from_at}"

"""The periodic jobs of this installation: what ran, when, how it ended, and who runs it now."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

#: A machine that dies in the middle of a job leaves it to the others after this time.
LEASE = timedelta(minutes=2)


class JobQuerySet(models.QuerySet["Job"]):
    def due(self, at: datetime) -> "JobQuerySet":
        """What should run now, and nobody runs."""
        return self.filter(
            Q(leased_until=None) | Q(leased_until__lte=at), next_at__lte=at
        ).order_by("next_at", "name")

    def take(self, name: str, *, at: datetime, runner: str) -> bool:
        """Lease this job if it is due and free (a compare-and-swap); False when it is not."""
        free = self.due(at).filter(name=name).order_by()  # an update takes no order
        return bool(free.update(leased_until=at + LEASE, runner=runner, started_at=at))

    def held_by(self, runner: str) -> "JobQuerySet":
        """What this process runs, or ran until another one took it."""
        return self.filter(runner=runner).exclude(leased_until=None)


class Job(models.Model):
    """One job of the code (`demarches.desk.jobs`), as it goes on this installation."""

    name = models.CharField("commande", max_length=60, unique=True)
    next_at = models.DateTimeField("prochaine fois")
    started_at = models.DateTimeField("dernier départ", null=True)
    finished_at = models.DateTimeField("dernière fin", null=True)
    succeeded_at = models.DateTimeField("dernier succès", null=True)
    failure = models.CharField("dernier échec", max_length=500, blank=True)
    report = models.CharField("dernier compte rendu", max_length=500, blank=True)
    leased_until = models.DateTimeField("tenu jusqu’à", null=True)
    runner = models.CharField("machine", max_length=100, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "travail automatique"
        verbose_name_plural = "travaux automatiques"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Heartbeat(models.Model):
    """The last sign of life of a process that never ends: the mail sender, the runner of jobs."""

    name = models.CharField("processus", max_length=60, unique=True)
    at = models.DateTimeField("dernier signe de vie")

    class Meta:
        verbose_name = "signe de vie"
        verbose_name_plural = "signes de vie"
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def beat(cls, name: str, *, at: datetime) -> None:
        """Write down that this process lives."""
        cls.objects.update_or_create(name=name, defaults={"at": at})

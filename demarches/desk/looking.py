"""Who else has a row open: two agents do not decide the same dossier without knowing."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from demarches.models import ReadingBase, User

ALSO_LOOKING = timedelta(minutes=5)


def looks_of_others[R: ReadingBase](
    readings: QuerySet[R], agent: User, *, at: datetime
) -> QuerySet[R]:
    """Of these readings, those by others in the last five minutes; a list opens nothing."""
    recent = readings.filter(at__gte=at - ALSO_LOOKING).exclude(what=ReadingBase.LISTED)
    return recent.exclude(agent=agent)


def agents_among[R: ReadingBase](looks: QuerySet[R]) -> list[User]:
    """The agents of these looks."""
    return list(User.objects.filter(is_staff=True, pk__in=looks.values("agent")))

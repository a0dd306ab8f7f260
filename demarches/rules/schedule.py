"""When a periodic job is due next: pure functions of moments and of the town's clock."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Every:
    """So many minutes after the last start."""

    minutes: int

    def next_after(self, moment: datetime, *, zone: tzinfo) -> datetime:
        """The next moment after this aware one; the zone changes nothing."""
        return moment + timedelta(minutes=self.minutes)


@dataclass(frozen=True, slots=True)
class Daily:
    """Once a day at this hour of the town's clock; from Monday to Friday with `working_days`."""

    at: time
    working_days: bool = False

    def next_after(self, moment: datetime, *, zone: tzinfo) -> datetime:
        """The next moment after this aware one.

        An hour that the clock skips in March is an hour later by the clock; one that it shows twice
        in October is the first of the two.
        """
        day = moment.astimezone(zone).date()
        while True:
            due = datetime.combine(day, self.at, tzinfo=zone)
            if due.timestamp() > moment.timestamp() and not (
                self.working_days and day.weekday() >= SATURDAY
            ):
                return due
            day += timedelta(days=1)


type Schedule = Every | Daily

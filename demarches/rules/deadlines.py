"""Delays counted as people count them: in calendar months, or in working days.

Working days are neither Saturdays, Sundays nor public holidays.
"""

from calendar import monthrange
from datetime import date, timedelta

from demarches.rules.holidays import LocalHolidays, holiday_name

SATURDAY = 5
#: Nothing is deleted in silence: people are told so long before.
DELETION_WARNING = timedelta(days=14)


def is_working_day(day: date, local: LocalHolidays = LocalHolidays.NATIONAL) -> bool:
    return day.weekday() < SATURDAY and not holiday_name(day, local)


def add_working_days(day: date, count: int, local: LocalHolidays = LocalHolidays.NATIONAL) -> date:
    """The day that comes `count` working days after `day` (CRPA R112-11-1 counts this way)."""
    while count:
        day += timedelta(days=1)
        count -= is_working_day(day, local)
    return day


def add_months(day: date, months: int) -> date:
    """The same day some months later (or earlier), or the last day of that month."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))

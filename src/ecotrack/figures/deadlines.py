"""Papers filed in time: working days on the PRC calendar, or calendar months."""

from __future__ import annotations

import calendar
import datetime as dt
import warnings

from ecotrack.errors import Text
from ecotrack.figures.figure import Measured, Status, not_assessed
from ecotrack.model import TargetDef
from ecotrack.progress import State, choose_basis


def filed_in_time(target: TargetDef, state: State) -> Measured:
    """Measure *plan* and *report*: days (or months) from the feedback to the filing.

    Not assessed until the feedback date is set, and never guessed beyond the calendar's last year.

    Examples
    --------
    >>> from ecotrack.model import ProgressRecord
    >>> from ecotrack.progress import state_of
    >>> from ecotrack.settings import read_config
    >>> from ecotrack.template import template_folder
    >>> targets = {one.id: one for one in read_config(template_folder()).targets}
    >>> feedback = ProgressRecord(record_id="f", layer="deadlines", kind="feedback", effective_on=dt.date(2016, 9, 1))
    >>> filing = ProgressRecord(record_id="p", layer="deadlines", kind="filing", effective_on=dt.date(2016, 10, 14),
    ...                         fields={"item": "整改方案"})
    >>> state = state_of(as_of=dt.date(2016, 12, 31), records=[feedback, filing])
    >>> measured = filed_in_time(targets["plan"], state)
    >>> measured.value, measured.details["due_on"], measured.verdict
    (27.0, '2016-10-19', 'met')
    """
    layer, item = str(target.params["layer"]), str(target.params["item"])
    feedback, sample = choose_basis(state.of(layer, "feedback"))
    if not feedback:
        return not_assessed("no_feedback", "督察反馈日期未设定", "the feedback date is not set")
    start = min(record.effective_on for record in feedback)
    due = _due_on(start, int(target.value), target.unit)
    if due is None:
        return not_assessed(
            "beyond_calendar",
            "超出工作日历的最后一年",
            "beyond the last year of the working-day calendar",
            sample=sample,
        )
    filings = [r for r in state.of(layer, "filing") if r.fields.get("item") == item and r.sample == sample]
    filed = min((record.effective_on for record in filings if record.effective_on >= start), default=None)
    until = filed or state.as_of
    elapsed = working_days(start, until) if target.unit == "working_days" else _months(start, until)
    if elapsed is None:
        return not_assessed(
            "beyond_calendar", "超出工作日历的最后一年", "beyond the last year of the working-day calendar"
        )
    return Measured(
        value=float(elapsed),
        verdict=_verdict(filed, due, state.as_of),
        sample=sample,
        basis=Text(f"自反馈之日{start.isoformat()}起", f"from the feedback of {start.isoformat()}"),
        details={
            "feedback_on": start.isoformat(),
            "due_on": due.isoformat(),
            "filed_on": filed.isoformat() if filed else None,
        },
    )


def _verdict(filed: dt.date | None, due: dt.date, as_of: dt.date) -> Status:
    if filed is not None:
        return "met" if filed <= due else "missed"
    return "missed" if as_of > due else "on_course"


def is_working_day(day: dt.date) -> bool | None:
    """Return whether a day is a working day in the PRC, make-up days included; ``None`` beyond the calendar.

    Source: the State Council's yearly notices on holidays, as the package chinese_calendar holds them.

    Examples
    --------
    A Saturday that makes up for the National Day, the day itself, and a year that no notice speaks of yet:

    >>> [is_working_day(dt.date(*day)) for day in ((2016, 10, 8), (2016, 10, 3), (2090, 1, 2))]
    [True, False, None]
    """
    import chinese_calendar

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def working_days(start: dt.date, end: dt.date) -> int | None:
    """Return the working days after ``start`` up to and including ``end``; ``None`` beyond the calendar.

    Examples
    --------
    The week of the National Day of 2016, with the make-up days of 8 and 9 October:

    >>> working_days(dt.date(2016, 9, 30), dt.date(2016, 10, 10))
    3
    """
    days = [is_working_day(start + dt.timedelta(days=i)) for i in range(1, (end - start).days + 1)]
    return None if None in days else sum(bool(day) for day in days)


def _due_on(start: dt.date, count: int, unit: str) -> dt.date | None:
    if unit != "working_days":
        return add_months(start, count)
    day, left = start, count
    while left:
        day += dt.timedelta(days=1)
        working = is_working_day(day)
        if working is None:
            return None
        left -= working
    return day


def add_months(day: dt.date, months: int) -> dt.date:
    """Return the same day ``months`` later, or the last day of that month.

    Examples
    --------
    >>> add_months(dt.date(2016, 8, 31), 6)
    datetime.date(2017, 2, 28)
    """
    index = day.month - 1 + months
    year, month = day.year + index // 12, index % 12 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _months(start: dt.date, end: dt.date) -> int:
    """Return the whole months between two days, the last one begun counted in full."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months + (add_months(start, months) < end)

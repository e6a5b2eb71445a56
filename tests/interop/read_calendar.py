"""Reads a calendar file with three libraries and prints what each found as JSON. Runs in an environment of its own."""

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import icalendar
import recurring_ical_events
import vobject


def moment(value: date) -> str:
    """Return a start as UTC, or as its date where it has no time."""
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value.isoformat()


def main() -> None:
    """Print {library: [[uid, start, summary, status], ...]}, sorted."""
    text = Path(sys.argv[1]).read_bytes().decode()
    calendar = icalendar.Calendar.from_ical(text)
    events = {
        "icalendar": calendar.walk("VEVENT"),
        "recurring_ical_events": recurring_ical_events.of(calendar).all(),
    }
    found = {
        name: sorted([str(e["uid"]), moment(e["dtstart"].dt), str(e["summary"]), str(e["status"])] for e in several)
        for name, several in events.items()
    }
    read = vobject.readOne(text)
    read.validate(raiseException=True)
    found["vobject"] = sorted(
        [e.uid.value, moment(e.dtstart.value), e.summary.value, e.status.value] for e in read.vevent_list
    )
    print(json.dumps(found))  # noqa: T201


main()

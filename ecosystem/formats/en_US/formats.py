"""English where the day has twice twelve hours: `12:07 PM`, `noon`."""

TIME_FORMAT = "P"
